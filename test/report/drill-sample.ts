import type { DrilledTable, DrillResult } from '../../src/commands/drill-result.ts';
import { explained, findingCodes, type Finding, type FindingCode } from '../../src/finding.ts';

const day = 86_400_000;
const began = Date.parse('2026-11-20T04:12:09.000Z');
const daysBefore = (days: number) => new Date(began - days * day).toISOString();

const sizes: [string, number, number][] = [
  ['public.order_lines', 2_412_331, 612_000_000],
  ['public.orders', 804_110, 233_000_000],
  ['audit.events', 1_904_552, 198_000_000],
  ['public.customers', 91_204, 41_200_000],
  ['billing.invoices', 120_034, 38_900_000],
  ['public.products', 4218, 3_100_000],
  ['public.product_images', 12_044, 2_400_000],
  ['auth.sessions', 18_200, 1_900_000],
  ['public.countries', 249, 65_536],
  ['public.feature_flags', 0, 8192],
];

function tables(): DrilledTable[] {
  return sizes.map(([title, rows, sizeBytes]) => {
    const [schema = '', name = ''] = title.split('.');
    return { schema, name, rows, sizeBytes, compared: 'content', same: true };
  });
}

function totalsOf(drilled: readonly DrilledTable[]): DrillResult['totals'] {
  const by = (how: DrilledTable['compared']) => drilled.filter(({ compared }) => compared === how).length;
  return {
    tables: drilled.length,
    rows: drilled.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
    databaseBytes: 1_240_000_000,
    byContent: by('content'),
    byCount: by('counts'),
    different: drilled.filter(({ same }) => !same).length,
    files: 0,
    filesProven: 0,
  };
}

/** A drill of an ordinary shop, in which all is well. */
export function healthyDrill(changes: Partial<DrillResult> = {}): DrillResult {
  const drilled = changes.tables ?? tables();
  return {
    command: 'drill',
    name: 'shop',
    backupId: '20261120T031742Z-scheduled-k3f9q2',
    location: 's3://acme-backups/postgres/shop/20261120T031742Z-scheduled-k3f9q2',
    snapshotAt: '2026-11-20T03:17:44.123Z',
    at: new Date(began).toISOString(),
    verdict: 'passed',
    excluded: [],
    findings: [],
    notices: ['Two sequences went on while the backup ran, which is usual.'],
    stages: [
      { name: 'fetch', startSeconds: 0.2, seconds: 118.4 },
      { name: 'check bytes', startSeconds: 0.4, seconds: 118.3 },
      { name: 'decrypt', startSeconds: 0.5, seconds: 118.9 },
      { name: 'roles', startSeconds: 0.6, seconds: 0.3 },
      { name: 'pre-data', startSeconds: 1.1, seconds: 2.4 },
      { name: 'data', startSeconds: 3.6, seconds: 117.2 },
      { name: 'post-data', startSeconds: 120.9, seconds: 74.5 },
      { name: 'compare', startSeconds: 195.5, seconds: 48.2 },
      { name: 'checks', startSeconds: 243.8, seconds: 1.9 },
    ],
    rtoSeconds: 195.2,
    maxRtoSeconds: 600,
    rtoEstimateSeconds: 412,
    rpoSeconds: 86_590,
    maxRpoSeconds: 93_600,
    backupAgeSeconds: 3265,
    totals: totalsOf(drilled),
    tables: drilled,
    checks: [
      { title: 'SELECT count(*) > 0 FROM orders', outcome: 'passed', reason: null, seconds: 0.21 },
      { title: 'checks/no-orphaned-lines.sql', outcome: 'passed', reason: null, seconds: 1.4 },
      { title: './bin/smoke --read-only', outcome: 'passed', reason: null, seconds: 0.3 },
    ],
    sourceVersion: '17.5',
    serverVersion: '17.6',
    tuned: ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'maintenance_work_mem=1GB'],
    scratch: null,
    provenRecipients: ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'],
    earlierDrills: [150, 121, 90, 61, 31].map((days, index) => ({
      at: daysBefore(days),
      backupId: `${daysBefore(days).slice(0, 10).replaceAll('-', '')}T031742Z-scheduled-k3f9q2`,
      verdict: index === 2 ? 'failed' : 'passed',
      rtoSeconds: [121.2, 139.8, 188, 162, 171.5][index] ?? null,
      tuned: true,
    })),
    earlierBackups: Array.from({ length: 30 }, (_, index) => ({
      at: daysBefore(30 - index),
      databaseBytes: 980_000_000 + index * 4_900_000 + (index % 7) * 1_000_000,
      storedBytes: 301_000_000 + index * 1_600_000,
      rows: 5_000_000 + index * 12_000,
    })),
    evidence: 'shop/20261120T031742Z-scheduled-k3f9q2/drills/20261120T041615Z-passed.json',
    report: '/reports/drill-shop.html',
    namesHidden: false,
    durationSeconds: 246.1,
    ...changes,
  };
}

const definitionHere = `CREATE FUNCTION public.order_total(p_order bigint) RETURNS numeric
    LANGUAGE sql STABLE
    AS $$
  SELECT coalesce(sum(quantity * price), 0)
    FROM public.order_lines
   WHERE order_id = p_order;
$$;`;

const found: Finding[] = [
  { code: 'ROWS_DIFFER', object: 'table public.orders', expected: '804,110 rows', found: '804,109 rows' },
  { code: 'SEQUENCE_BEHIND', object: 'sequence public.orders_id_seq', expected: 'at least 804,311', found: '1' },
  {
    code: 'FUNCTION_DIFFERS',
    object: 'function public.order_total(bigint)',
    expected: definitionHere,
    found: definitionHere.replace('quantity * price', 'price'),
  },
  {
    code: 'INDEX_MISSING',
    object: 'index public.orders_customer_id_idx',
    expected: 'CREATE INDEX orders_customer_id_idx ON public.orders USING btree (customer_id);',
    found: '',
  },
  {
    code: 'CHECK_NOT_RUN',
    object: 'check checks/no-orphaned-lines.sql',
    expected: 'one boolean, or no rows',
    found: 'relation "order_linez" does not exist',
  },
  { code: 'RPO_EXCEEDED', object: 'backups of shop', expected: 'at most 1 d 2 h', found: '2 d 1 h' },
];

/** A drill that found things of several kinds. */
export function failedDrill(changes: Partial<DrillResult> = {}): DrillResult {
  return healthyDrill({
    verdict: 'failed',
    excluded: [
      'The extension pg_cron was left out, since the server lacks it (optional-extensions).',
      'CONTENT_DIFFERS of table audit.events was accepted (accept).',
    ],
    findings: found.map(explained),
    rpoSeconds: 176_400,
    tables: tables().map(table => ({ ...table, same: table.name !== 'orders' })),
    checks: [
      { title: 'SELECT count(*) > 0 FROM orders', outcome: 'passed', reason: null, seconds: 0.2 },
      { title: 'SELECT bool_and(total >= 0) FROM invoices', outcome: 'failed', reason: 'it gave false', seconds: 0.6 },
      {
        title: 'checks/no-orphaned-lines.sql',
        outcome: 'could-not-verify',
        reason: 'relation "order_linez" does not exist',
        seconds: 0.1,
      },
    ],
    scratch: 'lifeboat_20261120t031742z',
    evidence: 'shop/20261120T031742Z-scheduled-k3f9q2/drills/20261120T041615Z-failed.json',
    ...changes,
  });
}

/** A drill whose server could not be reached: nothing was restored, and there is no history. */
export function unreachedDrill(changes: Partial<DrillResult> = {}): DrillResult {
  const finding: Finding = {
    code: 'SERVER_UNREACHABLE',
    object: 'server 127.0.0.1:5432',
    expected: 'a server that answers',
    found: 'connection refused',
  };
  return healthyDrill({
    verdict: 'could-not-verify',
    findings: [explained(finding)],
    notices: [],
    stages: [],
    rtoSeconds: null,
    rtoEstimateSeconds: null,
    rpoSeconds: null,
    maxRpoSeconds: null,
    totals: { ...totalsOf(tables()), byContent: 0 },
    tables: [],
    checks: [],
    serverVersion: null,
    tuned: [],
    provenRecipients: [],
    earlierDrills: [],
    earlierBackups: [],
    evidence: null,
    report: null,
    durationSeconds: 0.4,
    ...changes,
  });
}

/** A drill of a database with thousands of tables, in which nearly everything is wrong. */
export function hugeDrill(name = 'a_name_as_long_as_postgres_takes_them_sixty_three_characters_x'): DrillResult {
  const codes = Object.keys(findingCodes) as FindingCode[];
  const findings = Array.from({ length: 10_000 }, (_, index): Finding => {
    const code = codes[index % 40] ?? 'ROWS_DIFFER';
    return { code, object: `${name} ${index}`, expected: `${name}\n`.repeat(20), found: `${name} `.repeat(21) };
  });
  return failedDrill({
    name,
    excluded: Array.from({ length: 200 }, () => name.repeat(10)),
    notices: Array.from({ length: 200 }, () => name.repeat(10)),
    findings: findings.map(explained),
    tables: Array.from({ length: 6000 }, (_, index) => ({
      schema: name,
      name: `${name}${index}`,
      rows: index,
      sizeBytes: 8192 * index ** 2,
      compared: index % 3 === 0 ? 'counts' : 'content',
      same: index % 7 !== 0,
    })),
    checks: Array.from({ length: 2000 }, () => ({
      title: name.repeat(5),
      outcome: 'failed' as const,
      reason: name.repeat(5),
      seconds: 1,
    })),
    earlierDrills: Array.from({ length: 500 }, (_, index) => ({
      at: daysBefore(500 - index),
      backupId: name,
      verdict: 'passed' as const,
      rtoSeconds: 100 + (index % 90),
      tuned: false,
    })),
    earlierBackups: Array.from({ length: 3000 }, (_, index) => ({
      at: new Date(began - (3000 - index) * 3_600_000).toISOString(),
      databaseBytes: 1e9 + index * 1e6,
      storedBytes: 3e8 + index * 3e5,
      rows: null,
    })),
    tuned: Array.from({ length: 60 }, () => name),
    provenRecipients: Array.from({ length: 60 }, () => name),
  });
}

/** A name with all that a terminal, the runner, Markdown, Mermaid and a browser might read as more than text. */
export const hostileName =
  '<script>alert(1)</script>|`x`::error::y ##[error] $(id) [a](https://e.example) <img src=x onerror=alert(1)> \u202egnp. אב \u0007 "\' ]]> --> ```';

/** A drill with a name wherever a name can come, each on a line of its own. */
export function namedDrill(name: string): DrillResult {
  return failedDrill({
    name,
    backupId: name,
    location: name,
    excluded: [name],
    notices: [name],
    findings: found.map(finding =>
      explained({ ...finding, object: name, expected: `a\n${name}`, found: `b\n${name}\n${'c'.repeat(90)}` }),
    ),
    tables: tables().map(table => ({ ...table, schema: name, name, same: false })),
    checks: [{ title: name, outcome: 'failed', reason: name, seconds: 1 }],
    sourceVersion: name,
    serverVersion: name,
    tuned: [name],
    scratch: name,
    provenRecipients: [name],
    earlierDrills: healthyDrill().earlierDrills.map(drill => ({ ...drill, backupId: name })),
    evidence: name,
    report: name,
  });
}
