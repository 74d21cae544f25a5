import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../src/failure.ts';
import { readGlobs } from '../src/glob.ts';

const input = { input: 'paths', example: 'db/migrations/**' };
const selects = (globs: string[], path: string) => readGlobs(globs, input).selects(path);

describe('a glob', () => {
  const cases: [glob: string, path: string, matches: boolean][] = [
    ['db/migrations/*.sql', 'db/migrations/1.sql', true],
    ['db/migrations/*.sql', 'db/migrations/old/1.sql', false],
    ['db/migrations/*.sql', 'a/db/migrations/1.sql', false],
    ['db/migrations/*.sql', 'db/migrations/1.sql.md', false],
    ['db/migrations/*.sql', 'db/migrations/.sql', true],
    ['db/migrations/*.SQL', 'db/migrations/1.sql', false],
    ['db/**', 'db/a', true],
    ['db/**', 'db/a/b/c', true],
    ['db/**', 'db', false],
    ['db/**', 'dbs/a', false],
    ['**', 'a', true],
    ['**', 'a/b', true],
    ['**/*.sql', '1.sql', true],
    ['**/*.sql', 'a/b/1.sql', true],
    ['**/migrations/**/*.sql', 'migrations/1.sql', true],
    ['**/migrations/**/*.sql', 'a/migrations/b/c/1.sql', true],
    ['**/migrations/**/*.sql', 'a/migration/1.sql', false],
    ['a/**/**/b', 'a/b', true],
    ['a/**/**/b', 'a/x/b', true],
    ['a/**/b/**/c', 'a/b/b/x/c', true],
    ['a/**/b/**/c', 'a/x/c', false],
    ['?.sql', '1.sql', true],
    ['?.sql', '12.sql', false],
    ['?.sql', '.sql', false],
    ['?.sql', '😀.sql', true],
    ['a?b', 'a/b', false],
    ['a*b', 'a/b', false],
    ['a*b*c', 'abbbcbc', true],
    ['a*b*c', 'abbbcb', false],
    ['*', '', true],
    // everything else stands for itself
    ['{a,b}.sql', 'a.sql', false],
    ['{a,b}.sql', '{a,b}.sql', true],
    ['[ab].sql', 'a.sql', false],
    ['[ab].sql', '[ab].sql', true],
    ['a.sql', 'axsql', false],
    ['+(a).sql', '+(a).sql', true],
    ['$(x)`y`', '$(x)`y`', true],
    ['./a', 'a', false],
  ];
  for (const [glob, path, matches] of cases)
    it(`${glob} ${matches ? 'matches' : 'does not match'} ${JSON.stringify(path)}`, () =>
      assert.equal(selects([glob], path), matches));

  it('that begins with ! takes out again, and the last line that matches decides', () => {
    const globs = ['db/**', '!db/seeds/**', 'db/seeds/keep.sql'];
    assert.deepEqual(
      ['db/1.sql', 'db/seeds/1.sql', 'db/seeds/keep.sql', 'x.sql'].map(path => selects(globs, path)),
      [true, false, true, false],
    );
    assert.equal(selects(['!db/seeds/**', 'db/**'], 'db/seeds/1.sql'), true);
  });

  it('that matches nothing is named, unless it takes out', () => {
    const filter = readGlobs(['a/**', 'b/*.sql', '!c/**', 'sub/x/*'], input);
    assert.deepEqual(filter.unmatched(['a/1', 'b/1.md'], ['sub']), ['b/*.sql']);
    assert.deepEqual(filter.unmatched(['a/1', 'b/1.sql'], []), ['sub/x/*']);
  });

  it('may reach into a folder that it names a part of', () => {
    const reaches = (glob: string, folder: string) => readGlobs([glob], input).mayReachInto(folder);
    assert.deepEqual(
      [
        reaches('db/migrations/*.sql', 'db'),
        reaches('db/migrations/*.sql', 'db/migrations'),
        reaches('db/**', 'db/x'),
        reaches('**/migrations/*.sql', 'a/migrations'),
        reaches('**/migrations/*.sql', 'theme'),
        reaches('db/migrations/*.sql', 'theme'),
        reaches('db/*.sql', 'db/x'),
        reaches('**', 'theme'),
      ],
      [true, true, true, true, false, false, false, true],
    );
  });

  it('is refused in words', () => {
    const refusal = (lines: string[]) => {
      try {
        readGlobs(lines, input);
      } catch (error) {
        assert.ok(error instanceof Failure);
        return [error.exitStatus, error.message, error.hint];
      }
      return assert.fail('nothing was refused');
    };
    assert.deepEqual(refusal(['!a/**']), [
      64,
      'input paths has only lines that take out',
      'name what counts first, such as db/migrations/**',
    ]);
    assert.deepEqual(refusal(['db/**.sql']), [
      64,
      'input paths has the line "db/**.sql"',
      '** must stand alone between slashes, such as db/**/*.sql',
    ]);
    assert.deepEqual(refusal(['a/'.repeat(28) + 'b']), [
      64,
      'input paths has a line of 29 segments',
      '28 are the most',
    ]);
  });

  it('decides as an oracle does that tries everything', () => {
    const character = fc.constantFrom('a', 'b', '.');
    const path = fc.array(fc.string({ unit: character, minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 });
    const wild = fc.string({ unit: fc.oneof(character, fc.constantFrom('*', '?')), minLength: 1, maxLength: 6 });
    const glob = fc.array(
      fc.oneof(
        wild.filter(one => !one.includes('**')),
        fc.constant('**'),
      ),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(glob, path, (glob, path) => {
        assert.equal(selects([glob.join('/')], path.join('/')), oracle(glob.join('/'), path.join('/')));
      }),
      { numRuns: 20_000 },
    );
  });

  it('takes no time over names that were made to take some', () => {
    const startedAt = performance.now();
    assert.equal(selects(['**/' + '*a'.repeat(20) + 'c'], `${'a'.repeat(250)}/`.repeat(16) + 'b'), false);
    assert.ok(performance.now() - startedAt < 500);
  });
});

/** Character by character, with every way that a star can go. */
function oracle(glob: string, path: string): boolean {
  if (glob === '') return path === '';
  if (glob === '**') return path !== '';
  if (glob.startsWith('**/')) {
    if (oracle(glob.slice(3), path)) return true;
    const slash = path.indexOf('/');
    return slash !== -1 && oracle(glob, path.slice(slash + 1));
  }
  if (glob.startsWith('*')) return oracle(glob.slice(1), path) || (/^[^/]/.test(path) && oracle(glob, path.slice(1)));
  if (path === '') return false;
  if (glob.startsWith('?')) return path[0] !== '/' && oracle(glob.slice(1), path.slice(1));
  return glob[0] === path[0] && oracle(glob.slice(1), path.slice(1));
}
