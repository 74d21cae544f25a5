import type { RehearseResult } from '../../src/commands/rehearse-result.ts';
import { explained } from '../../src/finding.ts';

/** Foreign text that wants to be more. */
export const evil = 'a|b `c` <script>alert(1)</script> @someone\n::error::x';
/** A rehearsal in which whatever can have a name has that one. */
export const hostileRehearsal: RehearseResult = {
  command: 'rehearse',
  verdict: 'failed',
  files: ['migrations/2.sql'],
  findings: [explained({ code: 'ROWS_REMOVED', object: `table public.${evil}`, expected: '10 rows', found: '9 rows' })],
  accepted: [`COLUMN_REMOVED column ${evil}`],
  notices: [],
  migrations: [{ title: evil, seconds: 1.23 }],
  seconds: 1.23,
  locks: [
    { table: evil, readersSeconds: 1.1, writersSeconds: 1.2 },
    { table: 'public.x', readersSeconds: null, writersSeconds: null },
  ],
  tables: [
    {
      table: evil,
      was: evil,
      rowsBefore: 10,
      rowsAfter: 9,
      inserted: 0,
      updated: 3,
      deleted: 1,
      rewritten: true,
    },
  ],
  tablesUnchanged: 12,
  definitions: [{ object: `table ${evil}`, change: 'changed', before: 'old\n```\n# out', after: 'new' }],
  checks: [{ title: evil, outcome: 'failed', reason: evil, seconds: 1 }],
  role: null,
  namesHidden: false,
  durationSeconds: 3.1,
  report: null,
};
