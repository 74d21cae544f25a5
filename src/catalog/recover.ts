import type { Manifest, ManifestObject } from './manifest.ts';
import { filesSection } from './recover-files.ts';
import { fetchObjects, shellQuoted } from './recover-place.ts';

/** What RECOVER.md is made from: the manifest, before its own size is known, and where it lies. */
export interface Recoverable extends Pick<Manifest, 'name' | 'id' | 'snapshotAt' | 'server' | 'database' | 'partial'> {
  encryption: { scheme: Manifest['encryption']['scheme'] };
  objects: readonly ManifestObject[];
  /** The store's location, without credentials. */
  location: string;
  /** That of a second store with the same objects. */
  replica: string | undefined;
  hasKeyFile: boolean;
}

/**
 * The text of RECOVER.md: exact commands that bring the data back with nothing but age (or gpg), Postgres's own programs and
 * something that copies files. Names no table and no role.
 */
export function recoverText(backup: Recoverable): string {
  const { id, name, server } = backup;
  const shards = named(backup, 'shard');
  return `# How to get this backup back by hand

Backup \`${id}\` of \`${name}\`, PostgreSQL ${server.version}, as the database was at ${backup.snapshotAt}.${backup.partial ? '\nIt is partial: filters left something out.' : ''}
You need no pg-lifeboat: every archive is an ordinary pg_dump file${isLayered(backup) ? ', compressed by zstd,' : ''}${encryptedBy(backup)}.

## 1. Have ready

- the programs of PostgreSQL ${server.major}, not of a newer one: \`psql\`, \`createdb\`, \`pg_restore\`
${tools(backup)}${isLayered(backup) ? '\n- `zstd` (https://facebook.github.io/zstd)' : ''}
- an empty server of the same major, and \`PGHOST\`, \`PGPORT\`, \`PGUSER\`, \`PGPASSWORD\` set so that \`psql -d postgres\` connects as a superuser

## 2. Fetch and check the objects

\`\`\`sh
${fetchAll(backup, backup.location)}
sha256sum --check <<'SUMS'
${backup.objects.map(({ sha256, object }) => `${sha256}  ${object}`).join('\n')}
SUMS
\`\`\`
${fromReplica(backup)}${keyStep(backup)}
## 3. Make the roles and the database

A complaint that a role exists already is harmless. Roles come without passwords: set them yourself.

\`\`\`sh
${open(backup, roles(backup))} | psql -d postgres
createdb ${createOptions(backup)} restored
\`\`\`

## 4. Restore

\`\`\`sh
set -o pipefail # so that no failing command goes unnoticed
${restoring(backup, shards)}
\`\`\`

\`pg_restore\` must end with status 0 and without a message. To get the settings, the owner and the grants of the database itself back
too, add \`--create\` to the first \`pg_restore\` and connect it to \`postgres\` (\`-d postgres\`): it makes the database under its old name.

## Without pipes (Windows)

PowerShell's pipes damage binary data. Decrypt into files first, then restore from them:

\`\`\`sh
${decryptingToFiles(backup)}
psql -d postgres -f roles.sql
${restoringFiles(backup, shards)}
\`\`\`

## 5. Check

\`${named(backup, 'contents')[0] ?? 'contents.json'}\`, decrypted the same way, says how many rows each table held and which value each sequence had.
${files(backup)}`;
}

function isLayered({ objects }: Recoverable): boolean {
  return objects.some(({ layer }) => layer === 'zstd');
}

function encryptedBy({ encryption }: Recoverable): string {
  return { age: ' inside an ordinary age file', gpg: ' inside an ordinary GPG file', none: '' }[encryption.scheme];
}

function tools(backup: Recoverable): string {
  if (backup.encryption.scheme === 'gpg') return '- `gpg` with the secret key imported, or the passphrase';
  if (backup.encryption.scheme === 'none') return '- nothing to decrypt with: the backup is not encrypted';
  const key = backup.hasKeyFile ? 'the passphrase' : 'the identity (secret key) in a file `key.txt`';
  return `- \`age\` (https://age-encryption.org) and ${key}`;
}

function files(backup: Recoverable): string {
  const [object] = named(backup, 'files');
  return object === undefined ? '' : filesSection({ ...backup, scheme: backup.encryption.scheme, object });
}

function fetchAll(backup: Recoverable, location: string): string {
  return fetchObjects(
    { ...backup, location },
    backup.objects.map(({ object }) => object),
  );
}

function fromReplica(backup: Recoverable): string {
  if (backup.replica === undefined) return '';
  return `
## 2, if that store is gone: fetch from the replica

The same objects were written into a second store. Fetch them there, and check them as above:

\`\`\`sh
${fetchAll(backup, backup.replica)}
\`\`\`
`;
}

function keyStep({ hasKeyFile }: Recoverable): string {
  return hasKeyFile ? '\nThe passphrase opens the identity, once:\n\n```sh\nage -d -o key.txt key.age\n```\n' : '';
}

function createOptions({ database }: Recoverable): string {
  const { encoding, localeProvider, collate, ctype, locale, icuRules } = database;
  const provider = localeProvider === 'libc' ? '' : ` --locale-provider=${localeProvider}`;
  const ofProvider =
    locale === null || localeProvider === 'libc' ? '' : ` --${localeProvider}-locale=${shellQuoted(locale)}`;
  const rules = icuRules === null ? '' : ` --icu-rules=${shellQuoted(icuRules)}`;
  return `-T template0 --encoding=${shellQuoted(encoding)}${provider}${ofProvider}${rules} --lc-collate=${shellQuoted(collate)} --lc-ctype=${shellQuoted(ctype)}`;
}

function restoring(backup: Recoverable, shards: readonly string[]): string {
  const [main = ''] = named(backup, 'main');
  const restore = (object: string, options: string) =>
    `${open(backup, object)} | pg_restore -d restored --exit-on-error${options}`;
  if (shards.length === 0) return restore(main, '');
  // each section but the data stops reading early, which a pipe would take for a failure
  const file = plainName(main);
  return [
    `${open(backup, main)} > ${file}`,
    `pg_restore -d restored --exit-on-error --section=pre-data ${file}`,
    `pg_restore -d restored --exit-on-error --section=data ${file}`,
    ...shards.map(shard => restore(shard, ' --section=data')),
    `pg_restore -d restored --exit-on-error --section=post-data ${file}`,
  ].join('\n');
}

function decryptingToFiles(backup: Recoverable): string {
  return backup.objects
    .filter(({ purpose }) => purpose !== 'recover' && purpose !== 'key')
    .map(({ object }) => {
      const decrypted = object.replace(/\.(?:age|gpg)$/, '');
      const unpack = decrypted.endsWith('.zst') ? `\nzstd -d ${decrypted}` : '';
      if (backup.encryption.scheme === 'age') return `age -d -i key.txt -o ${decrypted} ${object}${unpack}`;
      if (backup.encryption.scheme === 'gpg') return `gpg -o ${decrypted} -d ${object}${unpack}`;
      return `# ${decrypted} is not encrypted${unpack}`;
    })
    .join('\n');
}

function restoringFiles(backup: Recoverable, shards: readonly string[]): string {
  const main = plainName(named(backup, 'main')[0] ?? '');
  if (shards.length === 0) return `pg_restore -d restored --exit-on-error ${main}`;
  return [
    `pg_restore -d restored --exit-on-error --section=pre-data ${main}`,
    `pg_restore -d restored --exit-on-error --section=data ${main}`,
    ...shards.map(shard => `pg_restore -d restored --exit-on-error --section=data ${plainName(shard)}`),
    `pg_restore -d restored --exit-on-error --section=post-data ${main}`,
  ].join('\n');
}

function open(backup: Recoverable, object: string): string {
  const decrypted = { age: `age -d -i key.txt ${object}`, gpg: `gpg -d ${object}`, none: `cat ${object}` }[
    backup.encryption.scheme
  ];
  return /\.zst(?:\.|$)/.test(object) ? `${decrypted} | zstd -dc` : decrypted;
}

/** An object's name once it is decrypted, and once its zstd layer is gone. */
function plainName(object: string): string {
  return object.replace(/\.(?:age|gpg)$/, '').replace(/\.zst$/, '');
}

function roles(backup: Recoverable): string {
  return named(backup, 'roles')[0] ?? 'roles.sql';
}

function named({ objects }: Recoverable, purpose: ManifestObject['purpose']): string[] {
  return objects.filter(one => one.purpose === purpose).map(({ object }) => object);
}
