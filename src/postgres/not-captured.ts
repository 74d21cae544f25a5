import type { Provider } from './provider.ts';
import type { Selected } from './relations.ts';

/** A part of the database that no backup of ours holds, and why. */
export interface NotCaptured {
  what: string;
  reason: string;
}

const ofSupabase: readonly NotCaptured[] = [
  { what: 'objects of Supabase Storage', reason: 'they live outside of the database; only their metadata is here' },
  {
    what: "the root key of Supabase's vault",
    reason: 'it is not in the database: vault secrets can be read only in the same project',
  },
  { what: 'edge functions, auth settings, API keys', reason: "they are the project's settings, not the database's" },
];

/** Says what a dump of these relations leaves out without being told to. */
export function notCaptured(
  selected: readonly Selected[],
  provider: Provider,
  standby: boolean,
  tablespaces: readonly string[],
): NotCaptured[] {
  const foreign = selected.filter(({ relation }) => relation.kind === 'foreign');
  const unlogged = standby ? selected.filter(({ relation }) => relation.unlogged) : [];
  return [
    { what: 'passwords of roles', reason: 'backups hold no passwords; set them anew after a restore' },
    ...foreign.map(({ relation }) => ({
      what: `rows of ${relation.schema}.${relation.name}`,
      reason: 'a foreign table: its rows are on another server',
    })),
    ...unlogged.map(({ relation }) => ({
      what: `rows of ${relation.schema}.${relation.name}`,
      reason: 'an unlogged table has no rows on a standby',
    })),
    ...tablespaces.map(name => ({
      what: `the folder of tablespace ${name}`,
      reason: 'make the tablespace yourself, or its tables come back in the default one',
    })),
    ...(provider.name === 'supabase' ? ofSupabase : []),
  ];
}
