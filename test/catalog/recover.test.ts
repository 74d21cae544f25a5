import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { type Purpose } from '../../src/catalog/manifest.ts';
import { type Recoverable, recoverText } from '../../src/catalog/recover.ts';
import { sampleId, sampleManifest } from './samples.ts';

const object = (name: string, purpose: Purpose) => ({
  object: name,
  purpose,
  layer: null,
  sizeBytes: 1,
  sha256: 'a'.repeat(64),
  proof: 'checksum' as const,
});

/** What a backup of one archive, encrypted with `suffix`, gives. */
function recoverable(suffix: '.age' | '.gpg' | '', more: Partial<Recoverable> = {}): Recoverable {
  const scheme = ({ '.age': 'age', '.gpg': 'gpg', '': 'none' } as const)[suffix];
  return {
    ...sampleManifest,
    encryption: { scheme },
    objects: [
      object(`main.dump${suffix}`, 'main'),
      object(`roles.sql${suffix}`, 'roles'),
      object(`schema.sql${suffix}`, 'schema'),
      object(`contents.json${suffix}`, 'contents'),
    ],
    location: 's3://bucket/prefix',
    replica: undefined,
    hasKeyFile: false,
    ...more,
  };
}

const shards = (suffix: string) => [
  object(`main.dump${suffix}`, 'main'),
  object(`data-001.dump${suffix}`, 'shard'),
  object(`data-002.dump${suffix}`, 'shard'),
  object(`roles.sql${suffix}`, 'roles'),
];

/** The commands in the fenced blocks, one a line. */
function commands(text: string): string[] {
  return [...text.matchAll(/```sh\n(.*?)\n```/gs)].flatMap(([, block = '']) => block.split('\n'));
}

const linesWith = (text: string, word: string) => commands(text).filter(line => line.includes(word));

/** The words that a shell makes of a command's arguments. */
function words(command: string): string[] {
  const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' });
  return printed.split('\0').slice(0, -1);
}

describe('RECOVER.md', () => {
  it('with age says each command in its order', () => {
    assert.deepEqual(commands(recoverText(recoverable('.age'))), [
      `aws s3 cp --recursive s3://bucket/prefix/shop/${sampleId}/ .`,
      "sha256sum --check <<'SUMS'",
      `${'a'.repeat(64)}  main.dump.age`,
      `${'a'.repeat(64)}  roles.sql.age`,
      `${'a'.repeat(64)}  schema.sql.age`,
      `${'a'.repeat(64)}  contents.json.age`,
      'SUMS',
      'age -d -i key.txt roles.sql.age | psql -d postgres',
      'createdb -T template0 --encoding=UTF8 --lc-collate=C.UTF-8 --lc-ctype=C.UTF-8 restored',
      'set -o pipefail # so that no failing command goes unnoticed',
      'age -d -i key.txt main.dump.age | pg_restore -d restored --exit-on-error',
      'age -d -i key.txt -o main.dump main.dump.age',
      'age -d -i key.txt -o roles.sql roles.sql.age',
      'age -d -i key.txt -o schema.sql schema.sql.age',
      'age -d -i key.txt -o contents.json contents.json.age',
      'psql -d postgres -f roles.sql',
      'pg_restore -d restored --exit-on-error main.dump',
    ]);
  });

  it('with gpg decrypts by gpg alone', () => {
    const text = recoverText(recoverable('.gpg'));
    assert.deepEqual(linesWith(text, 'gpg -'), [
      'gpg -d roles.sql.gpg | psql -d postgres',
      'gpg -d main.dump.gpg | pg_restore -d restored --exit-on-error',
      'gpg -o main.dump -d main.dump.gpg',
      'gpg -o roles.sql -d roles.sql.gpg',
      'gpg -o schema.sql -d schema.sql.gpg',
      'gpg -o contents.json -d contents.json.gpg',
    ]);
    assert.doesNotMatch(text, /\bage -d|key\.txt/);
  });

  it('without encryption decrypts nothing', () => {
    const text = recoverText(recoverable(''));
    assert.deepEqual(linesWith(text, 'cat '), [
      'cat roles.sql | psql -d postgres',
      'cat main.dump | pg_restore -d restored --exit-on-error',
    ]);
    assert.doesNotMatch(text, /\bage -d|gpg/);
  });

  it('with shards restores definitions first, then all rows, then what needs the rows', () => {
    const text = recoverText(recoverable('.age', { objects: shards('.age') }));
    const restored = linesWith(text, 'pg_restore').map(line =>
      line.replace('age -d -i key.txt ', '').replace(/(?:\| )?pg_restore -d restored --exit-on-error /, ''),
    );
    assert.deepEqual(restored, [
      '--section=pre-data main.dump',
      '--section=data main.dump',
      'data-001.dump.age --section=data',
      'data-002.dump.age --section=data',
      '--section=post-data main.dump',
      '--section=pre-data main.dump',
      '--section=data main.dump',
      '--section=data data-001.dump',
      '--section=data data-002.dump',
      '--section=post-data main.dump',
    ]);
  });

  it('with a passphrase opens the key file first', () => {
    const objects = [...shards('.age'), object('key.age', 'key')];
    const text = recoverText(recoverable('.age', { objects, hasKeyFile: true }));
    assert.ok(text.indexOf('age -d -o key.txt key.age') > 0);
    assert.ok(text.indexOf('age -d -o key.txt key.age') < text.indexOf('age -d -i key.txt'));
    assert.deepEqual(linesWith(text, 'key.age '), []);
    assert.match(text, /and the passphrase\n/);
  });

  it('says of a partial backup that it is one', () => {
    assert.match(recoverText(recoverable('', { partial: true })), /It is partial/);
    assert.doesNotMatch(recoverText(recoverable('')), /partial/);
  });

  it('makes the database with the locale that it had', () => {
    const of = (localeProvider: string, locale: string | null) => {
      const database = {
        encoding: 'UTF8',
        localeProvider,
        collate: 'de_DE.UTF-8',
        ctype: "it's",
        locale,
        icuRules: null,
      };
      return words(linesWith(recoverText(recoverable('', { database })), 'createdb')[0] ?? '');
    };
    const tail = ['--lc-collate=de_DE.UTF-8', "--lc-ctype=it's", 'restored'];
    const head = ['createdb', '-T', 'template0', '--encoding=UTF8'];
    assert.deepEqual(of('libc', null), [...head, ...tail]);
    assert.deepEqual(of('icu', 'de-u-co phonebk'), [
      ...head,
      '--locale-provider=icu',
      '--icu-locale=de-u-co phonebk',
      ...tail,
    ]);
    assert.deepEqual(of('builtin', 'C.UTF-8'), [
      ...head,
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...tail,
    ]);
  });
});

describe('RECOVER.md fetches the objects', () => {
  const fetching = (location: string) => words(commands(recoverText(recoverable('.age', { location })))[0] ?? '');

  it('from an S3 bucket, at its root or under a prefix', () => {
    assert.deepEqual(fetching('s3://bucket').at(-2), `s3://bucket/shop/${sampleId}/`);
    assert.deepEqual(fetching('s3://bucket/').at(-2), `s3://bucket/shop/${sampleId}/`);
    assert.deepEqual(fetching('s3://bucket/a/b').at(-2), `s3://bucket/a/b/shop/${sampleId}/`);
  });

  it('from another endpoint and region', () => {
    assert.deepEqual(fetching('s3://bucket/p?endpoint=https://s3.example.com:9000&region=eu-1'), [
      ...['aws', 's3', 'cp', '--endpoint-url', 'https://s3.example.com:9000', '--region', 'eu-1', '--recursive'],
      ...[`s3://bucket/p/shop/${sampleId}/`, '.'],
    ]);
  });

  it('from a prefix of any characters, which the location holds as they are', () => {
    for (const prefix of ['my backups', "it's 100%", 'ä/ö', 'a#b', '$(id)'])
      assert.equal(fetching(`s3://bucket/${prefix}`).at(-2), `s3://bucket/${prefix}/shop/${sampleId}/`);
  });

  it('from a folder, one by one', () => {
    const text = recoverText(recoverable('', { location: pathToFileURL('/mnt/backups').href }));
    assert.equal(linesWith(text, 'cp ')[0], `cp /mnt/backups/shop/${sampleId}/main.dump .`);
    assert.equal(linesWith(text, 'cp ').length, 4);
  });

  it('from a folder of any name, as a shell reads it', () => {
    const names = fc
      .string({ minLength: 1 })
      .filter(name => !/^\.+$/.test(name) && !/[\0/\n\r]/.test(name) && name.isWellFormed());
    const odd = fc.constantFrom("it's", 'a b', '$(touch x)', '`x`', '"', '\\', '*', '%41', '~', '-x', ';', '#', '?');
    fc.assert(
      fc.property(fc.oneof(names, odd), name => {
        const location = pathToFileURL(`/mnt/${name}`).href;
        assert.deepEqual(fetching(location), ['cp', `/mnt/${name}/shop/${sampleId}/main.dump.age`, '.']);
      }),
      { numRuns: 60 },
    );
  });
});
