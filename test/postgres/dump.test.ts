import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import type { Client } from '../../src/postgres/client.ts';
import type { Target } from '../../src/postgres/connection.ts';
import {
  type DumpOptions,
  compressionFor,
  describeCompression,
  dumpMain,
  dumpRoles,
  dumpSchema,
  dumpShard,
  filterOptions,
  packShards,
} from '../../src/postgres/dump.ts';
import { judgeWarnings } from '../../src/postgres/dump-warnings.ts';
import { planLocks } from '../../src/postgres/preflight.ts';
import { type RelationFilters, select } from '../../src/postgres/relations.ts';
import { parseAddress } from '../../src/postgres/url.ts';
import { relation } from './sessions.ts';

const target: Target = {
  input: 'database-url',
  address: parseAddress("postgresql://me:secret@host/it's%20%5C", 'database-url'),
  rootCert: undefined,
  application: 'test',
};
const client: Client = {
  version: '17.5',
  source: 'here',
  command: (program, args) => ({ file: program, args }),
};
const options: DumpOptions = {
  snapshotId: '00000003-0000001B-1',
  lockTimeoutSeconds: 30,
  compression: { program: 'zstd:1', layerLevel: undefined },
  filters: [],
  standby: false,
};
const whole: RelationFilters = {
  schemas: [],
  excludeSchemas: [],
  tables: [],
  excludeTables: [],
  excludeTableData: [],
  schemaOnly: false,
  dataOnly: false,
};

describe('pg_dump', () => {
  const common = ['--snapshot=00000003-0000001B-1', '--lock-wait-timeout=30000', '--no-password'];

  it('of the main archive leaves out the rows of the shards', () => {
    const shards = [{ relations: [relation('a"b.c d')], sizeBytes: 1 }];
    assert.deepEqual(dumpMain(client, target, options, shards).args, [
      ...common,
      '--format=custom',
      '--compress=zstd:1',
      '--exclude-table-data="a""b"."c d"',
    ]);
  });

  it('of a shard takes the rows of its tables alone, and refuses to find none', () => {
    assert.deepEqual(
      dumpShard(client, target, options, { relations: [relation('x.y'), relation('z')], sizeBytes: 1 }).args,
      [
        ...common,
        '--format=custom',
        '--compress=zstd:1',
        '--section=data',
        '--strict-names',
        '--table="x"."y"',
        '--table="public"."z"',
      ],
    );
  });

  it('of the definitions takes the same filters, but never rows', () => {
    const filters = ['--schema="a"', '--data-only', '--schema-only'];
    assert.deepEqual(dumpSchema(client, target, { ...options, filters }).args, [
      ...common,
      '--schema-only',
      '--create',
      '--schema="a"',
    ]);
  });

  it('of a standby leaves out the rows of unlogged tables', () => {
    assert.ok(dumpMain(client, target, { ...options, standby: true }, []).args.includes('--no-unlogged-table-data'));
  });

  it('never enables row security, which would hide rows without a word', () => {
    const commands = [dumpMain(client, target, options, []), dumpSchema(client, target, options)];
    for (const { args } of commands) assert.ok(!args.some(arg => arg.includes('row-security')));
  });
});

describe('pg_dumpall', () => {
  it('takes the roles without passwords', () => {
    assert.deepEqual(dumpRoles(client, target, options).args, [
      '--roles-only',
      '--no-role-passwords',
      '--no-password',
      '--lock-wait-timeout=30000',
      String.raw`--dbname=dbname='it\'s \\'`,
    ]);
  });
});

describe('filters for pg_dump', () => {
  const relations = ['app.logs', 'app.tasks', 'auth.users', 'public.orders'].map(name => relation(name));
  const told = (filters: Partial<RelationFilters>) => {
    const all = { ...whole, ...filters };
    return filterOptions(relations, select(relations, all), all);
  };

  it('are none for a whole dump', () => {
    assert.deepEqual(told({}), []);
  });

  it('name exactly what they matched', () => {
    assert.deepEqual(told({ schemas: ['a*'] }), ['--strict-names', '--schema="app"', '--schema="auth"']);
    assert.deepEqual(told({ tables: ['app.*'] }), ['--strict-names', '--table="app"."logs"', '--table="app"."tasks"']);
    assert.deepEqual(told({ excludeSchemas: ['app'] }), ['--exclude-schema="app"']);
    assert.deepEqual(told({ excludeTables: ['*.logs'] }), ['--exclude-table="app"."logs"']);
    assert.deepEqual(told({ excludeTableData: ['orders'] }), ['--exclude-table-data="public"."orders"']);
    assert.deepEqual(told({ schemaOnly: true }), ['--schema-only']);
    assert.deepEqual(told({ dataOnly: true }), ['--data-only']);
  });

  it('of tables leave out those that another filter leaves out', () => {
    assert.deepEqual(told({ tables: ['app.*'], excludeTables: ['app.logs'] }), [
      '--exclude-table="app"."logs"',
      '--strict-names',
      '--table="app"."tasks"',
    ]);
  });
});

describe('shards', () => {
  const megabytes = 1024 * 1024;
  const packed = (sizes: readonly number[], jobs: number) => {
    const selected = sizes.map((size, index) => ({ relation: relation(`t${index}`, { filenode: size }), data: true }));
    return { selected, shards: packShards(selected, jobs, ({ filenode }) => filenode * megabytes) };
  };

  it('hold each table at most once, and are fewer than the jobs', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100), { maxLength: 30 }), fc.integer({ min: 1, max: 16 }), (sizes, jobs) => {
        const { selected, shards } = packed(sizes, jobs);
        const sharded = shards.flatMap(({ relations }) => relations);
        assert.ok(shards.length <= jobs - 1);
        assert.equal(new Set(sharded).size, sharded.length);
        for (const one of sharded) assert.ok(selected.some(other => other.relation === one));
        for (const { relations, sizeBytes } of shards) {
          assert.ok(relations.length > 0);
          assert.equal(
            sizeBytes,
            relations.reduce((sum, { filenode }) => sum + filenode * megabytes, 0),
          );
        }
      }),
    );
  });

  it('hold no small table, and none whose rows are not dumped', () => {
    const { shards } = packed([1, 7, 100], 3);
    assert.deepEqual(
      shards.flatMap(({ relations }) => relations.map(({ name }) => name)),
      ['t2'],
    );
    const excluded = [{ relation: relation('big'), data: false }];
    assert.deepEqual(
      packShards(excluded, 4, () => 100 * megabytes),
      [],
    );
  });

  it('are as even as the tables allow: none is larger than the rest by more than one table', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 8, max: 100 }), { minLength: 4, maxLength: 30 }), sizes => {
        const { shards } = packed(sizes, 3);
        const inShards = shards.map(({ sizeBytes }) => sizeBytes / megabytes);
        const inMain = sizes.reduce((a, b) => a + b, 0) - inShards.reduce((a, b) => a + b, 0);
        const bins = [...inShards, inMain];
        assert.ok(Math.max(...bins) - Math.min(...bins) <= Math.max(...sizes));
      }),
    );
  });
});

describe('compression', () => {
  const choices = ['auto', 'none', 'gzip:6', 'zstd:3', 'lz4'];
  const told = (major: number, hasZstd: boolean) =>
    choices.map(choice => {
      const compression = compressionFor(choice, major, hasZstd);
      return compression && [compression.program, compression.layerLevel];
    });
  const plain = (program: string) => [program, undefined];

  it('is done by pg_dump from PostgreSQL 16 on', () => {
    for (const hasZstd of [true, false])
      assert.deepEqual(told(16, hasZstd), ['zstd:1', 'none', 'gzip:6', 'zstd:3', 'lz4'].map(plain));
  });

  it('is a layer of ours where an older pg_dump has no zstd', () => {
    assert.deepEqual(told(15, true), [['0', 1], plain('0'), plain('6'), ['0', 3], undefined]);
  });

  it('is described as what was done, whoever did it', () => {
    const described = (choice: string, major: number) => {
      const compression = compressionFor(choice, major, true);
      return compression && describeCompression(compression, major);
    };
    assert.deepEqual(
      choices.map(choice => described(choice, 15)),
      ['zstd:1', 'none', 'gzip:6', 'zstd:3', undefined],
    );
    assert.deepEqual(
      choices.map(choice => described(choice, 17)),
      ['zstd:1', 'none', 'gzip:6', 'zstd:3', 'lz4'],
    );
  });

  it('is gzip, or refused, where nobody has zstd', () => {
    assert.deepEqual(told(15, false), [plain('1'), plain('0'), plain('6'), undefined, undefined]);
  });
});

describe('locks', () => {
  const tables = (count: number, sequences: number) =>
    Array.from({ length: count }, (_, index) => ({ relation: relation(`t${index}`, { sequences }), data: true }));
  const capacity = 64 * 100;

  it('are taken in advance where the server has room', () => {
    assert.deepEqual(planLocks(tables(1000, 1), 4, capacity), { locked: true, jobs: 4, beside: true });
  });

  it('are not taken where tables and their sequences would fill its table', () => {
    assert.deepEqual(planLocks(tables(5000, 1), 4, capacity), { locked: false, jobs: 1, beside: false });
    assert.ok(planLocks(tables(2500, 0), 4, capacity).locked);
    assert.ok(!planLocks(tables(2500, 1), 4, capacity).locked);
  });
});

describe('a warning of pg_dump', () => {
  const collation = [
    'WARNING:  database "shop" has a collation version mismatch',
    'DETAIL:  The database was created using collation version 2.31, but the operating system provides version 2.36.',
    'HINT:  Rebuild all objects in this database that use the default collation.',
  ].join('\n');
  const circular = [
    'pg_dump: warning: there are circular foreign-key constraints on this table:',
    'pg_dump: detail: parents',
    'pg_dump: hint: You might not be able to restore the dump without using --disable-triggers.',
  ].join('\n');

  it('that is not there is none', () => {
    assert.deepEqual(judgeWarnings('pg_dump', '\n \n', []), { said: [], notCaptured: [] });
  });

  it('about collations and circles is harmless, and said as one line with its details', () => {
    const { said } = judgeWarnings('pg_dump', `${collation}\n${circular}\n`, []);
    assert.deepEqual(
      said.map(line => line.slice(0, 60)),
      [
        'WARNING:  database "shop" has a collation version mismatch D',
        'pg_dump: warning: there are circular foreign-key constraints',
      ],
    );
  });

  it('that we do not know fails the backup, with what to do', () => {
    try {
      judgeWarnings('pg_dump', `${collation}\npg_dump: warning: something odd\n`, ['something else']);
      assert.fail('it was taken');
    } catch (error) {
      assert.ok(error instanceof Failure, String(error));
      assert.equal(error.message, 'pg_dump ended well but warned: pg_dump: warning: something odd');
      assert.match(error.hint ?? '', /accept the line DUMP_WARNING and a part of this text/);
    }
  });

  it('that the user accepts by a part of its text is said', () => {
    assert.deepEqual(judgeWarnings('pg_dump', 'pg_dump: warning: something odd\n', ['thing odd']).said, [
      'pg_dump: warning: something odd',
    ]);
  });

  it('that says that something is left out is kept as such', () => {
    const stderr = 'pg_dump: warning: subscriptions not dumped because current user is not a superuser\n';
    assert.deepEqual(judgeWarnings('pg_dump', stderr, []), {
      said: [],
      notCaptured: [{ what: 'subscriptions', reason: 'only a superuser may read them' }],
    });
  });

  it('is not taken for the details of another one', () => {
    assert.throws(() => judgeWarnings('pg_dump', `${circular}\npg_dump: warning: DETAIL: lost\n`, []), Failure);
    assert.throws(() => judgeWarnings('pg_dump', 'DETAIL: first\n', []), Failure);
  });
});
