/** The forms of a message, by the service that understands it; `json` is our own, signed. */
export const services = ['slack', 'discord', 'teams', 'mattermost', 'google-chat', 'json'] as const;
export type Service = (typeof services)[number];

const hosts: readonly (readonly [pattern: RegExp, service: Service])[] = [
  [/^hooks\.slack\.com$/, 'slack'],
  [/^(?:.+\.)?(?:discord|discordapp)\.com$/, 'discord'],
  // Power Automate, before and since November 2025; and the connectors that it replaced
  [/\.logic\.azure\.com$/, 'teams'],
  [/\.environment\.api\.powerplatform\.com$/, 'teams'],
  [/\.webhook\.office\.com$/, 'teams'],
  [/^chat\.googleapis\.com$/, 'google-chat'],
];

/**
 * The service that an address belongs to. Mattermost stands on hosts of its owners, so it is known by the path: `/hooks/` and 26 letters
 * and digits, at the end; other receivers have `/hooks/` too.
 */
export function serviceOf({ hostname, pathname }: URL): Service {
  const [, known] = hosts.find(([pattern]) => pattern.test(hostname)) ?? [];
  if (known !== undefined) return known;
  return /\/hooks\/[a-z0-9]{26}$/.test(pathname) ? 'mattermost' : 'json';
}
