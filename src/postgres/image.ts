/** Extensions of one project, and the image that carries them for a major. */
interface Carrier {
  extensions: RegExp;
  image: (major: number) => string;
}

const carriers: readonly Carrier[] = [
  { extensions: /^vector$/, image: major => `pgvector/pgvector:pg${major}` },
  // https://hub.docker.com/r/postgis/postgis: each major comes with the PostGIS of its time
  {
    extensions: /^(?:postgis|address_standardizer)/,
    image: major => `postgis/postgis:${major}-${major >= 18 ? '3.6' : '3.5'}`,
  },
  { extensions: /^timescaledb$/, image: major => `timescale/timescaledb:latest-pg${major}` },
];

/**
 * The image of a server that can hold a backup of `major` with these extensions, as far as public images are known that do: the official
 * one where no carrier is needed, or no single one has them all.
 */
export function imageFor(major: number, extensions: readonly { name: string }[]): string {
  const needed = carriers.filter(carrier => extensions.some(({ name }) => carrier.extensions.test(name)));
  const [carrier, ...more] = needed;
  return carrier === undefined || more.length > 0 ? `postgres:${major}` : carrier.image(major);
}
