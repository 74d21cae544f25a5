import type { TestContext } from 'node:test';
import { type Session, type Target, connect } from '../../src/postgres/connection.ts';
import type { Relation } from '../../src/postgres/relations.ts';
import { parseAddress } from '../../src/postgres/url.ts';
import type { As, Cluster } from '../support/postgres.ts';

/** A target as a command would make it from an input. */
export function targetOf(cluster: Cluster, database?: string, as?: As): Target {
  const address = parseAddress(cluster.url(database, as), 'database-url');
  return { input: 'database-url', address, rootCert: undefined, application: 'pg-lifeboat test' };
}

/** A session of ours that is closed after the test. */
export async function openSession(t: TestContext, cluster: Cluster, database?: string, as?: As): Promise<Session> {
  const session = await connect(targetOf(cluster, database, as));
  t.after(() => session.close());
  return session;
}

/** A fresh database with this in it, dropped after the test. */
export async function makeDatabase(t: TestContext, cluster: Cluster, sql = ''): Promise<string> {
  const database = await cluster.createDatabase();
  t.after(() => cluster.dropDatabase(database));
  if (sql !== '') await cluster.query(sql, undefined, database);
  return database;
}

let lastOid = 16384;

/** A relation as the catalog would show it, without a server. */
export function relation(name: string, more: Partial<Relation> = {}): Relation {
  const [schema = '', table] = name.includes('.') ? name.split('.') : ['public', name];
  const oid = (lastOid += 1);
  return {
    oid,
    schema,
    name: table ?? '',
    kind: 'table',
    unlogged: false,
    filenode: oid,
    readable: true,
    rowsHidden: false,
    condition: null,
    sequences: 0,
    ...more,
  };
}
