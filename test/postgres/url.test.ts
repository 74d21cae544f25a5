import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isName } from '../../src/catalog/key.ts';
import { Failure } from '../../src/failure.ts';
import { defaultName, providerOf } from '../../src/postgres/provider.ts';
import { type Address, describeAddress, parseAddress, sslModes } from '../../src/postgres/url.ts';

const parse = (url: string) => parseAddress(url, 'database-url');

function refusal(url: string): string {
  try {
    parse(url);
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.exitStatus, 64);
    return error.message;
  }
  return assert.fail(`not refused: ${url}`);
}

const texts = fc
  .string({
    unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.constantFrom(...'@:/?#%&+= [].,\\')),
    minLength: 1,
  })
  .filter(text => text.isWellFormed() && !text.includes('\0'));

describe('a connection URL', () => {
  it('is taken apart', () => {
    assert.deepEqual(
      parse('postgresql://me:se%63ret@db.example.com:6000/shop?sslmode=verify-full&sslrootcert=/ca.pem'),
      {
        host: 'db.example.com',
        port: 6000,
        user: 'me',
        password: 'secret',
        database: 'shop',
        sslMode: 'verify-full',
        sslRootCert: '/ca.pem',
        channelBinding: undefined,
        options: undefined,
        saysPgBouncer: false,
        ignored: [],
      },
    );
  });

  it('has the defaults of libpq', () => {
    const { port, database, password, sslMode } = parse('postgres://me@host');
    assert.deepEqual(
      { port, database, password, sslMode },
      { port: 5432, database: 'me', password: undefined, sslMode: 'prefer' },
    );
  });

  it('carries any user, password and database, percent-encoded', () => {
    fc.assert(
      fc.property(texts, texts, texts, (user, password, database) => {
        const address = parse(
          `postgresql://${[user, password].map(encodeURIComponent).join(':')}@host/${encodeURIComponent(database)}`,
        );
        assert.deepEqual([address.user, address.password, address.database], [user, password, database]);
      }),
    );
  });

  it('carries them as parameters too, which come first', () => {
    fc.assert(
      fc.property(texts, texts, texts, texts, (user, password, dbname, options) => {
        const query = Object.entries({ user, password, dbname, options }).map(
          ([name, value]) => `${name}=${encodeURIComponent(value)}`,
        );
        const address = parse(`postgresql://other:word@host/name?${query.join('&')}`);
        assert.deepEqual(
          [address.user, address.password, address.database, address.options],
          [user, password, dbname, options],
        );
      }),
    );
  });

  it('takes a plus for a plus, as libpq does', () => {
    assert.equal(parse('postgresql://me@host/db?password=a+b').password, 'a+b');
    assert.equal(parse('postgresql://me:a+b@host/db').password, 'a+b');
  });

  it('leads to IPv6', () => {
    for (const url of ['postgresql://me@[2001:db8::1]:6000/db', 'postgresql://me@/db?host=2001:db8::1&port=6000']) {
      const address = parse(url);
      assert.deepEqual([address.host, address.port], ['2001:db8::1', 6000]);
      assert.equal(describeAddress(address), 'me@[2001:db8::1]:6000/db');
    }
  });

  it('leads to a socket', () => {
    for (const url of [
      'postgresql://me:secret@/db?host=/run/postgresql',
      'postgresql://me:secret@%2Frun%2Fpostgresql/db',
      'postgresql:///db?user=me&password=secret&host=/run/postgresql',
      'postgresql://me:secret@?host=/run/postgresql&dbname=db',
    ]) {
      const { host, user, password, database } = parse(url);
      assert.deepEqual([host, user, password, database], ['/run/postgresql', 'me', 'secret', 'db'], url);
    }
  });

  it('without a host leads to this machine', () => {
    assert.equal(parse('postgresql://me@/db').host, 'localhost');
    assert.equal(parse('postgresql:///db?user=me').host, 'localhost');
  });

  it('takes an @ or a : of the password as it is', () => {
    assert.deepEqual(
      [parse('postgresql://me:p@ss:w@host/db').password, parse('postgresql://me:p@ss:w@host/db').host],
      ['p@ss:w', 'host'],
    );
  });

  it('may name each sslmode', () => {
    for (const mode of sslModes) assert.equal(parse(`postgresql://me@host/db?sslmode=${mode}`).sslMode, mode);
  });

  it('tells which of its parameters mean nothing', () => {
    const { ignored, saysPgBouncer } = parse(
      'postgresql://me@host/db?schema=public&pgbouncer=true&connection_limit=1&connect_timeout=5',
    );
    assert.deepEqual(ignored, ['schema', 'connection_limit']);
    assert.ok(saysPgBouncer);
  });

  it('that cannot be understood is refused', () => {
    for (const [url, words] of [
      ['', 'is no Postgres URL'],
      ['mysql://me@host/db', 'is no Postgres URL'],
      ['host=localhost dbname=x', 'is no Postgres URL'],
      ['postgresql://host/db', 'names no user'],
      ['postgresql://me@a,b/db', 'names several hosts'],
      ['postgresql://me@/db?host=a,b', 'names several hosts'],
      ['postgresql://me@host/db?sslmode=yes', 'has an unknown sslmode'],
      ['postgresql://me@host:0/db', 'has a port that is no port'],
      ['postgresql://me@/db?port=70000', 'has a port that is no port'],
      ['postgresql://me@/db?port=5432.5', 'has a port that is no port'],
      ['postgresql://me@/db?port=0x1000', 'has a port that is no port'],
      ['postgresql://me@host:70000/db', 'has a port that is no port'],
      ['postgresql://me@h1:1,h2:2/db', 'names several hosts'],
      ['postgresql://me:pass/word@host/db', 'cannot be read as a URL'],
      ['postgresql://me@ho st/db', 'cannot be read as a URL'],
      ['postgresql://me:a#b@host/db', 'cannot be read as a URL'],
      ['postgresql://me:50%@host/db', 'has a % that begins no code'],
      ['postgresql://me:50%00@host/db', 'holds %00'],
      ['postgresql://me@host/db?password=50%00', 'holds %00'],
    ] as const)
      assert.equal(refusal(url), `input database-url ${words}`, url);
  });

  it('is understood or refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), rest => {
        try {
          parse(`postgresql://${rest}`);
        } catch (error) {
          assert.ok(error instanceof Failure, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });
});

const address = (more: Partial<Address>): Address => ({ ...parse('postgresql://postgres@host/db'), ...more });

describe('the provider', () => {
  it('is known by the host, with what tells its databases apart', () => {
    for (const [host, user, name, handle] of [
      ['aws-0-eu-central-1.pooler.supabase.com', 'postgres.abcdefgh', 'supabase', 'abcdefgh'],
      ['db.abcdefgh.supabase.co', 'postgres', 'supabase', 'abcdefgh'],
      ['ep-cool-name-123.eu-central-1.aws.neon.tech', 'me', 'neon', 'ep-cool-name-123'],
      ['ep-cool-name-123-pooler.eu-central-1.aws.neon.tech', 'me', 'neon', 'ep-cool-name-123'],
      ['shop.c1abc.eu-central-1.rds.amazonaws.com', 'me', 'rds', 'shop'],
      ['shop.cluster-c1abc.cn-north-1.rds.amazonaws.com.cn', 'me', 'rds', 'shop'],
      ['db.example.com', 'me', 'other', 'db.example.com'],
      ['pooler.supabase.com.evil.example', 'me', 'other', 'pooler.supabase.com.evil.example'],
    ] as const) {
      const found = providerOf(address({ host, user }));
      assert.deepEqual([found.name, found.handle], [name, handle], host);
    }
  });

  it('has a pooler in transaction mode where its address says so', () => {
    const remedy = (more: Partial<Address>) => providerOf(address(more)).transactionPooler;
    const pooler = { host: 'aws-0-eu.pooler.supabase.com', user: 'postgres.ref' };
    assert.match(remedy({ ...pooler, port: 6543 }) ?? '', /port 5432 and user postgres\.ref/);
    assert.equal(remedy({ ...pooler, port: 5432 }), undefined);
    const neon = 'ep-a-b-pooler.eu.aws.neon.tech';
    assert.match(remedy({ host: neon }) ?? '', /ep-a-b\.eu\.aws\.neon\.tech$/);
    assert.equal(remedy({ host: 'ep-a-b.eu.aws.neon.tech' }), undefined);
    assert.equal(remedy({ host: 'db.example.com' }), undefined);
  });

  it('has one where the URL says pgbouncer=true, whatever the provider', () => {
    for (const host of [
      'db.example.com',
      'ep-a-b.eu.aws.neon.tech',
      'aws-0-eu.pooler.supabase.com',
      'x.y.rds.amazonaws.com',
    ])
      assert.match(providerOf(address({ host, saysPgBouncer: true })).transactionPooler ?? '', /pgbouncer=true/, host);
  });

  it('of a Supabase database knows the way by IPv4', () => {
    assert.match(providerOf(address({ host: 'db.ref.supabase.co' })).onlyIpv6Remedy, /session pooler.*postgres\.ref/);
  });
});

describe('the default name of a database', () => {
  it('is of provider and database', () => {
    assert.equal(defaultName(address({ host: 'db.ref.supabase.co', database: 'postgres' })), 'ref-postgres');
    assert.equal(defaultName(address({ host: 'db.example.com', database: 'my shop' })), 'db.example.com-my-shop');
    assert.equal(defaultName(address({ host: '/run/postgresql', database: 'shop' })), 'run-postgresql-shop');
  });

  it('is a name that the store takes, whatever host and database are called', () => {
    fc.assert(
      fc.property(texts, texts, (host, database) => assert.ok(isName(defaultName(address({ host, database }))))),
    );
  });
});
