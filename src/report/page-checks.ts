import type { CheckResult } from '../commands/drill-result.ts';
import { formatCount, formatSeconds } from './format.ts';
import { markup, type Markup, type MarkupPart } from './markup.ts';
import { dataTable, note, section, type Column } from './page.ts';
import { verdictWord } from './page-verdict.ts';

const mostChecks = 1000;

/** The user's checks and what came of them. */
export function checksSection(checks: readonly CheckResult[]): Markup {
  if (checks.length === 0)
    return section('Checks', note('No checks were given; the input checks takes queries that must hold.'));
  const columns: Column[] = [{ title: 'Check', kind: 'wide' }, { title: 'Outcome' }, { title: 'Took', kind: 'number' }];
  const rows = checks
    .slice(0, mostChecks)
    .map(({ title, outcome, seconds, reason }): MarkupPart[] => [
      markup`<code>${title}</code>${note(reason)}`,
      markup`<span class="tone ${outcome}">${verdictWord(outcome)}</span>`,
      formatSeconds(seconds),
    ]);
  const hidden = checks.length - rows.length;
  return section(
    'Checks',
    dataTable('Checks and their outcome', columns, rows),
    note(hidden > 0 ? `${formatCount(hidden)} more are not shown here.` : null),
  );
}
