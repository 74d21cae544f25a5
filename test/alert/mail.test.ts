import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { type Mail, sendMail } from '../../src/alert/mail.ts';
import { parseSmtpUrl } from '../../src/alert/smtp-url.ts';
import { Failure } from '../../src/failure.ts';
import { type MailServer, type MailServerOptions, makeCertificate, startMailServer, trust } from './mail-server.ts';
import { sampleNotice, testMeans } from './receiver.ts';

const account = { user: 'backups@example.com', password: 'pä$$ w:rd' };
const credentials = `${encodeURIComponent(account.user)}:${encodeURIComponent(account.password)}`;

function mailTo(url: string, ...recipients: string[]): Mail {
  return { server: parseSmtpUrl(url, 'smtp-url'), from: 'backups@example.com', recipients };
}

/** A server with STARTTLS, a trusted certificate and an account; undefined after the test was marked as skipped. */
async function startTrusted(t: TestContext, more: MailServerOptions = {}): Promise<MailServer | undefined> {
  const certificate = await makeCertificate(t);
  if (certificate === undefined) return undefined;
  trust(t, certificate);
  return startMailServer(t, { certificate, startsTls: true, account, ...more });
}

/** A server on this machine without anything. */
async function startPlain(t: TestContext): Promise<{ server: MailServer; mail: Mail }> {
  const server = await startMailServer(t);
  return { server, mail: mailTo(`smtp://127.0.0.1:${server.port}?tls=none`, 'team@example.com') };
}

describe('an e-mail', () => {
  for (const [scheme, options] of [
    ['smtp', {}],
    ['smtps', { isSecure: true, startsTls: false }],
  ] as const)
    it(`goes by ${scheme} over TLS, with a password, to everyone`, async t => {
      const server = await startTrusted(t, options);
      if (!server) return;
      const mail = mailTo(`${scheme}://${credentials}@127.0.0.1:${server.port}`, 'team@example.com', 'ops@example.com');
      await sendMail(mail, sampleNotice({ details: 'Grüße\n.\n..dots' }), testMeans().means);
      assert.equal(server.mails.length, 1);
      const [{ from, to, data, isEncrypted, user } = {}] = server.mails;
      assert.deepEqual(
        [from, to, isEncrypted, user],
        ['backups@example.com', ['team@example.com', 'ops@example.com'], true, account.user],
      );
      const [head = '', ...rest] = String(data).split('\r\n\r\n');
      const body = rest.join('\r\n\r\n');
      assert.match(head, /^From: "pg-lifeboat" <backups@example.com>$/m);
      assert.match(head, /^Subject: \[pg-lifeboat\] shop: backup failed$/m);
      assert.match(head, /^Auto-Submitted: auto-generated$/m);
      assert.match(head, /^Content-Type: text\/plain; charset=utf-8$/m);
      assert.match(head, /^Message-ID: <[0-9a-f-]{36}@example.com>$/m);
      const text = Buffer.from(
        body
          .replaceAll(/=\r\n/g, '')
          .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
        'latin1',
      ).toString();
      assert.match(text, /^shop: backup failed\r\n2026-11-25 03:17 UTC\r\nbackup: failed: the disk is full\r\n/);
      assert.match(text, /\r\nGrüße\r\n\.\r\n\.\.dots\r\n/);
      assert.match(text, /\r\nOpen the run: https:\/\/github.com\/me\/shop\/actions\/runs\/7\/attempts\/1\r\n/);
      assert.ok(server.said.every(({ line, isEncrypted }) => isEncrypted || !/AUTH|MAIL|shop/.test(line)));
    });

  it('says nothing to a server whose certificate nobody vouches for', async t => {
    const certificate = await makeCertificate(t);
    if (!certificate) return;
    const server = await startMailServer(t, { certificate, startsTls: true, account });
    const mail = mailTo(`smtp://${credentials}@127.0.0.1:${server.port}`, 'team@example.com');
    await assert.rejects(
      sendMail(mail, sampleNotice(), testMeans().means),
      /self-signed certificate.*, in each of 3 tries/,
    );
    assert.deepEqual(server.mails, []);
    assert.deepEqual([...new Set(server.said.map(({ line }) => line.split(' ')[0]))], ['EHLO', 'STARTTLS']);
  });

  it('says nothing to a server whose certificate is for another host', async t => {
    const server = await startTrusted(t);
    if (!server) return;
    const mail = mailTo(`smtp://${credentials}@localhost:${server.port}`, 'team@example.com');
    await assert.rejects(sendMail(mail, sampleNotice(), testMeans().means), /Hostname\/IP does not match/);
    assert.ok(server.said.every(({ line }) => !/AUTH|MAIL/.test(line)));
  });

  it('says nothing where STARTTLS is not there, or was taken out on the way', async t => {
    const server = await startMailServer(t, { account });
    const mail = mailTo(`smtp://${credentials}@127.0.0.1:${server.port}`, 'team@example.com');
    await assert.rejects(sendMail(mail, sampleNotice(), testMeans().means), {
      message: 'Error upgrading connection with STARTTLS: 502 5.5.1 not implemented',
    });
    assert.deepEqual(server.mails, []);
    assert.ok(server.said.every(({ line }) => !/AUTH|MAIL/.test(line)));
  });

  it('is told by its subject alone, whatever the name', async t => {
    const { server, mail } = await startPlain(t);
    const outcomes = [
      { condition: 'backup', outcome: 'failure' as const, cause: 'x\r\nBcc: evil@evil.test\r\n\r\nbody' },
    ];
    await sendMail(mail, sampleNotice({ name: 'shop\r\nBcc: evil@evil.test', outcomes }), testMeans().means);
    const [head = ''] = String(server.mails[0]?.data).split('\r\n\r\n');
    assert.doesNotMatch(head, /^Bcc/im);
    assert.match(head, /^Subject: \[pg-lifeboat\] shop \| Bcc: evil@evil.test: backup failed$/m);
    assert.deepEqual(server.mails[0]?.to, ['team@example.com']);
  });

  const passing: [what: string, to: string, answer: string][] = [
    ['a greeting that says later', 'hello', '421 4.3.2 try again later'],
    ['greylisting', 'RCPT team@example.com', '450 4.2.0 greylisted'],
    ['a full disk there', 'END', '452 4.3.1 out of storage'],
    ['a connection that is reset', 'MAIL', 'reset'],
    ['a connection that is reset after all was said', 'END', 'reset'],
    ['a greeting that never comes', 'hello', 'silence'],
    ['silence in the middle', 'DATA', 'silence'],
  ];
  for (const [what, to, answer] of passing)
    it(`is sent again after ${what}`, async t => {
      const { server, mail } = await startPlain(t);
      server.replies.push({ to, answer });
      const { means, waits } = testMeans(1000);
      await sendMail(mail, sampleNotice(), means);
      assert.deepEqual([server.mails.length, server.connections, waits], [1, 2, [2]]);
    });

  it('has the same id at each try', async t => {
    const { server, mail } = await startPlain(t);
    server.replies.push({ to: 'END', answer: '451 4.3.0 taken all the same' });
    await sendMail(mail, sampleNotice(), testMeans().means);
    const ids = server.said.filter(({ line }) => line.startsWith('Message-ID')).map(({ line }) => line);
    assert.deepEqual([ids.length, new Set(ids).size], [2, 1]);
  });

  it('is given up after three tries', async t => {
    const { server, mail } = await startPlain(t);
    for (const to of ['hello', 'DATA', 'hello']) server.replies.push({ to, answer: 'silence' });
    const { means, waits } = testMeans(200);
    await assert.rejects(sendMail(mail, sampleNotice(), means), {
      message: 'no answer within 0.2 s, in each of 3 tries',
    });
    assert.deepEqual([server.connections, waits], [3, [2, 4]]);
  });

  for (const to of ['hello', 'MAIL', 'DATA', 'END'])
    it(`says that nobody answered ${to}`, async t => {
      const { server, mail } = await startPlain(t);
      for (let tries = 0; tries < 3; tries += 1) server.replies.push({ to, answer: 'silence' });
      await assert.rejects(sendMail(mail, sampleNotice(), testMeans(300).means), {
        message: 'no answer within 0.3 s, in each of 3 tries',
      });
    });

  it('is not sent again where it was refused', async t => {
    const server = await startTrusted(t);
    if (!server) return;
    const wrong = mailTo(
      `smtp://${encodeURIComponent(account.user)}:wrong-password@127.0.0.1:${server.port}`,
      'team@example.com',
    );
    const { means, waits } = testMeans();
    await assert.rejects(sendMail(wrong, sampleNotice(), means), {
      message: 'Invalid login: 535 5.7.8 Authentication failed',
    });
    const mail = mailTo(`smtp://${credentials}@127.0.0.1:${server.port}`, 'team@example.com');
    server.replies.push({ to: 'END', answer: '554 5.7.1 looks like spam' });
    await assert.rejects(sendMail(mail, sampleNotice(), means), {
      message: 'Message failed: 554 5.7.1 looks like spam',
    });
    assert.deepEqual([server.connections, waits], [2, []]);
  });

  it('is no success where one of the recipients was refused', async t => {
    const { server } = await startPlain(t);
    const mail = mailTo(`smtp://127.0.0.1:${server.port}?tls=none`, 'team@example.com', 'gone@example.com');
    server.replies.push({ to: 'RCPT gone@example.com', answer: '550 5.1.1 no such user' });
    await assert.rejects(sendMail(mail, sampleNotice(), testMeans().means), {
      message: 'the server refused 1 of 2 recipients: 550 5.1.1 no such user',
    });
    assert.deepEqual([server.mails.length, server.mails[0]?.to], [1, ['team@example.com']]);
  });

  it('ends at once when the run is cancelled', async t => {
    const { server, mail } = await startPlain(t);
    server.replies.push({ to: 'hello', answer: 'silence' });
    const cancelling = new AbortController();
    const sending = sendMail(mail, sampleNotice(), { ...testMeans(60_000).means, signal: cancelling.signal });
    setTimeout(() => cancelling.abort(new Error('cancelled by SIGTERM')), 100);
    await assert.rejects(sending, { message: 'cancelled by SIGTERM' });
  });
});

describe('the address of a mail server', () => {
  it('is understood', () => {
    const plain = { user: undefined, password: undefined };
    assert.deepEqual(parseSmtpUrl('smtps://u%40e.com:p%3Aw@mail.example.com', 'smtp-url'), {
      host: 'mail.example.com',
      port: 465,
      tls: 'at once',
      user: 'u@e.com',
      password: 'p:w',
    });
    assert.deepEqual(parseSmtpUrl('smtp://mail.example.com/', 'smtp-url'), {
      host: 'mail.example.com',
      port: 587,
      tls: 'by STARTTLS',
      ...plain,
    });
    assert.deepEqual(parseSmtpUrl('smtp://[::1]:2525?tls=none', 'smtp-url'), {
      host: '::1',
      port: 2525,
      tls: 'none',
      ...plain,
    });
  });

  const form = 'it may be smtps://user:password@host:465, or smtp://user:password@host:587 for STARTTLS';
  const refused: [text: string, message: string, hint: string][] = [
    ...[
      'geheim',
      'https://geheim@host',
      'smtp://',
      'smtp://u:geheim@:25',
      'smtps://u:ge#heim@host',
      'smtps://u:ge/heim@host',
      'smtps://u:p@host:geheim',
    ].map(
      text =>
        [text, 'is no address of a mail server', `${form}; a password percent-encoded`] as [string, string, string],
    ),
    ['smtps://u:p@host/geheim', 'has more than a server', `${form}; a password percent-encoded`],
    ['smtps://u:p@host#geheim', 'has more than a server', `${form}; a password percent-encoded`],
    ['smtps://geheim@host', 'has a user without a password, or the other way', form],
    ['smtps://:geheim@host', 'has a user without a password, or the other way', form],
    ['smtps://u:geheim%zz@host', 'is not percent-encoded as it must be', 'write a % as %25'],
    ['smtp://host?tls=geheim', 'has a parameter that is not known', 'it may be tls=none, on this machine alone'],
    [
      'smtp://localhost?tls.rejectUnauthorized=geheim',
      'has a parameter that is not known',
      'it may be tls=none, on this machine alone',
    ],
    [
      'smtp://localhost?tls=none&geheim=1',
      'has a parameter that is not known',
      'it may be tls=none, on this machine alone',
    ],
    ['smtps://localhost?tls=none', 'has tls=none beside smtps', 'leave out one of them'],
    [
      'smtp://u:geheim@mail.example.com?tls=none',
      'has tls=none for another machine',
      'without TLS anyone on the way can read it; leave it out',
    ],
    [
      'smtp://127.0.0.1.evil.test?tls=none',
      'has tls=none for another machine',
      'without TLS anyone on the way can read it; leave it out',
    ],
  ];
  for (const [text, problem, hint] of refused)
    it(`is refused as ${text.replaceAll('geheim', '…')}, without a word of it`, () => {
      assert.throws(
        () => parseSmtpUrl(text, 'smtp-url'),
        (error: unknown) => {
          assert.ok(error instanceof Failure);
          assert.deepEqual([error.message, error.hint, error.exitStatus], [`input smtp-url ${problem}`, hint, 64]);
          return !JSON.stringify([error.message, error.hint, error.cause]).includes('geheim');
        },
      );
    });
});
