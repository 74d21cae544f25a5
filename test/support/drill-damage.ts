import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { TestContext } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Contents } from '../../src/catalog/contents.ts';
import type { Manifest, Purpose } from '../../src/catalog/manifest.ts';
import type { BackupResult } from '../../src/commands/backup.ts';
import type { DrillResult } from '../../src/commands/drill-result.ts';
import { ageDecryption, ageEncryption } from '../../src/crypto/age.ts';
import type { Finding } from '../../src/finding.ts';
import { start } from '../../src/process.ts';
import { bytes, collect } from '../../src/streams.ts';
import { zstdDecompress } from '../../src/zstd.ts';
import { type Harbor, lifeboat, openHarbor } from './lifeboat.ts';
import { type Cluster, createSampleDatabase, type OwnCluster, startCluster } from './postgres.ts';

/** A source, one backup of it, and another server for its drills. */
export interface ProvingGround {
  harbor: Harbor;
  source: Cluster;
  database: string;
  made: BackupResult;
  server: OwnCluster;
  /** What an extension's own script would make in each copy, before the rows. */
  configuration: string;
}

/** What is done to the restored copy before the drill looks at it. */
export interface CopyDamage {
  /** Run in the copy once everything is restored. */
  sql?: string;
  /** Run in the copy before its rows come. */
  sqlBeforeRows?: string;
  /** Run in the copy once its definitions were compared, for what they would show as well. */
  sqlAfterDefinitions?: string;
}

/** How one drill ended. */
export interface Drilled {
  status: number | null;
  stderr: string;
  result: DrillResult;
}

/**
 * What an extension's own script would make: tables and a sequence whose rows and values are in dumps although their definitions are
 * not. It is run in the source, and in each copy before the rows.
 */
const configuration = `
  CREATE TABLE app.configured (id integer, word text); CREATE SEQUENCE app.configured_seq;
  ALTER EXTENSION citext ADD TABLE app.configured; ALTER EXTENSION citext ADD SEQUENCE app.configured_seq;
  UPDATE pg_catalog.pg_extension SET extconfig = ARRAY['app.configured'::pg_catalog.regclass::oid, 'app.configured_seq'::pg_catalog.regclass::oid],
         extcondition = ARRAY['WHERE id > 5', ''] WHERE extname = 'citext';
  INSERT INTO app.configured VALUES (1, 'of the extension')`;

/** Makes the sample database richer by what damages need, backs it up, and starts a server for drills. */
export async function openProvingGround(t: TestContext, source: Cluster): Promise<ProvingGround> {
  const harbor = await openHarbor(t);
  const database = await createSampleDatabase(source);
  await source.query(await readFile(join(import.meta.dirname, 'drill-sample.sql'), 'utf8'), [], database);
  await source.query(configuration, [], database);
  await source.query(
    `INSERT INTO app.configured SELECT g, 'word ' || g FROM generate_series(6, 9) g; SELECT nextval('app.configured_seq');
     ALTER DATABASE ${database} OWNER TO shop_owner; ALTER DATABASE ${database} CONNECTION LIMIT 77;
     COMMENT ON DATABASE ${database} IS 'of the "shop"'; ALTER DATABASE ${database} SET work_mem = '7MB';
     ALTER ROLE shop_app IN DATABASE ${database} SET search_path = app, "Odd Schema";
     REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC; GRANT CONNECT ON DATABASE ${database} TO shop_reader WITH GRANT OPTION`,
    [],
    database,
  );
  const made = await harbor.backup(source, database);
  const server = await startCluster({ major: source.major });
  t.after(() => server.stop());
  return { harbor, source, database, made, server, configuration };
}

/** Runs a whole drill, as a terminal does, in which the copy is damaged between the restore and the comparison. */
export async function drill(
  { harbor, server, configuration: before }: ProvingGround,
  damage: CopyDamage = {},
  inputs: Record<string, string> = {},
): Promise<Drilled> {
  const client = await damagingClient(harbor.folder, server, {
    ...damage,
    sqlBeforeRows: `${before}; ${damage.sqlBeforeRows ?? ''}`,
  });
  const ran = await lifeboat('drill', {
    'target-url': server.url(),
    store: harbor.store,
    identity: harbor.keys.identity,
    client,
    ...inputs,
  });
  assert.notEqual(ran.stdout, '', ran.stderr);
  return { status: ran.status, stderr: ran.stderr, result: JSON.parse(ran.stdout) as DrillResult };
}

/** Code and object of each finding, in one order; without the numbers of the server's own triggers, and of backups. */
export function findingsOf({ result }: Drilled): [code: string, object: string][] {
  return namesOf(result.findings);
}

/** The same of the findings alone. */
export function namesOf(findings: readonly Finding[]): [code: string, object: string][] {
  return findings
    .map(({ code, object }): [string, string] => [code, object.replace(/(?<=RI_ConstraintTrigger_|^backup )\S+/, '…')])
    .sort();
}

/**
 * A folder to give as `client`, whose programs are the real ones, and yet run SQL in the copy: before its rows come, when the drill asks
 * for its definitions, which is the first thing that it compares, and right after that.
 */
export async function damagingClient(folder: string, { bin }: Cluster, damage: CopyDamage): Promise<string> {
  const client = join(folder, `client-${randomBytes(4).toString('hex')}`);
  await mkdir(client);
  await writeDamage(client, damage);
  await symlink(join(bin, 'pg_dumpall'), join(client, 'pg_dumpall'));
  // PGDATABASE and the others come from the drill; pg_restore alone is given the database as an option
  const psql = (file: string) =>
    `if [ -s '${join(client, file)}' ]; then '${join(bin, 'psql')}' -XqAt -v ON_ERROR_STOP=1 $database -f '${join(client, file)}' >/dev/null || exit; fi`;
  const write = (name: string, script: string) =>
    writeFile(join(client, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await write(
    'pg_restore',
    `'${join(bin, 'pg_restore')}' "$@" || exit
for argument; do case "$argument" in --dbname=*) database=$argument ;; esac; done
case "$*" in *--section=pre-data*)
${psql(damageFiles.sqlBeforeRows)} ;;
esac`,
  );
  await write(
    'pg_dump',
    `case "$*" in *--schema-only*) ;; *) exec '${join(bin, 'pg_dump')}' "$@" ;; esac
${psql(damageFiles.sql)}
'${join(bin, 'pg_dump')}' "$@" || exit
${psql(damageFiles.sqlAfterDefinitions)}`,
  );
  return client;
}

const damageFiles = {
  sql: 'damage.sql',
  sqlBeforeRows: 'before-rows.sql',
  sqlAfterDefinitions: 'after-definitions.sql',
} as const satisfies Record<keyof CopyDamage, string>;

/** Gives a folder of `damagingClient` another damage to do. */
export async function writeDamage(client: string, damage: CopyDamage): Promise<void> {
  for (const [when, file] of Object.entries(damageFiles) as [keyof CopyDamage, string][])
    await writeFile(join(client, file), damage[when] ?? '');
}

/** What is edited of a backup by somebody who has its recipients, and makes all else fit. */
export interface Forgery {
  manifest?: (manifest: Manifest) => void;
  contents?: (contents: Contents) => void;
  /** New plaintexts. */
  objects?: Partial<Record<Purpose, (plaintext: Buffer) => Buffer | Promise<Buffer>>>;
}

/** A copy of the ground's store in which the backup is edited, its hashes and contents made to fit. */
export async function forge(ground: ProvingGround, forgery: Forgery): Promise<ProvingGround> {
  const { harbor, made } = ground;
  const { keys } = harbor;
  const store = join(harbor.folder, `forged-${randomBytes(4).toString('hex')}`);
  await cp(fileURLToPath(harbor.store), store, { recursive: true });
  const folder = join(store, 'shop', made.backupId);
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Manifest;
  const edit = async (purpose: Purpose, change: (plaintext: Buffer) => Buffer | Promise<Buffer>) => {
    const object = manifest.objects.find(one => one.purpose === purpose);
    assert.ok(object, purpose);
    const file = join(folder, object.object);
    const plaintext = await change(await opened(await readFile(file), keys.identity, object.layer !== null));
    const sealed = await closed(plaintext, keys.recipient);
    await writeFile(file, sealed);
    const sha256 = createHash('sha256').update(sealed).digest('hex');
    Object.assign(object, { layer: null, sizeBytes: sealed.length, sha256 });
    return object;
  };
  for (const [purpose, change] of Object.entries(forgery.objects ?? {})) await edit(purpose as Purpose, change);
  await edit('contents', plaintext => {
    const contents = JSON.parse(plaintext.toString('utf8')) as Contents;
    forgery.contents?.(contents);
    for (const archive of contents.archives) {
      const object = manifest.objects.find(one => one.object === archive.object);
      archive.sha256 = object?.sha256 ?? archive.sha256;
    }
    return Buffer.from(JSON.stringify(contents));
  });
  forgery.manifest?.(manifest);
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return { ...ground, harbor: { ...harbor, store: pathToFileURL(store).href } };
}

/** The main archive once more, as pg_dump writes it of a copy on the source's server: after `sql`, and with other options. */
export function rebuilt(
  { source }: ProvingGround,
  { sql = 'SELECT', options = [] }: { sql?: string; options?: readonly string[] },
): (archive: Buffer) => Promise<Buffer> {
  return async archive => {
    const copy = await source.createDatabase(undefined, { template: 'template0' });
    try {
      const program = (name: string, args: readonly string[], input: Buffer | string = '') =>
        output(join(source.bin, name), args, input, source, copy);
      await program('pg_restore', ['--exit-on-error', '--section=pre-data', `--dbname=${copy}`], archive);
      await source.query(configuration, [], copy);
      for (const section of ['data', 'post-data'])
        await program('pg_restore', ['--exit-on-error', `--section=${section}`, `--dbname=${copy}`], archive);
      await source.query(sql, [], copy);
      return await program('pg_dump', ['--format=custom', ...options]);
    } finally {
      await source.dropDatabase(copy);
    }
  };
}

async function output(
  file: string,
  args: readonly string[],
  input: Buffer | string,
  cluster: Cluster,
  database: string,
) {
  const { host, port, user, password } = cluster.address;
  const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database };
  const child = start({ file, args, env });
  child.stdin.on('error', () => {}); // pg_restore of one section stops early
  child.stdin.end(input);
  const written = await collect(child.stdout, 1024 ** 3);
  await child.done;
  return written;
}

async function opened(ciphertext: Buffer, identity: string, hasLayer: boolean): Promise<Buffer> {
  const decrypt = ageDecryption([identity]).decrypt();
  const last = hasLayer ? zstdDecompress() : undefined;
  const done = last ? pipeline(bytes(ciphertext), decrypt, last) : pipeline(bytes(ciphertext), decrypt);
  const plaintext = await collect(last ?? decrypt, 1024 ** 3);
  await done;
  return plaintext;
}

async function closed(plaintext: Buffer, recipient: string): Promise<Buffer> {
  const encrypt = await ageEncryption([recipient]).encrypt();
  const done = pipeline(bytes(plaintext), encrypt);
  const ciphertext = await collect(encrypt, 1024 ** 3);
  await done;
  return ciphertext;
}
