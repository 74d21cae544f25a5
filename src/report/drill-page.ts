import type { DrillResult } from '../commands/drill-result.ts';
import { meter } from './chart.ts';
import { findingsSection } from './drill-page-findings.ts';
import { stagesSection, tablesSection } from './drill-page-tables.ts';
import { trendSection } from './drill-page-trend.ts';
import { drillWords, type DrillWords, type Measure } from './drill-words.ts';
import { formatBudget, formatBytes, formatCount, formatSeconds } from './format.ts';
import { markup, nothing, type Markup, type MarkupPart } from './markup.ts';
import { facts, note, page, section, sentenceList, time } from './page.ts';
import { checksSection } from './page-checks.ts';
import { headlines, icon } from './page-verdict.ts';

/** The report of a drill: one HTML file that needs nothing else, for people who were not there. */
export function drillPage(result: DrillResult): string {
  const words = drillWords(result);
  const parts = [
    head(result, words),
    result.excluded.length === 0 ? nothing : leftOut(result.excluded),
    findingsSection(words.groups),
    result.notices.length === 0 ? nothing : section('Notices', sentenceList(result.notices)),
    measuresSection(result, words),
    checksSection(result.checks),
    stagesSection(result),
    trendSection(result),
    tablesSection(words),
    factsSection(result),
  ];
  return page(
    `Drill of ${result.name}: ${result.verdict}`,
    markup`<main>
${parts}
</main>
<footer>Made by pg-lifeboat when the drill ended. This file loads nothing and runs nothing. It holds no values of rows.</footer>`,
  );
}

function leftOut(excluded: readonly string[]): Markup {
  return markup`<section class="left-out">
<h2>Left out by name</h2>
${sentenceList(excluded)}
</section>`;
}

function head(result: DrillResult, words: DrillWords): Markup {
  const { verdict, snapshotAt } = result;
  const snapshot = snapshotAt ? markup` Its snapshot is of ${time(snapshotAt)}.` : nothing;
  return markup`<p class="brand"><span><b>pg-lifeboat</b> restore drill</span><span>${time(result.at)}</span></p>
<header class="verdict ${verdict}">
<h1>${icon(verdict)}<span>${headlines[verdict]}</span></h1>
<p class="what">${words.verdict}</p>
<p class="which">Drill of <bdi>${result.name}</bdi>, backup <code>${result.backupId}</code>.${snapshot}</p>
${note(words.hidden)}
${tiles(result, words)}
</header>`;
}

function tiles(result: DrillResult, { rto, rpo }: DrillWords): Markup {
  const passed = result.checks.filter(({ outcome }) => outcome === 'passed').length;
  const time = ({ seconds }: Measure) => (seconds === null ? 'not known' : formatSeconds(seconds));
  const styles = { within: '', 'no budget': '', over: 'bad', unknown: 'unknown' } as const;
  const shown: [string, string, string][] = [
    ['Tables', formatCount(result.totals.tables), ''],
    ['Rows', formatCount(result.totals.rows), ''],
    ['Database', formatBytes(result.totals.databaseBytes), ''],
    ['RTO', time(rto), styles[rto.state]],
    ['RPO', time(rpo), styles[rpo.state]],
    [
      'Findings',
      formatCount(result.findings.length),
      result.verdict === 'passed' ? '' : result.verdict === 'failed' ? 'bad' : 'unknown',
    ],
    ...(result.checks.length === 0
      ? []
      : ([
          [
            'Checks passed',
            `${formatCount(passed)} of ${formatCount(result.checks.length)}`,
            passed === result.checks.length ? '' : 'bad',
          ],
        ] satisfies [string, string, string][])),
  ];
  return markup`<dl class="tiles">
${shown.map(([name, value, style]) => markup`<div><dt>${name}</dt><dd class="${style}">${value}</dd></div>`)}
</dl>`;
}

function measuresSection(result: DrillResult, { rto, rpo, tuned }: DrillWords): Markup {
  const age = `When the drill began, the snapshot of this backup was ${formatSeconds(result.backupAgeSeconds)} old.`;
  return section(
    'Time to recover, and what would be lost',
    markup`<div class="measures">
${measureBlock('Recovery time', rto)}
${measureBlock('Recovery point', rpo)}
</div>`,
    note(tuned),
    note(age),
  );
}

function measureBlock(title: string, { name, means, seconds, budgetSeconds, input, state }: Measure): Markup {
  const value = seconds === null ? 'not known' : formatSeconds(seconds);
  const budget = budgetSeconds === null ? 'no budget' : `budget ${formatBudget(budgetSeconds)}`;
  const states = { within: 'within budget', over: 'over budget', unknown: 'not measured', 'no budget': '' } as const;
  const style = state === 'no budget' ? '' : state;
  return markup`<div>
<h3>${title} (${name})</h3>
<p class="value">${value}</p>
${seconds === null || budgetSeconds === null ? nothing : meter(seconds, budgetSeconds, `${name} ${value}, ${budget}`)}
<p class="budget-line"><span class="state ${style}">${states[state]}</span><span>${budget}${state === 'no budget' ? `, set one with ${input}` : ''}</span></p>
<p class="note">${`${means.charAt(0).toUpperCase()}${means.slice(1)}.`}</p>
</div>`;
}

function factsSection(result: DrillResult): Markup {
  const codes = (all: readonly string[]) => markup`${all.map(one => markup`<code>${one}</code><br>`)}`;
  const pairs: (readonly [string, MarkupPart])[] = [
    ['Database', markup`<bdi>${result.name}</bdi>`],
    ['Backup', markup`<code>${result.backupId}</code>`],
    ['Stored at', markup`<code>${result.location}</code>`],
    ...(result.snapshotAt ? [['Snapshot', time(result.snapshotAt)] as const] : []),
    ['Drill', markup`${time(result.at)}, took ${formatSeconds(result.durationSeconds)}`],
    ['Source', `Postgres ${result.sourceVersion}`],
    ['Restored into', result.serverVersion === null ? 'no server was reached' : `Postgres ${result.serverVersion}`],
    ['Settings changed for speed', result.tuned.length === 0 ? 'none' : codes(result.tuned)],
    ['Keys that opened it', result.provenRecipients.length === 0 ? 'none' : codes(result.provenRecipients)],
    ...(result.scratch === null ? [] : [['Scratch database, kept', markup`<code>${result.scratch}</code>`] as const]),
    ['Evidence', result.evidence === null ? 'could not be written' : markup`<code>${result.evidence}</code>`],
  ];
  return section('About this drill', facts(pairs));
}
