import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { schemaFiles } from '../../scripts/schema.ts';
import { readDocument } from './documents.ts';

interface Validator {
  validateSchema(schema: object): boolean;
  compile(schema: object): (document: unknown) => boolean;
  errorsText(): string;
}

/** The validator that eslint brings along. */
function validator(): Validator {
  const ajv = createRequire(createRequire(import.meta.url).resolve('eslint'))('ajv') as new () => Validator;
  return new ajv();
}

interface Published {
  $id: string;
  title: string;
  description: string;
  required: string[];
}

describe('the published JSON Schemas', () => {
  for (const [file, text] of schemaFiles()) {
    it(`schema/${file} is what \`npm run schema\` makes`, async () => {
      assert.equal((await readDocument(`schema/${file}`)).text, text);
    });

    it(`schema/${file} is a valid JSON Schema with a title and a relative id`, () => {
      const schema = JSON.parse(text) as Published;
      const ajv = validator();
      assert.ok(ajv.validateSchema(schema), ajv.errorsText());
      assert.equal(schema.$id, file);
      assert.match(schema.title, /format 1$/);
      assert.notEqual(schema.description, '');
      const check = ajv.compile(schema);
      assert.equal(check({}), false);
      assert.ok(schema.required.includes('format'));
    });
  }
});
