import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeSettings, withoutSetting } from '../../src/postgres/settings.ts';

describe('settings of two sides', () => {
  it('are described in the same words when they are the same, in any order', () => {
    assert.deepEqual(describeSettings(['b=2', 'a=1'], ['a=1', 'b=2']), { expected: 'a, b', found: 'a, b' });
    assert.deepEqual(describeSettings([], []), { expected: 'none', found: 'none' });
  });

  it('that differ show the name, and never a value', () => {
    const both = describeSettings(['app.jwt_secret=s3cr3t', 'a=1'], ['app.jwt_secret=0th3r', 'b=1']);
    assert.deepEqual(both, {
      expected: 'a = (a value), app.jwt_secret = (a value)',
      found: 'app.jwt_secret = (another value), b = (another value)',
    });
  });
});

describe('a statement that sets something', () => {
  it('is shown without the value', () => {
    assert.equal(
      withoutSetting(`ALTER DATABASE "shop" SET "app"."jwt_secret" TO 's3cr3t'`),
      'ALTER DATABASE "shop" SET "app"."jwt_secret" TO …',
    );
    assert.equal(
      withoutSetting(`ALTER ROLE "a ""b""" IN DATABASE "d" SET "x" TO 'a', 'b\nc'`),
      'ALTER ROLE "a ""b""" IN DATABASE "d" SET "x" TO …',
    );
    assert.equal(withoutSetting('CREATE ROLE "a" WITH NOLOGIN'), 'CREATE ROLE "a" WITH NOLOGIN');
  });
});
