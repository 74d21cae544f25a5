import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { readInputs } from '../../src/inputs/inputs.ts';
import { readAction } from '../../src/inputs/raw.ts';
import { secretsIn } from '../../src/inputs/secrets.ts';
import { parseAddress } from '../../src/postgres/url.ts';
import { cleaner } from '../../src/report/log.ts';

const secretsOfUrl = (url: string) => secretsIn(readAction({ 'INPUT_DATABASE-URL': url }));

/** Passwords as people have them: odd, but long enough to be told from ordinary words. */
const passwords = fc
  .string({ unit: fc.constantFrom(...'Qx7:/?#[]@%&+= \'"\\$!*~', 'ä', '€', '😀'), minLength: 5, maxLength: 14 })
  .filter(text => /^\S.*\S$/u.test(text));

describe('secrets', () => {
  it('are every secret input that the command uses', () => {
    const secrets = secretsIn(
      readAction({
        INPUT_PASSPHRASE: 'the passphrase',
        'INPUT_SECRET-ACCESS-KEY': 'the key',
        'INPUT_SESSION-TOKEN': 'the token',
        INPUT_REASON: 'no secret',
      }),
    );
    assert.deepEqual(secrets.sort(), ['the key', 'the passphrase', 'the token']);
  });

  it('are each line of a key too, but no comment of it', () => {
    const identity = '# created: today\n# public key: age1xyz\nAGE-SECRET-KEY-1ABC\n';
    const secrets = secretsIn(readAction({ INPUT_COMMAND: 'verify', INPUT_IDENTITY: identity }));
    assert.deepEqual(secrets, [identity.trim(), 'AGE-SECRET-KEY-1ABC']);
    const armored =
      '-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOYBGA1abcdefgh\n=abc\n-----END PGP PRIVATE KEY BLOCK-----';
    assert.ok(
      secretsIn(readAction({ INPUT_COMMAND: 'restore', 'INPUT_GPG-PRIVATE-KEY': armored })).includes(
        'lQOYBGA1abcdefgh',
      ),
    );
  });

  it('are the password of a URL, as it is and decoded', () => {
    for (const url of [
      'postgresql://user:p%40ss%2Fword@host:5432/db',
      'postgres://user:p%40ss%2Fword@host/db?sslmode=require',
      'postgresql://us%40er:p%40ss%2Fword@host/db?application_name=a@b',
      'postgresql://user@server:p%40ss%2Fword@host/db',
      'postgresql://host/db?user=u&password=p%40ss%2Fword&sslmode=require',
      'postgresql://user:p%40ss%2Fword@/db?host=/run/postgresql',
      'POSTGRESQL://user:p%40ss%2Fword@host/db',
    ]) {
      const secrets = secretsOfUrl(url);
      assert.ok(secrets.includes('p%40ss%2Fword'), url);
      assert.ok(secrets.includes('p@ss/word'), url);
      assert.ok(secrets.includes(url), url);
    }
  });

  it('are the password of a URL that is not percent-encoded as it must be', () => {
    for (const password of ['p@ss@word', 'p#ssword', 'p/ssword', 'p?ssword', 'p:ssword', 'p%ssword', 'p[ss]word'])
      assert.ok(secretsOfUrl(`postgresql://user:${password}@host/db`).includes(password), password);
  });

  it('are no short words, which would mask half of the log', () => {
    assert.deepEqual(
      secretsOfUrl('postgresql://user:abc@host/db').filter(secret => secret.length < 8),
      [],
    );
  });

  it('are not seen in a line of the log, whatever the password', () => {
    fc.assert(
      fc.property(passwords, password => {
        const clean = cleaner(secretsOfUrl(`postgresql://user:${encodeURIComponent(password)}@host/db`));
        for (const shown of [password, encodeURIComponent(password)]) assert.equal(clean(`a ${shown} b`), 'a *** b');
      }),
    );
  });
});

/** Everything that anyone could print of what is thrown. */
function thrown(work: () => unknown): string {
  try {
    work();
    return '';
  } catch (error) {
    return `${String((error as Error).message)} ${inspect(error, { depth: 10, showHidden: true }).replaceAll(/^ {4}at .*$/gm, '')}`;
  }
}

describe('a refusal of a URL', () => {
  const urls = fc.tuple(passwords, fc.boolean()).chain(([password, encoded]) => {
    const secret = encoded ? encodeURIComponent(password) : password;
    return fc
      .constantFrom(
        `postgresql://user:${secret}@host:70000/db`,
        `postgresql://user:${secret}@host:port/db`,
        `postgresql://user:${secret}@ho st/db`,
        `postgresql://user:${secret}@[::1/db`,
        `postgresql://user:${secret}@a,b/db`,
        `postgresql://user:${secret}@host/db?sslmode=no`,
        `postgresql://user:${secret}@host/%zz`,
        `postgresql://user:${secret}@host/db`,
        `postgresql://:${secret}@host/db`,
        `mysql://user:${secret}@host/db`,
        `user:${secret}@host/db`,
        `postgresql://host/db?password=${secret}&port=x`,
        `postgresql://host/db?password=${secret}`,
      )
      .map(url => ({ url, password }));
  });

  it('never shows the password', () => {
    fc.assert(
      fc.property(urls, ({ url, password }) => {
        const words = thrown(() => parseAddress(url, 'database-url'));
        for (const secret of [password, encodeURIComponent(password)])
          assert.ok(!words.includes(secret) && !words.includes(JSON.stringify(secret).slice(1, -1)), words);
      }),
      { numRuns: 1000 },
    );
  });

  it('never shows it as an input either', () => {
    fc.assert(
      fc.property(
        urls,
        fc.constantFrom('STORE', 'BACKUP', 'KIND', 'NAME', 'JOBS', 'DATABASE-URL', 'ACCEPT'),
        ({ url, password }, input) => {
          const environment = {
            INPUT_COMMAND: input === 'BACKUP' ? 'verify' : 'backup',
            INPUT_STORE: 's',
            INPUT_RECIPIENTS: 'r',
          };
          const words = thrown(() => readInputs(readAction({ ...environment, [`INPUT_${input}`]: url }), {}));
          assert.ok(!words.includes(password), words);
        },
      ),
    );
  });
});
