import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imageFor } from '../../src/postgres/image.ts';

const named = (...names: string[]) => names.map(name => ({ name }));

describe('an image that can hold a backup', () => {
  for (const [major, extensions, image] of [
    [15, [], 'postgres:15'],
    [17, ['plpgsql', 'pgcrypto'], 'postgres:17'],
    [17, ['plpgsql', 'vector'], 'pgvector/pgvector:pg17'],
    [16, ['postgis', 'postgis_topology', 'address_standardizer'], 'postgis/postgis:16-3.5'],
    [18, ['postgis'], 'postgis/postgis:18-3.6'],
    [16, ['timescaledb'], 'timescale/timescaledb:latest-pg16'],
    [17, ['vector', 'postgis'], 'postgres:17'],
  ] as const)
    it(`of PostgreSQL ${major} with ${extensions.join(', ') || 'no extension'} is ${image}`, () => {
      assert.equal(imageFor(major, named(...extensions)), image);
    });
});
