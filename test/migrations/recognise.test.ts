import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layouts } from '../../src/migrations/layouts.ts';
import { recognise } from '../../src/migrations/recognise.ts';

interface Case {
  tool: string;
  /** Files that are its migrations. */
  files: string[];
  /** Others that must be there, and are none. */
  others?: string[];
  /** Others that count although they make no layout. */
  beside?: string[];
  /** The folder of the layout, where it is not the top. */
  folder?: string;
  contents?: Record<string, string>;
}

const cases: Case[] = [
  {
    tool: 'supabase',
    files: ['supabase/migrations/20240101000000_init.sql', 'supabase/migrations/old/1.sql'],
    others: [
      'supabase/config.toml',
      'supabase/seed.sql',
      'supabase/schemas/users.sql',
      'supabase/migrations/README.md',
    ],
  },
  {
    tool: 'prisma',
    files: ['prisma/migrations/20240101000000_init/migration.sql'],
    beside: ['prisma/migrations/migration_lock.toml'],
    others: ['prisma/schema.prisma', 'prisma/seed.ts', 'migration.sql'],
  },
  { tool: 'prisma', files: ['prisma/migrations/1_init/migration.sql'] },
  {
    tool: 'prisma',
    folder: 'src/db',
    files: ['src/db/migrations/1_init/migration.sql'],
    beside: ['src/db/migrations/migration_lock.toml'],
    others: ['src/db/schema.prisma'],
  },
  {
    tool: 'prisma',
    folder: 'changes',
    files: ['changes/1_init/migration.sql'],
    beside: ['changes/migration_lock.toml'],
  },
  {
    tool: 'drizzle',
    folder: 'src/server/out',
    files: ['src/server/out/0000_init.sql'],
    beside: ['src/server/out/meta/_journal.json', 'src/server/out/meta/0000_snapshot.json'],
    others: ['src/server/schema.ts', 'drizzle.config.ts', 'src/server/x.sql'],
  },
  {
    tool: 'drizzle',
    folder: 'out',
    files: ['out/20240101000000_init/migration.sql'],
    beside: ['out/20240101000000_init/snapshot.json'],
  },
  { tool: 'drizzle', files: ['drizzle/0000_init.sql'], others: ['drizzle/schema.ts'] },
  {
    tool: 'knex',
    files: ['migrations/20240101000000_init.js', 'src/db/migrations/first.ts'],
    beside: ['knexfile.ts'],
    others: ['src/db/seeds/users.ts', 'src/index.ts', 'migrations/README.md'],
  },
  { tool: 'knex', folder: 'db', files: ['db/migrations/20240101000000_init.js'] },
  {
    tool: 'sequelize',
    files: ['db/migrate/init.js'],
    beside: ['.sequelizerc'],
    others: ['db/seeders/users.js', 'models/user.js'],
  },
  { tool: 'sequelize', files: ['migrations/init.js'], others: ['config/config.json', 'models/index.js'] },
  { tool: 'sequelize', folder: 'api', files: ['api/migrations/20240101000000-create-user.js'] },
  {
    tool: 'typeorm',
    folder: 'src',
    files: ['src/migration/init.ts', 'src/db/migrations/more.ts'],
    others: ['src/data-source.ts', 'src/entity/user.ts'],
  },
  { tool: 'typeorm', files: ['migrations/init.js'], others: ['ormconfig.json'] },
  { tool: 'typeorm', folder: 'src', files: ['src/migrations/init.ts'], others: ['src/config/database.datasource.ts'] },
  { tool: 'typeorm', folder: 'src', files: ['src/migration/1693491234567-CreateUser.ts'] },
  {
    tool: 'mikro-orm',
    folder: 'src',
    files: ['src/migrations/Migration20240101000000.ts', 'src/migrations/Migration20240101000000_init.js'],
    beside: ['src/migrations/.snapshot-shop.json'],
  },
  { tool: 'node-pg-migrate', files: ['migrations/1391877300255_users.js', 'migrations/20240101000000000_users.ts'] },
  {
    tool: 'node-pg-migrate',
    folder: 'sql',
    files: ['sql/1391877300255_users.sql'],
    contents: { 'sql/1391877300255_users.sql': '-- Up Migration\nCREATE TABLE t ();\n-- Down Migration\n' },
  },
  { tool: 'kysely', files: ['src/migrations/users.ts'], others: ['kysely.config.ts'] },
  {
    tool: 'graphile-migrate',
    files: ['migrations/committed/000001.sql'],
    beside: ['migrations/current.sql', 'migrations/fixtures/a.sql'],
    others: ['.gmrc'],
  },
  {
    tool: 'flyway',
    folder: 'src/main/resources',
    files: [
      'src/main/resources/db/migration/V1__init.sql',
      'src/main/resources/db/migration/V2__more.java',
      'src/main/resources/db/migration/views/any.sql',
    ],
    others: ['src/main/resources/application.yml'],
  },
  {
    tool: 'flyway',
    folder: 'changes',
    files: ['changes/V1.2_3__init.sql', 'changes/U1__init.sql', 'changes/R__views.sql', 'changes/B5__base.sql'],
    beside: ['changes/beforeMigrate.sql', 'changes/afterEachMigrate__x.sql', 'changes/V1__a.sql.conf'],
    others: ['changes/V1_init.sql', 'changes/Views__x.sql'],
  },
  {
    tool: 'liquibase',
    folder: 'src/main/resources',
    files: [
      'src/main/resources/db/changelog/db.changelog-master.yaml',
      'src/main/resources/db/changelog/changes/1.sql',
      'src/main/resources/db/changelog/data/users.csv',
    ],
    others: ['src/main/resources/application.yml', 'src/main/resources/db/changelog/README.md'],
  },
  {
    tool: 'liquibase',
    folder: 'liquibase',
    files: ['liquibase/changelog.xml', 'liquibase/changes/1.xml', 'liquibase/v1.2/users.json', 'liquibase/x/sql/1.sql'],
    others: ['liquibase/i18n/de.json', 'CHANGELOG.md', 'liquibase/settings.xml'],
    contents: { 'liquibase/changelog.xml': '<databaseChangeLog xmlns="x"></databaseChangeLog>' },
  },
  {
    tool: 'liquibase',
    folder: 'ddl',
    files: ['ddl/users.sql', 'ddl/orders.sql'],
    contents: {
      'ddl/users.sql': '--liquibase formatted sql\n--changeset me:1\n',
      'ddl/orders.sql': '-- liquibase formatted sql\n',
    },
  },
  {
    tool: 'rails',
    files: ['db/migrate/20240101000000_create_users.rb', 'db/animals_migrate/1_a.rb', 'db/post_migrate/1_a.rb'],
    others: ['db/schema.rb', 'db/structure.sql', 'db/seeds.rb', 'app/models/user.rb'],
  },
  { tool: 'rails', files: ['db/data/20240101000000_fill.rb'], others: ['db/data/loader.rb'] },
  {
    tool: 'django',
    folder: 'shop/orders',
    files: ['shop/orders/migrations/0001_initial.py', 'shop/orders/migrations/0002_auto_20240101_1200.py'],
    beside: ['shop/orders/migrations/merge.py', 'shop/orders/migrations/sql/views.sql'],
    others: [
      'shop/orders/migrations/__init__.py',
      'shop/orders/migrations/_parts.py',
      'shop/orders/models.py',
      'manage.py',
    ],
  },
  {
    tool: 'alembic',
    files: ['alembic/versions/ae1027a6acf_init.py'],
    others: ['alembic/script.py.mako', 'alembic/versions/__init__.py'],
    beside: ['alembic.ini', 'alembic/env.py'],
  },
  {
    tool: 'alembic',
    files: ['app/db/versions/2024/ae1027a6acf_init.py'],
    beside: ['alembic.ini'],
    others: ['app/db/models.py'],
  },
  {
    tool: 'alembic',
    folder: 'migrations',
    files: ['migrations/versions/ae1027a6acf_init.py'],
    beside: ['migrations/env.py'],
    others: ['migrations/__init__.py', 'migrations/script.py.mako'],
  },
  {
    tool: 'golang-migrate',
    folder: 'internal/store',
    files: ['internal/store/000001_init.up.sql', 'internal/store/000001_init.down.sql'],
    others: ['internal/store/queries.sql', 'internal/store/store.go'],
  },
  {
    tool: 'atlas',
    folder: 'migrations',
    files: ['migrations/20240101000000.sql', 'migrations/2_x.up.sql'],
    beside: ['migrations/atlas.sum'],
    others: ['schema.hcl', 'atlas.hcl'],
  },
  {
    tool: 'dbmate',
    folder: 'db/migrations',
    files: ['db/migrations/20240101000000_users.sql', 'db/migrations/20240102000000_more.sql'],
    others: ['db/schema.sql'],
    contents: { 'db/migrations/20240101000000_users.sql': '-- migrate:up\nCREATE TABLE t ();\n-- migrate:down\n' },
  },
  {
    tool: 'sqitch',
    folder: 'db',
    files: ['db/deploy/users.sql', 'db/revert/users.sql', 'db/verify/users.sql'],
    beside: ['db/sqitch.plan', 'db/sqitch.conf'],
    others: ['deploy/app.yml', 'db/t/users.sql'],
  },
  {
    tool: 'goose',
    folder: 'sql/schema',
    files: ['sql/schema/001_users.sql', 'sql/schema/002_more.go'],
    others: ['sql/queries/users.sql', 'sql/schema/schema.go'],
    contents: { 'sql/schema/001_users.sql': '\n-- +goose Up\nCREATE TABLE t ();\n' },
  },
  {
    tool: 'goose',
    folder: 'x',
    files: ['x/1.sql'],
    contents: { 'x/1.sql': '-- a licence\r\n--  +goose up\r\n' },
  },
  {
    tool: 'sql-migrate',
    folder: 'x',
    files: ['x/1.sql'],
    contents: { 'x/1.sql': '-- +migrate Up\nCREATE TABLE t ();\n' },
  },
  { tool: 'hasura', files: ['migrations/default/1693491234567_init/up.sql', 'migrations/default/1_x/down.sql'] },
  {
    tool: 'diesel',
    folder: 'migrations',
    files: ['migrations/2024-01-01-000000_users/up.sql', 'migrations/2024-01-01-000000_users/down.sql'],
    beside: ['migrations/2024-01-01-000000_users/metadata.toml'],
    others: ['diesel.toml', 'src/schema.rs'],
  },
  { tool: 'laravel', files: ['database/migrations/2024_01_01_000000_create_users_table.php'] },
  { tool: 'doctrine', files: ['migrations/Version20240101000000.php'] },
  { tool: 'ecto', files: ['priv/repo/migrations/20240101000000_create_users.exs'] },
  {
    tool: 'entity-framework',
    folder: 'Shop/Data',
    files: ['Shop/Data/Migrations/20240101000000_Init.cs', 'Shop/Data/Migrations/20240101000000_Init.Designer.cs'],
    beside: ['Shop/Data/Migrations/ShopContextModelSnapshot.cs'],
    others: ['Shop/Data/ShopContext.cs'],
  },
  {
    tool: 'sea-orm',
    files: ['migration/src/m20240101_000001_users.rs'],
    beside: ['migration/src/lib.rs'],
    others: ['migration/src/main.rs'],
  },
  {
    tool: 'sql',
    files: ['migrations/1.sql', 'migrations/deep/er/1.sql'],
    others: ['seeds/1.sql', 'migrations/README.md', 'queries/migrations.sql'],
  },
  { tool: 'sql', folder: 'db', files: ['db/migrations/users.sql'], others: ['db/functions/f.sql'] },
  { tool: 'sql', folder: 'apps/api/database', files: ['apps/api/database/migrations/1.sql'] },
  { tool: 'sql', folder: 'sql', files: ['sql/migrations/1.sql', 'sql/db-migrations/1.sql', 'sql/migrate/1.sql'] },
  {
    tool: 'other',
    files: ['migrations/001-users.clj', 'migrations/20240101_users.py', 'db_migration/V003.groovy'],
    others: ['migrations/users.clj', 'migrations/001-notes.md', 'migrations/12.clj', 'src/migrations/run.ts'],
  },
];

/** In a repository where all of this changed. */
async function recognised(paths: string[], contents: Record<string, string> = {}) {
  const recognition = await recognise(
    paths,
    new Set(paths),
    async sampled => new Map(sampled.map(path => [path, [contents[path] ?? '']])),
  );
  return Object.fromEntries(paths.map(path => [path, recognition(path)]));
}

describe('a migration tool is recognised:', () => {
  for (const { tool, files, others = [], beside = [], folder = '', contents } of cases) {
    for (const prefix of ['', 'apps/shop/']) {
      const inside = (path: string) => `${prefix}${path}`;
      it(`${tool}, with ${inside(files[0] ?? '')}`, async () => {
        const moved = Object.fromEntries(Object.entries(contents ?? {}).map(([path, text]) => [inside(path), text]));
        const found = await recognised([...files, ...others, ...beside].map(inside), moved);
        for (const path of [...files, ...beside].map(inside))
          assert.equal(found[path]?.tool, tool, `${path} is of ${found[path]?.tool}`);
        for (const path of others.map(inside))
          assert.equal(found[path], undefined, `${path} is of ${found[path]?.tool}`);
        assert.equal(found[inside(files[0] ?? '')]?.folder, inside(folder).replace(/\/$/, ''));
      });
    }
    if (beside.length > 0)
      it(`${tool}, but not by ${beside.join(', ')} alone`, async () => {
        const found = await recognised(beside);
        for (const path of beside) assert.ok(found[path] === undefined || found[path].tool !== tool, path);
      });
  }

  it('each of the table', () => {
    assert.deepEqual([...new Set(cases.map(({ tool }) => tool))].sort(), layouts.map(({ tool }) => tool).sort());
  });
});

it('a name with line ends in it is seen whole', () => {
  for (const { tool, places } of layouts)
    for (const { mark, files, beside } of places)
      for (const pattern of [mark, files, ...(beside ? [beside] : [])])
        assert.ok(pattern.dotAll && !pattern.multiline, `${tool}: ${pattern.source}`);
});

describe('no migration is', () => {
  const nothing: [paths: string[], contents?: Record<string, string>][] = [
    [['README.md', 'src/index.ts', 'package.json']],
    [['node_modules/x/migrations/1.sql', 'apps/a/node_modules/x/prisma/migrations/1/migration.sql']],
    [['vendor/x/db/migrate/1_a.rb', 'go/vendor/x/V1__a.sql']],
    [['docs/migrations/upgrade.md', 'docs/migrations.sql.md', 'migrations']],
    [['supabase/config.toml', 'supabase/schemas/a.sql']],
    [['knexfile.js', 'src/a.js', 'migrations/README.md']],
    [['alembic.ini', 'versions.py', 'version/a.py']],
    [['config/config.json', 'src/migrate.js']],
    [['queries/a.sql', 'b.sql'], { 'queries/a.sql': 'SELECT 1 -- +goose Up', 'b.sql': 'migrate:up' }],
    [['changelog.yaml', 'changelog/1.yaml'], { 'changelog.yaml': 'version: 1.2\n' }],
    [['src/env.py', 'src/main.py']],
    [['prisma/schema.prisma', 'prisma/migrations.md']],
    [['V1_a.sql', 'R_a.sql', 'V__a.txt']],
    [['src/migrations/layouts.ts', 'test/migrations/change.test.ts']],
    [['meta/_journal.json', 'src/a.sql']],
  ];
  for (const [paths, contents] of nothing)
    it(paths.join(', '), async () => {
      const found = await recognised(paths, contents);
      assert.deepEqual(
        Object.values(found).filter(one => one !== undefined),
        [],
      );
    });
});

describe('of two tools', () => {
  it('the more telling one names a file', async () => {
    const found = await recognised([
      'supabase/migrations/1.sql',
      'supabase/migrations/atlas.sum',
      'knexfile.js',
      'a/migrations/1693491234567-X.ts',
      'a/migrations/x.ts',
      'b/migrations/20240101000000-x.js',
    ]);
    assert.deepEqual(
      Object.entries(found).map(([path, one]) => [path, one?.tool]),
      [
        ['supabase/migrations/1.sql', 'supabase'],
        ['supabase/migrations/atlas.sum', 'atlas'],
        ['knexfile.js', 'knex'],
        ['a/migrations/1693491234567-X.ts', 'typeorm'],
        ['a/migrations/x.ts', 'knex'],
        ['b/migrations/20240101000000-x.js', 'knex'],
      ],
    );
  });

  it('each has its own folder, and the nearest counts', async () => {
    const found = await recognised([
      'knexfile.js',
      'migrations/a.js',
      'apps/a/knexfile.ts',
      'apps/a/migrations/a.ts',
      'apps/b/migrations/a.ts',
    ]);
    assert.deepEqual(
      ['migrations/a.js', 'apps/a/migrations/a.ts', 'apps/b/migrations/a.ts'].map(path => found[path]?.folder),
      ['', 'apps/a', ''],
    );
  });
});

describe('content is read', () => {
  it('of the first and the last file of a folder, and of those that changed', async () => {
    const read: string[] = [];
    const paths = ['sql/1.sql', 'sql/2.sql', 'sql/3.sql', 'sql/4.sql', 'migrations/V1__a.sql', 'a.ts'];
    await recognise(paths, new Set(['sql/2.sql', 'migrations/V1__a.sql', 'a.ts']), async sampled => {
      read.push(...sampled);
      return new Map();
    });
    assert.deepEqual(read, ['sql/1.sql', 'sql/2.sql', 'sql/4.sql']);
  });

  it('and what changed and cannot be read counts', async () => {
    const recognition = await recognise(
      ['sql/1.sql', 'sql/2.sql', 'x.ts'],
      new Set(['sql/2.sql', 'x.ts']),
      async () => new Map(),
    );
    assert.deepEqual(['sql/1.sql', 'sql/2.sql', 'x.ts'].map(recognition), [
      undefined,
      { tool: 'sql', folder: 'sql' },
      undefined,
    ]);
  });

  it('in each version, so that a file counts that was a migration or becomes one', async () => {
    const versions = ['SELECT 1', '-- +goose Up\n'];
    for (const texts of [versions, [...versions].reverse()]) {
      const recognition = await recognise(
        ['sql/1.sql'],
        new Set(['sql/1.sql']),
        async () => new Map([['sql/1.sql', texts]]),
      );
      assert.equal(recognition('sql/1.sql')?.tool, 'goose');
    }
  });
});
