/** A place where a tool keeps migrations, relative to a folder that a mark shows. */
export interface Place {
  /**
   * Fits the end of a path, whole segments from its beginning to its end: with a slash at its end that of a folder, else that of a
   * file. What comes before it is the layout's folder.
   */
  mark: RegExp;
  /** What the file of the mark holds, where its name is not enough. */
  holds?: RegExp;
  /** Files that are migrations, from the layout's folder. Where there is none, there is no layout. */
  files: RegExp;
  /** Files that change what the tool does, its journal or where it looks, so that they count as well. */
  beside?: RegExp;
}

export interface Layout {
  tool: string;
  places: readonly Place[];
}

/**
 * The layouts of the known migration tools; the first that a file fits names it, so the more telling ones come first. In doubt a file
 * counts: a rehearsal too many costs minutes. A name may have line ends in it, hence the flag `s`.
 *
 * What a tool only generates migrations from, or writes as their result, does not count: `schema.prisma`, `supabase/schemas`, a Drizzle
 * schema, `db/schema.rb`, `db/structure.sql`, models. On a deployment none of them changes a database that is already there. Who
 * deploys by `prisma db push`, `drizzle-kit push` or `atlas schema apply` has to name those files in `paths`.
 */
export const layouts: readonly Layout[] = [
  { tool: 'supabase', places: [{ mark: /^supabase\/migrations\/$/is, files: /^supabase\/migrations\/.+\.sql$/is }] },
  {
    tool: 'prisma',
    places: [
      {
        mark: /^prisma\/migrations\/$/is,
        files: /^prisma\/migrations\/[^/]+\/.+\.sql$/is,
        beside: /^prisma\/migrations\/migration_lock\.toml$/is,
      },
      {
        mark: /^migrations\/migration_lock\.toml$/is,
        files: /^migrations\/[^/]+\/.+\.sql$/is,
        beside: /^migrations\/migration_lock\.toml$/is,
      },
      { mark: /^migration_lock\.toml$/is, files: /^[^/]+\/migration\.sql$/is, beside: /^migration_lock\.toml$/is },
    ],
  },
  {
    tool: 'drizzle',
    places: [
      { mark: /^meta\/_journal\.json$/is, files: /^[^/]+\.sql$/is, beside: /^meta\/[^/]+\.json$/is },
      // since version 1 each migration has a folder, and there is no journal
      { mark: /^[^/]+\/snapshot\.json$/is, files: /^[^/]+\/migration\.sql$/is, beside: /^[^/]+\/snapshot\.json$/is },
      { mark: /^drizzle\/$/is, files: /^drizzle\/.+\.sql$/is },
    ],
  },
  {
    tool: 'atlas',
    places: [{ mark: /^atlas\.sum$/is, files: /^[^/]+\.sql$/is, beside: /^atlas\.sum$/is }],
  },
  {
    tool: 'sqitch',
    places: [
      {
        mark: /^sqitch\.plan$/is,
        files: /^(?:deploy|revert|verify)\/.+\.[a-z]+$/is,
        beside: /^sqitch\.(?:plan|conf)$/is,
      },
    ],
  },
  {
    tool: 'flyway',
    places: [
      { mark: /^db\/migration\/$/is, files: /^db\/migration\/.+\.(?:sql|java|kt|groovy|conf|sh|py|ps1|bat|cmd)$/is },
      {
        mark: /^(?:[VUB]\d[^/]*__|R__)[^/]+\.sql$/is,
        files: /^(?:[VUB]\d[^/]*__|R__)[^/]+\.(?:sql|java|kt|groovy)$/is,
        beside: /^(?:(?:before|after|create)[A-Z][^/]*\.sql|[^/]+\.sql\.conf)$/s,
      },
    ],
  },
  {
    tool: 'liquibase',
    places: [
      { mark: /^db\/changelog\/$/is, files: /^db\/changelog\/.+\.(?:xml|ya?ml|json|sql|csv|groovy)$/is },
      {
        mark: /^[^/]*change-?(?:log|set)[^/]*\.(?:xml|ya?ml|json)$/is,
        holds: /databaseChangeLog/,
        files:
          /^(?:[^/]*change[^/]*|(?:[^/]+\/)*(?:v?\d[^/]*|[^/]*(?:change|migrat|release|version|sql)[^/]*)\/.+)\.(?:xml|ya?ml|json|sql|csv|groovy)$/is,
      },
      { mark: /^[^/]+\.sql$/is, holds: /^--\s*liquibase formatted sql/im, files: /^[^/]+\.sql$/is },
    ],
  },
  {
    tool: 'rails',
    places: [
      { mark: /^db\/(?:\w+_)?migrate\/$/is, files: /^db\/(?:\w+_)?migrate\/.+\.(?:rb|sql)$/is },
      // the gem data_migrate
      { mark: /^db\/data\/$/is, files: /^db\/data\/\d{8,}_[^/]+\.rb$/is },
    ],
  },
  {
    tool: 'alembic',
    places: [
      {
        mark: /^alembic\.ini$/is,
        files: /^(?:.+\/)?versions\/(?:.+\/)?(?!__init__)[^/]+\.py$/is,
        beside: /^alembic\.ini$/is,
      },
      { mark: /^alembic\/$/is, files: /^alembic\/(?:.+\/)?versions\/(?:.+\/)?(?!__init__)[^/]+\.py$/is },
      {
        mark: /^env\.py$/is,
        files: /^versions\/(?:.+\/)?(?!__init__)[^/]+\.py$/is,
        beside: /^(?:env\.py|versions\/.+\.sql)$/is,
      },
    ],
  },
  {
    tool: 'django',
    places: [
      {
        mark: /^migrations\/__init__\.py$/is,
        files: /^migrations\/\d{4}_[^/]+\.py$/is,
        // every other module is loaded too, unless its name begins like this
        beside: /^migrations\/(?:(?![_~])[^/]+\.py|.+\.sql)$/is,
      },
    ],
  },
  {
    tool: 'typeorm',
    places: [
      { mark: /^migrations?\/$/is, files: /^migrations?\/(?:.+\/)?\d{13}-[^/]+\.[cm]?[jt]s$/is },
      {
        mark: /^(?:ormconfig|typeorm[^/]*|[^/]*data-?source[^/]*)\.[a-z]+$/is,
        files: /^(?:.+\/)?migrations?\/.+\.[cm]?[jt]s$/is,
      },
      {
        mark: /^[^/]+\/(?:ormconfig|typeorm[^/]*|[^/]*data-?source[^/]*)\.[a-z]+$/is,
        files: /^(?:.+\/)?migrations?\/.+\.[cm]?[jt]s$/is,
      },
    ],
  },
  {
    tool: 'mikro-orm',
    places: [
      {
        mark: /^migrations\/$/is,
        files: /^migrations\/(?:.+\/)?Migration\d{8,}[^/]*\.[cm]?[jt]s$/is,
        beside: /^migrations\/\.snapshot[^/]*\.json$/is,
      },
    ],
  },
  {
    tool: 'node-pg-migrate',
    places: [
      { mark: /^migrations\/$/is, files: /^migrations\/(?:\d{13}|\d{17})_[^/]+\.[cm]?[jt]s$/is },
      { mark: /^[^/]+\.sql$/is, holds: /^--\s*Up Migration/im, files: /^[^/]+\.sql$/is },
    ],
  },
  {
    tool: 'knex',
    places: [
      {
        mark: /^knexfile\.[a-z]+$/is,
        files: /^(?:.+\/)?migrations?\/.+\.[cm]?[jt]s$/is,
        beside: /^knexfile\.[a-z]+$/is,
      },
      { mark: /^migrations\/$/is, files: /^migrations\/\d{14}_[^/]+\.[cm]?[jt]s$/is },
    ],
  },
  {
    tool: 'sequelize',
    places: [
      {
        mark: /^\.sequelizerc$/is,
        files: /^(?:.+\/)?migrat(?:e|ions?)\/.+\.[cm]?[jt]s$/is,
        beside: /^\.sequelizerc$/is,
      },
      { mark: /^config\/config\.[cm]?js(?:on)?$/is, files: /^(?:.+\/)?migrat(?:e|ions?)\/.+\.[cm]?[jt]s$/is },
      { mark: /^migrations\/$/is, files: /^migrations\/\d{14}-[^/]+\.[cm]?[jt]s$/is },
    ],
  },
  {
    tool: 'kysely',
    places: [{ mark: /^kysely\.config\.[a-z]+$/is, files: /^(?:.+\/)?migrations?\/.+\.[cm]?[jt]s$/is }],
  },
  {
    tool: 'graphile-migrate',
    places: [
      {
        mark: /^migrations\/committed\/$/is,
        files: /^migrations\/committed\/.+\.sql$/is,
        beside: /^migrations\/.+\.sql$/is,
      },
    ],
  },
  {
    tool: 'hasura',
    places: [{ mark: /^migrations\/[^/]+\/\d+_[^/]+\/up\.sql$/is, files: /^migrations\/.+\/(?:up|down)\.sql$/is }],
  },
  {
    tool: 'diesel',
    places: [{ mark: /^[^/]+\/up\.sql$/is, files: /^[^/]+\/(?:up|down)\.sql$/is, beside: /^[^/]+\/metadata\.toml$/is }],
  },
  {
    tool: 'golang-migrate',
    places: [{ mark: /^\d[^/]*\.(?:up|down)\.sql$/is, files: /^[^/]+\.(?:up|down)\.sql$/is }],
  },
  {
    tool: 'goose',
    places: [{ mark: /^[^/]+\.sql$/is, holds: /^--\s*\+goose\s+up/im, files: /^(?:[^/]+\.sql|\d+_[^/]+\.go)$/is }],
  },
  {
    tool: 'dbmate',
    places: [{ mark: /^[^/]+\.sql$/is, holds: /^--\s*migrate:up/im, files: /^[^/]+\.sql$/is }],
  },
  {
    tool: 'sql-migrate',
    places: [{ mark: /^[^/]+\.sql$/is, holds: /^--\s*\+migrate\s+up/im, files: /^[^/]+\.sql$/is }],
  },
  { tool: 'laravel', places: [{ mark: /^database\/migrations\/$/is, files: /^database\/migrations\/.+\.php$/is }] },
  { tool: 'doctrine', places: [{ mark: /^migrations\/$/is, files: /^migrations\/(?:.+\/)?Version\d+[^/]*\.php$/is }] },
  {
    tool: 'ecto',
    places: [{ mark: /^priv\/[^/]+\/migrations\/$/is, files: /^priv\/[^/]+\/migrations\/.+\.exs$/is }],
  },
  {
    tool: 'entity-framework',
    places: [
      {
        mark: /^migrations\/$/is,
        files: /^migrations\/(?:.+\/)?\d{14}_[^/]+\.cs$/is,
        beside: /^migrations\/(?:.+\/)?[^/]+ModelSnapshot\.cs$/is,
      },
    ],
  },
  {
    tool: 'sea-orm',
    places: [
      {
        mark: /^migration\/src\/$/is,
        files: /^migration\/src\/(?:.+\/)?m\d{8}_[^/]+\.rs$/is,
        beside: /^migration\/src\/lib\.rs$/is,
      },
    ],
  },
  {
    tool: 'sql',
    places: [{ mark: /^[^/]*migrat(?:e|ions?)[^/]*\/$/is, files: /^[^/]*migrat(?:e|ions?)[^/]*\/.+\.sql$/is }],
  },
  {
    // a tool that is not known, by what they have in common: numbered programs in a folder of that name
    tool: 'other',
    places: [
      {
        mark: /^[^/]*migrat(?:e|ions?)[^/]*\/$/is,
        files:
          /^[^/]*migrat(?:e|ions?)[^/]*\/(?:.+\/)?[a-z]{0,2}_?\d{3,}[^/]*\.(?:[cm]?[jt]sx?|py|rb|php|cs|fs|go|rs|java|kt|scala|clj|edn|exs?|erl|hs|ml|pl|lua|groovy|swift|dart|cr|sh|ya?ml|json|xml|toml|hcl)$/is,
      },
    ],
  },
];
