import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openInputStore } from '../../src/commands/stores.ts';
import { Failure } from '../../src/failure.ts';
import type { StoreInputs } from '../../src/inputs/inputs.ts';

const noToken = () => Promise.reject(new Error('there is none'));

function inputsOf(input: StoreInputs['input'], url: string): StoreInputs {
  return {
    input,
    url,
    accessKeyId: undefined,
    secretAccessKey: undefined,
    sessionToken: undefined,
    roleToAssume: undefined,
  };
}

const refusals: [StoreInputs['input'], string, string, string | undefined][] = [
  [
    'store',
    'ftp://host',
    'input store names ftp:, which is not known',
    'a store is s3://bucket/prefix or file:///folder',
  ],
  [
    'replica',
    'ftp://host',
    'input replica names ftp:, which is not known',
    'a store is s3://bucket/prefix or file:///folder',
  ],
  [
    'replica',
    's3://key:word@bucket',
    'input replica holds credentials',
    'give them in replica-access-key-id and replica-secret-access-key',
  ],
];
for (const [input, url, message, hint] of refusals)
  test(`the ${input} ${url.split(':')[0]}: is refused under the names of its own inputs`, () => {
    assert.throws(
      () => openInputStore(inputsOf(input, url), noToken),
      (error: unknown) => {
        assert.ok(error instanceof Failure);
        assert.deepEqual([error.message, error.hint, error.exitStatus], [message, hint, 64]);
        return true;
      },
    );
  });
