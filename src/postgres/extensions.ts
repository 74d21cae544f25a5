import type { Session } from './connection.ts';

/**
 * The role that makes extensions in a restore, so that they and their parts belong to whom they belonged: the superuser who owned most of
 * them, if the server has one of that name. Undefined where whoever connects will do.
 */
export async function extensionOwner(
  session: Session,
  extensions: readonly { name: string; owner: string }[],
): Promise<string | undefined> {
  const counts = new Map<string, number>();
  for (const { name, owner } of extensions) if (name !== 'plpgsql') counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const superusers = await session.query<{ name: string; isOurs: boolean }>(
    `SELECT rolname AS name, rolname = current_user AS "isOurs" FROM pg_catalog.pg_roles
      WHERE rolname = ANY ($1) AND rolsuper AND (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)`,
    [[...counts.keys()]],
  );
  const most = superusers.sort((a, b) => (counts.get(b.name) ?? 0) - (counts.get(a.name) ?? 0))[0];
  return most === undefined || most.isOurs ? undefined : most.name;
}
