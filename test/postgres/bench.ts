import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Session } from '../../src/postgres/connection.ts';
import { connect } from '../../src/postgres/connection.ts';
import { type CountedTable, countBy } from '../../src/postgres/fingerprint.ts';
import { identifier, literal, qualified } from '../../src/postgres/quote.ts';
import { readRelations } from '../../src/postgres/relations.ts';
import { type Cluster, cluster as openCluster } from '../support/postgres.ts';
import { targetOf } from './sessions.ts';

/** How a table is hashed. */
export type Method = 'row' | 'columns';
/** The texts of one row's values. */
export type Row = readonly (string | null)[];

/** Column types with values whose texts all differ. */
const types: Record<string, readonly string[]> = {
  text: ['', 'NULL', 'null', 'a', 'A', 'a,b', '"a"', '(a)', '\\', 'ä', ' ', 'a\nb'],
  numeric: ['0', '1', '1.0', '-1', '1e-20', 'NaN', '12345678901234567890.5'],
  jsonb: ['{}', '[]', 'null', '"a"', '{"a": 1}', '{"a": "1"}'],
  bytea: ['\\x', '\\x00', '\\x0001', '\\x5c'],
  timestamptz: ['2026-01-01 00:00:00+00', '2026-01-01 00:00:00.000001+00', 'infinity', '0044-03-15 00:00:00+00 BC'],
  'text[]': ['{}', '{NULL}', '{"NULL"}', '{"a,b"}', '{a,b}', '{{a},{b}}'],
  'double precision': ['0', '-0', '0.1', '0.10000000000000002', 'NaN', 'Infinity', '5e-324'],
  interval: ['1 day', '24:00:00', '1 mon', '30 days'],
  boolean: ['true', 'false'],
  'character(3)': ['a', 'b', 'abc'],
  uuid: ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000001'],
  int4range: ['empty', '[1,2)', '(,)'],
};

const typeNames = Object.keys(types);
const columnTypes = fc.array(fc.constantFrom(...typeNames), { minLength: 1, maxLength: 4 });
/** A value of a type, or NULL. */
export const valueOf = (type: string) => fc.option(fc.constantFrom(...(types[type] ?? [])), { freq: 6 });
/** Small tables of several types. */
export const tables = columnTypes.chain(columns =>
  fc.record({
    columns: fc.constant(columns),
    rows: fc.array(fc.tuple(...columns.map(valueOf)) as fc.Arbitrary<Row>, { minLength: 1, maxLength: 6 }),
  }),
);

/** One server, with a database of this file's own. */
export class Bench {
  readonly cluster: Cluster;
  readonly database: string;
  readonly session: Session;
  #made = 0;

  private constructor(cluster: Cluster, database: string, session: Session) {
    this.cluster = cluster;
    this.database = database;
    this.session = session;
  }

  static async open(major: number): Promise<Bench | undefined> {
    const cluster = await openCluster(major).catch(() => undefined);
    if (cluster === undefined) return undefined;
    const database = await cluster.createDatabase();
    return new Bench(cluster, database, await connect(targetOf(cluster, database)));
  }

  async close(): Promise<void> {
    await this.session.close();
    await this.cluster.dropDatabase(this.database);
  }

  /** Counts one table of `public` by name. */
  async count(name: string, by: Method | null = 'row', condition: string | null = null): Promise<CountedTable> {
    const table = (await readRelations(this.session)).find(relation => relation.name === name);
    assert.ok(table);
    const [counted] = await countBy(this.session, [{ ...table, condition, by }]);
    assert.ok(counted);
    return counted;
  }

  /** Counts a table made for the occasion; columns are called c0, c1, … and stand in the order of `order`. */
  async countRows(
    columns: readonly string[],
    rows: readonly Row[],
    by: Method,
    order = columns.map((_, index) => index),
  ): Promise<CountedTable> {
    const name = `t${(this.#made += 1)}`;
    const definitions = order.map(index => `${identifier(`c${index}`)} ${columns[index]}`);
    await this.session.query(`CREATE TABLE ${qualified({ schema: 'public', name })} (${definitions.join(', ')})`);
    if (rows.length > 0) {
      const values = rows.map(
        row => `(${order.map(index => valueSql(row[index] ?? null, columns[index] ?? '')).join(', ')})`,
      );
      await this.session.query(`INSERT INTO public.${name} VALUES ${values.join(', ')}`);
    }
    const counted = await this.count(name, by);
    await this.session.query(`DROP TABLE public.${name}`);
    return counted;
  }

  async make(sql: string): Promise<void> {
    await this.cluster.query(sql, undefined, this.database);
  }
}

function valueSql(value: string | null, type: string): string {
  return value === null ? 'NULL' : `${literal(value)}::${type}`;
}
