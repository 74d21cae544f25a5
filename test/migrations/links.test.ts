import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { throughLinks } from '../../src/migrations/links.ts';

const seen = (paths: string[], links: Record<string, string[]>) =>
  throughLinks([...paths, ...Object.keys(links)], new Map(Object.entries(links))).map(
    ({ path, file, links }) => `${path} = ${file} (${links.join(', ')})`,
  );

describe('through a symbolic link', () => {
  it('a folder is seen in another place', () => {
    assert.deepEqual(seen(['sql/1.sql', 'sql/a/2.sql', 'sqlx/3.sql'], { 'supabase/migrations': ['../sql'] }), [
      'supabase/migrations/1.sql = sql/1.sql (supabase/migrations)',
      'supabase/migrations/a/2.sql = sql/a/2.sql (supabase/migrations)',
    ]);
  });

  it('a file is', () => {
    assert.deepEqual(seen(['shared/1.sql'], { 'migrations/1.sql': ['../shared/1.sql'] }), [
      'migrations/1.sql = shared/1.sql (migrations/1.sql)',
    ]);
  });

  it('before a change and after it', () => {
    assert.deepEqual(seen(['a/1', 'b/2'], { link: ['a', 'b/'] }), ['link/1 = a/1 (link)', 'link/2 = b/2 (link)']);
  });

  it('other links are followed, on the way and at the end', () => {
    assert.deepEqual(
      seen(['real/x/1.sql', 'far/2.sql'], { way: ['real'], 'db/m': ['../way/x'], 'real/x/2.sql': ['../../far/2.sql'] }),
      [
        'way/x/1.sql = real/x/1.sql (way)',
        'way/x/2.sql = real/x/2.sql (way)',
        'way/x/2.sql = far/2.sql (way, real/x/2.sql)',
        'db/m/1.sql = real/x/1.sql (db/m)',
        'db/m/2.sql = real/x/2.sql (db/m)',
        'db/m/2.sql = far/2.sql (db/m, real/x/2.sql)',
        'real/x/2.sql = far/2.sql (real/x/2.sql)',
      ],
    );
  });

  it('nothing is, where it leads out, nowhere, or round in circles', () => {
    assert.deepEqual(
      seen(['a/1', 'b/1'], {
        'a/out': ['../../x'],
        'a/root': ['/etc'],
        'a/top': ['..'],
        'a/self': ['.'],
        'a/own': ['own'],
        'a/gone': ['../c'],
        'b/one': ['two'],
        'b/two': ['one'],
        'b/empty': [''],
      }).filter(line => !line.startsWith('b/')),
      [],
    );
  });

  it('not too many are, which is said', () => {
    const paths = Array.from({ length: 1000 }, (_, index) => `a/${index}`);
    const links = Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`b/${index}`, ['../a']]));
    assert.throws(() => seen(paths, links), /^Failure: could not verify: symbolic links lead to too many files$/);
  });
});
