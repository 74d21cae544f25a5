import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkKey, checkPrefix, compareKeys } from '../../src/store/key.ts';

for (const key of [
  'a',
  'a/b',
  'db/2026-01-01T00-00-00Z/roles.age',
  'ä/日本 語',
  '...',
  'a/..b',
  '.hidden',
  'a.partial',
]) {
  test(`the key ${JSON.stringify(key)} is taken as it is`, () => assert.equal(checkKey(key), key));
}

const wrongKeys: [key: string, problem: RegExp][] = [
  ['', /is empty/],
  ['/a', /starts with a slash/],
  ['a//b', /empty segment/],
  ['a/', /empty segment/],
  ['..', /segment \.\./],
  ['a/../b', /segment \.\./],
  ['./a', /segment \./],
  ['a\0b', /NUL/],
  ['a\\b', /backslash/],
  ['a\ud800', /Unicode/],
  ['ä'.repeat(600), /longer than 1024 bytes/],
  ['db/.dump.0123456789abcdef.partial', /unfinished/],
];
for (const [key, problem] of wrongKeys) {
  test(`the key ${JSON.stringify(key).slice(0, 40)} is refused: ${problem.source}`, () => {
    assert.throws(() => checkKey(key), problem);
  });
}

test('a prefix may be empty, end with a slash or within a segment, and not lead out of the root', () => {
  for (const prefix of ['', 'a', 'a/', 'a/b', 'a/.']) assert.equal(checkPrefix(prefix), prefix);
  for (const prefix of ['/', '/a', '../', 'a/../', 'a//', 'a\\', '\0'])
    assert.throws(() => checkPrefix(prefix), /key prefix/);
});

test('keys are ordered by their bytes, not by UTF-16', () => {
  const keys = ['\u{1f600}', '\uffee', 'a/b', 'a-b', 'a', 'B'];
  assert.deepEqual(keys.sort(compareKeys), ['B', 'a', 'a-b', 'a/b', '\uffee', '\u{1f600}']);
});
