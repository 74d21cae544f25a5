import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noDecryption, noEncryption } from '../../src/crypto/plain.ts';
import { through } from './through.ts';

describe('no encryption', () => {
  it('hands everything on as it is', async () => {
    const encryption = noEncryption();
    assert.deepEqual([encryption.scheme, encryption.suffix, encryption.recipients], ['none', '', []]);
    const content = Buffer.from('PGDMP');
    assert.deepEqual(await through(await encryption.encrypt(), content), content);
    assert.deepEqual(await through(noDecryption().decrypt(), content), content);
    assert.equal(noDecryption().scheme, 'none');
  });
});
