import { type Definition, atBrackets, splitOutside } from './definition-text.ts';

/**
 * The statements of a piece in a form that is equal wherever a faithful restore may write them in another way. A table that inherits
 * gets its parents' columns first, in their order, whatever it had itself (pg_dump knows no other way to make it); what pg_dump prints
 * in the order of the columns follows from that.
 */
export function inOneForm({ type, text }: Definition): string[] {
  const statements = splitOutside(text, ';');
  const [first = '', ...others] = statements;
  // one statement for each column with a setting, in the order of the columns
  if (isTable(type)) {
    const columns = atBrackets(first);
    return columns !== undefined && isInheriting(columns.after)
      ? [`${columns.before}(\n${sorted(columns.inside)}\n)${columns.after}`, ...others.sort()]
      : statements;
  }
  // columns are kept by number: the order in which somebody wrote them is in no catalog
  if (type === 'STATISTICS') return [withSortedStatistics(first), ...others];
  if (type === 'PUBLICATION TABLE') return [withSortedColumns(first), ...others];
  // roles stand in the order in which the server happens to find them
  if (type === 'POLICY') return [withSortedRoles(first), ...others];
  if (type === 'DEFAULT ACL') return statements.sort();
  return statements;
}

const mostOfType = /(?<=\n {4})MAXVALUE (?:(32767)|2147483647)(?=\n)/;
const leastOfType = /(?<=\n {4})MINVALUE -(?:(32768)|2147483648)(?=\n)/;
const identity = /^ALTER TABLE (.*) ALTER COLUMN (.*) ADD GENERATED .*?\n {4}INCREMENT BY (-?)/s;

/**
 * The sequence of a column made by LIKE counts as a bigint in the limits of the column's type, which are its own once restored, and then
 * not printed. Takes such a limit out, where it is the outermost one that the column's type has in the direction of the sequence.
 */
export function withOwnLimits(definitions: readonly Definition[]): Definition[] {
  return definitions.map(one => {
    if (one.type !== 'SEQUENCE') return one;
    const [, table = '', column = '', sign = ''] = identity.exec(one.text) ?? [];
    const limit = sign === '' ? mostOfType : leastOfType;
    const [written, small] = limit.exec(one.text) ?? [];
    if (table === '' || written === undefined) return one;
    const type = small === undefined ? 'integer' : 'smallint';
    const heads = ['CREATE TABLE', 'CREATE UNLOGGED TABLE'].map(words => `${words} ${table} (\n`);
    const holder = definitions.find(({ text }) => heads.some(head => text.startsWith(head)));
    if (holder === undefined || !new RegExp(`\\n    ${literally(column)} ${type}[ ,\\n]`).test(holder.text)) return one;
    return { ...one, text: one.text.replace(limit, sign === '' ? 'NO MAXVALUE' : 'NO MINVALUE') };
  });
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** Whether the columns of this table may come back in another order. */
function isInheriting(afterColumns: string): boolean {
  return afterColumns.startsWith('\nINHERITS (');
}

function isTable(type: string): boolean {
  return type === 'TABLE' || type === 'FOREIGN TABLE';
}

function sorted(list: string): string {
  return splitOutside(list, ',').sort().join(',\n');
}

/** `CREATE STATISTICS name (kinds) ON a, (a + b) FROM table` */
function withSortedStatistics(statement: string): string {
  const [head = '', ...rest] = splitOutside(statement, ' ON ');
  const [list = '', ...table] = splitOutside(rest.join(' ON '), ' FROM ');
  return [head, sorted(list), ...table].join('\n');
}

/** `CREATE POLICY name ON table FOR SELECT TO a, b USING (…) WITH CHECK (…)` */
function withSortedRoles(statement: string): string {
  const [head = '', ...rest] = splitOutside(statement, ' TO ');
  if (rest.length === 0) return statement;
  const [listed = '', ...using] = splitOutside(rest.join(' TO '), ' USING ');
  const [list = '', ...checks] = splitOutside(listed, ' WITH CHECK ');
  return [head, sorted(list), ...checks.map(check => `WITH CHECK ${check}`), ...using.map(one => `USING ${one}`)].join(
    '\n',
  );
}

/** `ALTER PUBLICATION name ADD TABLE ONLY table (a, b) WHERE (…)` */
function withSortedColumns(statement: string): string {
  const [head = '', ...rest] = splitOutside(statement, ' WHERE ');
  const columns = atBrackets(head);
  const listed = columns === undefined ? head : `${columns.before}(${sorted(columns.inside)})${columns.after}`;
  return [listed, ...rest].join('\n');
}

/** The members of one multiset that another has not as often, by the texts that they stand for. */
export function without<T>(members: readonly T[], others: readonly T[], textOf: (member: T) => string): T[] {
  const counts = new Map<string, number>();
  for (const other of others) {
    const text = textOf(other);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return members.filter(member => {
    const text = textOf(member);
    const count = counts.get(text) ?? 0;
    counts.set(text, count - 1);
    return count <= 0;
  });
}
