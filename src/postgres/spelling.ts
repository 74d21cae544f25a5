import type { Session, Target } from './connection.ts';

/**
 * The same database, for sessions that begin with settings of another server, as far as this one knows them: what pg_dump writes depends
 * on some (https://www.postgresql.org/docs/current/libpq-connect.html, "options").
 */
export async function withSettings(
  session: Session,
  target: Target,
  settings: readonly { name: string; value: string }[],
): Promise<Target> {
  const options = target.address.options === undefined ? [] : [target.address.options];
  for (const { name, value } of settings) {
    try {
      await session.query('SELECT pg_catalog.set_config($1, $2, true)', [name, value]);
      options.push(`-c ${name}=${value.replaceAll(/[\\\s]/g, String.raw`\$&`)}`);
    } catch (error) {
      // a locale of the other server's, for example
      if ((error as { code?: string }).code === undefined) throw error;
    }
  }
  return { ...target, address: { ...target.address, options: options.join(' ') || undefined } };
}
