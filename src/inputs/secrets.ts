import { secretsOf } from '../postgres/url.ts';
import { secretsOfAddress } from '../alert/secrets.ts';
import { definitions } from './definitions.ts';
import type { RawInputs } from './raw.ts';

/** Addresses that whoever has them can write to. */
const addresses = new Set(['alert-webhook', 'heartbeat-url', 'smtp-url']);

/**
 * Every text that must never be printed: secret inputs whole and line by line, and the password inside each database URL, as it is and
 * decoded (the runner masks only the secret as a whole).
 */
export function secretsIn({ values }: RawInputs): string[] {
  const secrets = definitions
    .filter(({ secret }) => secret === true)
    .flatMap(({ name }) => {
      const value = values.get(name);
      if (value === undefined) return [];
      if (addresses.has(name)) return secretsOfAddress(value);
      const lines = value.split('\n').map(line => line.trim());
      return name.endsWith('-url')
        ? secretsOf(value)
        : [value, ...lines.filter(line => line.length >= 8 && !line.startsWith('#') && !line.startsWith('-----'))];
    });
  return [...new Set(secrets)];
}
