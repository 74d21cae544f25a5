import type { Contents } from '../../src/catalog/contents.ts';
import type { Files } from '../../src/catalog/files.ts';
import type { Manifest } from '../../src/catalog/manifest.ts';

export const sampleId = '20261120T031742Z-scheduled-k3f9q2';

const sha256 = 'a'.repeat(64);

/** A manifest as a backup writes it. */
export const sampleManifest: Manifest = {
  format: 1,
  id: sampleId,
  name: 'shop',
  kind: 'scheduled',
  partial: false,
  reason: null,
  pullRequest: null,
  startedAt: '2026-11-20T03:17:42.000Z',
  snapshotAt: '2026-11-20T03:17:44.123Z',
  sealedAt: '2026-11-20T03:18:00.000Z',
  tool: { name: 'pg-lifeboat', version: '0.1.0' },
  source: { systemIdentifier: '7523456789012345678', databaseOid: 16384, standby: false, behindSeconds: null },
  newSource: false,
  server: { major: 17, version: '17.5' },
  client: { version: '17.5' },
  database: {
    encoding: 'UTF8',
    localeProvider: 'libc',
    collate: 'C.UTF-8',
    ctype: 'C.UTF-8',
    locale: null,
    icuRules: null,
  },
  extensions: [{ name: 'plpgsql', version: '1.0' }],
  encryption: { scheme: 'age', recipients: ['age1example'] },
  compression: 'auto',
  fingerprint: 'content',
  totals: { tables: 1, rows: 2, databaseBytes: 3, storedBytes: 4, files: 0 },
  requiredTables: { asked: 0, present: 0 },
  warnings: 0,
  retain: null,
  run: { url: null, actor: 'someone', commit: null },
  objects: [{ object: 'main.dump.age', purpose: 'main', layer: null, sizeBytes: 4, sha256, proof: 'checksum' }],
  files: [],
};

/** A file object as a manifest lists it. */
export const sampleFile: Manifest['files'][number] = {
  object: `files/${'0'.repeat(16)}/${sha256}-k3f9q2.age`,
  sizeBytes: 203,
  sha256,
  proof: 'checksum',
};

/** Files as a backup writes them. */
export const sampleFiles: Files = {
  format: 1,
  backupId: sampleId,
  files: [
    {
      path: 'uploads/odd "name"\n.png',
      mode: 0o640,
      sizeBytes: 3,
      sha256,
      object: sampleFile.object,
    },
  ],
};

/** Contents that hold one of everything. */
export const sampleContents: Contents = {
  format: 1,
  backupId: sampleId,
  snapshotAt: '2026-11-20T03:17:44.123Z',
  recipients: ['age1example'],
  source: { systemIdentifier: '7523456789012345678', databaseOid: 16384 },
  fingerprint: { level: 'content', algorithm: 'sum', selfTest: '3449563369152288809' },
  textSettings: [{ name: 'bytea_output', value: 'hex' }],
  database: {
    name: 'shop',
    owner: 'owner',
    comment: null,
    connectionLimit: -1,
    isTemplate: false,
    hasPublicSchema: true,
    grants: [{ grantor: 'owner', grantee: '', privilege: 'CONNECT', grantable: false }],
    settings: [{ role: null, setting: 'search_path=public' }],
  },
  tables: [
    {
      schema: 'public',
      name: 'Odd "name"\n',
      kind: 'table',
      dataCaptured: true,
      rows: 2,
      fingerprint: '-12345678901234567890123',
      fingerprintBy: 'row',
      condition: null,
      sizeBytes: 8192,
    },
  ],
  sequences: [
    {
      schema: 'public',
      name: 's',
      lastValue: '-9223372036854775808',
      isCalled: true,
      ascending: false,
      later: { lastValue: '-9223372036854775808', isCalled: true },
    },
  ],
  materializedViews: [{ schema: 'public', name: 'm', populated: true }],
  largeObjects: { count: 1, fingerprint: '1', rights: '1' },
  invalidIndexes: [{ schema: 'public', name: 'i' }],
  extensions: [{ schema: 'pg_catalog', name: 'plpgsql', version: '1.0', owner: 'postgres' }],
  tablespaces: ['fast'],
  roles: [
    {
      name: 'owner',
      superuser: false,
      inherit: true,
      createRole: false,
      createDatabase: false,
      login: true,
      replication: false,
      bypassRls: false,
      connectionLimit: -1,
      validUntil: null,
      comment: null,
      settings: ['work_mem=64MB'],
    },
  ],
  memberships: [{ role: 'a', member: 'b', grantor: null, admin: false, inherit: null, set: null }],
  parameterRights: [{ parameter: 'log_statement', grantee: 'owner', privilege: 'SET', grantable: true }],
  archives: [{ object: 'main.dump.age', sha256 }],
  notCaptured: [{ what: 'passwords of roles', reason: 'none are kept' }],
  warnings: ['one'],
};
