import type { Address } from './url.ts';

/** What the host name tells of a database's provider. */
export interface Provider {
  name: 'supabase' | 'neon' | 'rds' | 'other';
  /** What tells this database apart from the provider's others: project ref, endpoint, instance, or the host. */
  handle: string;
  /** Set when the address leads to a pooler in transaction mode: the remedy. */
  transactionPooler: string | undefined;
  /** Set when the provider's direct address has only IPv6: the remedy. */
  onlyIpv6Remedy: string;
}

const genericIpv6Remedy = 'use an address of the server that has IPv4, or a self-hosted runner with IPv6';

/** Knows providers by the shape of their host names (Supabase, Neon and RDS documentation, 2026). */
export function providerOf({ host, port, user, saysPgBouncer }: Address): Provider {
  const supabasePooler = /^(.+)\.pooler\.supabase\.com$/.exec(host);
  const supabaseDirect = /^db\.([a-z0-9]+)\.supabase\.co$/.exec(host);
  if (supabasePooler || supabaseDirect) {
    const ref = supabaseDirect?.[1] ?? user.split('.')[1] ?? host;
    return {
      name: 'supabase',
      handle: ref,
      transactionPooler:
        port === 6543
          ? `use the session pooler: the same host with port 5432 and user postgres.${ref}`
          : generic(saysPgBouncer),
      onlyIpv6Remedy: `use Supabase's session pooler, which has IPv4: host aws-N-REGION.pooler.supabase.com, port 5432, user postgres.${ref} (dashboard: Connect, Session pooler)`,
    };
  }
  const neon = /^(ep-[a-z0-9-]+?)(-pooler)?\..*\.?neon\.(?:tech|build)$/.exec(host);
  if (neon) {
    const direct = host.replace('-pooler.', '.');
    return {
      name: 'neon',
      handle: neon[1] ?? host,
      transactionPooler: neon[2] === undefined ? generic(saysPgBouncer) : `use Neon's direct address: ${direct}`,
      onlyIpv6Remedy: genericIpv6Remedy,
    };
  }
  const rds = /^([a-z0-9-]+)\.[a-z0-9.-]+\.rds\.amazonaws\.com(?:\.cn)?$/.exec(host);
  return {
    name: rds ? 'rds' : 'other',
    handle: rds?.[1] ?? host,
    transactionPooler: generic(saysPgBouncer),
    onlyIpv6Remedy: genericIpv6Remedy,
  };
}

/** The default name of a database in the store: provider's handle and database, in plain characters. */
export function defaultName(address: Address): string {
  const plain = `${providerOf(address).handle}-${address.database}`
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  return plain.slice(0, 100) || 'database';
}

function generic(saysPgBouncer: boolean): string | undefined {
  return saysPgBouncer ? "use the server's own address, without pgbouncer=true" : undefined;
}
