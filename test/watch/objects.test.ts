import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type StoredFacts, judgeObjects } from '../../src/watch/objects.ts';
import { found, manifest } from './facts.ts';

const objects = ['main.dump.age', 'roles.sql.age', 'schema.sql.age', 'contents.json.age', 'RECOVER.md'].map(
  (object, index) => ({ object, sizeBytes: index + 1 }),
);
const one = manifest({ id: 'one', objects });
const sizes = (change: Record<string, number | undefined> = {}) =>
  new Map(
    objects.flatMap(({ object, sizeBytes }): [string, number][] => {
      const size = object in change ? change[object] : sizeBytes;
      return size === undefined ? [] : [[object, size]];
    }),
  );
const judge = (facts: Partial<StoredFacts>) =>
  judgeObjects({ name: 'shop', manifests: [], unreadable: [], notGiven: [], backups: [], ...facts });
const look = (stored: Map<string, number>) =>
  judge({ manifests: [one], backups: [{ id: one.id, sizes: stored, files: new Map() }] });

describe('objects of a sealed backup', () => {
  it('are silent when they are all there, in their sizes, among others', () => {
    const result = look(sizes().set('manifest.json', 9).set('drills/x.json', 9));
    assert.deepEqual(
      [result.codes, result.findings],
      [['NOT_READABLE', 'MANIFEST_UNREADABLE', 'OBJECT_MISSING', 'SIZE_DIFFERS'], []],
    );
  });

  it('that are gone, or have another size, are named', () => {
    const result = look(sizes({ 'main.dump.age': undefined, 'RECOVER.md': 0 }));
    assert.deepEqual(result.findings, [
      {
        code: 'OBJECT_MISSING',
        object: 'backup one',
        expected: '5 objects as listed',
        found: '1 missing: main.dump.age',
      },
      {
        code: 'SIZE_DIFFERS',
        object: 'backup one',
        expected: '5 objects as listed',
        found: '1 of another size: RECOVER.md (0 bytes instead of 5)',
      },
    ]);
  });

  it('and the files that it refers to are looked at alike', () => {
    const [whole = '', cut = '', gone = ''] = ['a', 'b', 'c'].map(letter => `files/${letter}`);
    const files = [whole, cut, gone].map(object => ({ object, sizeBytes: 3 }));
    const stored = new Map([
      [whole, { sizeBytes: 3 }],
      [cut, { sizeBytes: 2 }],
      ['files/of another backup', { sizeBytes: 1 }],
    ]);
    const backups = [{ id: one.id, sizes: sizes(), files: stored }];
    const result = judge({ manifests: [{ ...one, files }], backups });
    assert.deepEqual(
      result.findings.map(({ code, found: what }) => [code, what]),
      [
        ['OBJECT_MISSING', `1 missing: ${gone}`],
        ['SIZE_DIFFERS', `1 of another size: ${cut} (2 bytes instead of 3)`],
      ],
    );
    assert.deepEqual(judge({ manifests: [{ ...one, files: files.slice(0, 1) }], backups }).findings, []);
  });

  it('that are all gone are one finding', () => {
    const result = look(new Map());
    assert.deepEqual(found(result), [['OBJECT_MISSING', 'backup one']]);
    assert.match(result.findings[0]?.found ?? '', /^5 missing: .*, schema\.sql\.age and 2 more$/);
  });

  it('of no backup are no success', () => {
    assert.deepEqual(judge({}).codes, []);
  });

  it('of a manifest that cannot be read: the manifest is named', () => {
    const unreadable = [{ id: 'two', problem: 'the manifest of two is not JSON' }];
    assert.deepEqual(judge({ unreadable }).findings, [
      {
        code: 'MANIFEST_UNREADABLE',
        object: 'backup two',
        expected: 'a manifest',
        found: 'the manifest of two is not JSON',
      },
    ]);
  });

  it('of manifests that the store did not give could not be looked at, in one finding', () => {
    const notGiven = ['a', 'b'].map(id => ({ id, problem: 'the store refused' }));
    const result = judge({ notGiven });
    assert.deepEqual(result.codes, ['NOT_READABLE']);
    assert.deepEqual(result.findings, [
      {
        code: 'NOT_READABLE',
        object: 'manifests of shop',
        expected: 'all that are asked for',
        found: '2 not given; of a: the store refused',
      },
    ]);
  });
});
