import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { sendMail } from '../../src/alert/mail.ts';
import { parseSmtpUrl } from '../../src/alert/smtp-url.ts';
import { type AlertResult, alert } from '../../src/commands/alert.ts';
import type { Context } from '../../src/commands/context.ts';
import { presentAlert } from '../../src/report/present-alert.ts';
import { lifeboat, resultOf } from '../support/lifeboat.ts';
import { needsProgram } from '../support/programs.ts';
import { type Exim, type EximOptions, isListening, needsExim, startExim } from './exim.ts';
import { makeCertificate, trust } from './mail-server.ts';
import { read } from './read.ts';
import { sampleNotice, testMeans } from './receiver.ts';

const account = { user: 'backups@example.com', password: 'pä$$ w:rd' };
const both = ['team@example.com', 'ops@example.com'];
const encoded = encodeURIComponent(account.password);

function urlOf({ port }: Exim, scheme: 'smtp' | 'smtps', password = account.password): string {
  return `${scheme}://${encodeURIComponent(account.user)}:${encodeURIComponent(password)}@127.0.0.1:${port}`;
}

/** A server whose certificate this process trusts; undefined after the test was marked as skipped. */
async function needsTrusted(t: TestContext, options: Partial<EximOptions> = {}): Promise<Exim | undefined> {
  const certificate = await makeCertificate(t);
  if (certificate === undefined) return undefined;
  trust(t, certificate);
  return needsExim(t, { account, certificate, ...options });
}

/** One run of `alert` with nothing but a mail to send; it must not be red. */
async function tell(inputs: Record<string, string>) {
  const warnings: string[] = [];
  const log = { info: () => undefined, debug: () => undefined, warn: (line: string) => void warnings.push(line) };
  const { means, waits } = testMeans();
  const context = { log, signal: means.signal, now: () => new Date('2026-11-25T03:17:42Z'), version: '1.2.3' };
  const given = read({ 'alert-mail': both.join('\n'), outcomes: 'backup: failure the disk is full', ...inputs });
  const { pause, timeoutMilliseconds } = means;
  const result = await alert(given, context as unknown as Context, { pause, timeoutMilliseconds });
  const presented = presentAlert(result);
  assert.equal(presented.exitStatus, 0);
  assertNoSecret(inspect([result, warnings, presented], { depth: 10 }));
  return { mail: result.channels[0], warnings, waits };
}

function assertNoSecret(text: string): void {
  for (const secret of [account.password, encoded, 'wrong-password', Buffer.from(account.password).toString('base64')])
    assert.ok(!text.includes(secret), `${secret} in ${text}`);
}

describe('an e-mail through a real server', () => {
  for (const [scheme, authentication, options] of [
    ['smtps', 'PLAIN', { isSecure: true }],
    ['smtp', 'LOGIN', {}],
  ] as const)
    it(`arrives whole by ${scheme} and AUTH ${authentication}, for everyone`, async t => {
      const exim = await needsTrusted(t, { authentication, ...options });
      if (!exim) return;
      const recipients = [...both, 'dba@example.net'];
      const mail = {
        server: parseSmtpUrl(urlOf(exim, scheme), 'smtp-url'),
        from: 'backups@example.com',
        recipients,
      };
      const name = `Grüße aus dem Geschäft „Übermut“, ${'日本語'.repeat(20)}\r\nBcc: evil@evil.test`;
      const details = `Grüße, 日本語 🛟\n.\n..dots\nFrom here\n\n${'long '.repeat(300)}end\nBcc: evil@evil.test`;
      await sendMail(mail, sampleNotice({ name, details }), testMeans().means);

      const mails = await exim.delivered();
      assert.equal(mails.length, 1);
      const [{ from, to, received, head, subject, body, raw } = assert.fail()] = mails;
      assert.deepEqual([from, to], ['backups@example.com', recipients]);
      assert.match(received, /^from .* by mail\.test with esmtpsa {1,2}\(TLS1\.[23]\) /);
      assert.match(await exim.log(), /A=login:backups@example\.com /);
      const title = name.replace('\r\n', ' | ');
      assert.equal(subject, `[pg-lifeboat] ${title}: backup failed`);
      assert.match(head, /^From: "?pg-lifeboat"? <backups@example\.com>$/m);
      assert.match(head, /^To: team@example\.com, ops@example\.com, dba@example\.net$/m);
      assert.match(head, /^Message-ID: <[0-9a-f-]{36}@example\.com>$/m);
      assert.match(head, /^Date: .+$/m);
      assert.match(head, /^Auto-Submitted: auto-generated$/m);
      assert.match(head, /^MIME-Version: 1\.0$/m);
      assert.match(head, /^Content-Type: text\/plain; charset=utf-8$/m);
      assert.doesNotMatch(head, /^Bcc/im);
      // no server need take a longer line (RFC 5321, 4.5.3.1.6), and none but ASCII
      assert.ok(raw.split('\n').every(line => line.length <= 998 && /^[\t\x20-\x7e]*$/.test(line)));
      assert.ok(
        body.includes(`: backup failed\n2026-11-25 03:17 UTC\nbackup: failed: the disk is full\n\n${details}\n`),
      );
      assert.match(body, /\nOpen the run: https:\/\/github\.com\/me\/shop\/actions\/runs\/7\/attempts\/1\s*$/);
      assertNoSecret(`${raw}${body}${await exim.log()}`);
    });

  it('goes where a runner has the authority in NODE_EXTRA_CA_CERTS, without a secret of the details', async t => {
    const certificate = await makeCertificate(t);
    const exim = certificate && (await needsExim(t, { account, certificate }));
    if (!exim) return;
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-authority-'));
    t.after(() => rm(folder, { recursive: true }));
    const authority = join(folder, 'authority.pem');
    await writeFile(authority, certificate.cert);
    const inputs = {
      name: 'shop',
      outcomes: 'backup: failure the disk is full',
      'alert-mail': both.join('\n'),
      'smtp-url': urlOf(exim, 'smtp'),
      details: `it was ${account.password}, so ${urlOf(exim, 'smtp')}`,
    };
    const env = { NODE_EXTRA_CA_CERTS: authority };
    const ran = await lifeboat('alert', inputs, { env });
    assert.deepEqual(resultOf<AlertResult>(ran).channels, [{ channel: 'mail', outcome: 'sent', problem: null }]);
    const [{ to, subject, body, raw } = assert.fail(), ...more] = await exim.delivered();
    assert.deepEqual([to, subject, more], [both, '[pg-lifeboat] shop: backup failed', []]);
    assert.match(body, /^it was \*\*\*, so \*\*\*$/m);
    assertNoSecret(`${raw}${body}${ran.stdout}${ran.stderr}`);

    const wrong = await lifeboat('alert', { ...inputs, 'smtp-url': urlOf(exim, 'smtp', 'wrong-password') }, { env });
    assert.deepEqual([wrong.status, resultOf<AlertResult>(wrong).channels[0]?.outcome], [0, 'failed']);
    assert.match(wrong.stderr, /the alert by e-mail failed: Invalid login: 535 Incorrect authentication data/);
    assertNoSecret(`${wrong.stdout}${wrong.stderr}`);
    assert.equal((await exim.delivered()).length, 1);
  });

  it('is a warning where the password is wrong, and is not tried again', async t => {
    const exim = await needsTrusted(t);
    if (!exim) return;
    const { mail, warnings, waits } = await tell({ 'smtp-url': urlOf(exim, 'smtp', 'wrong-password') });
    assert.deepEqual(warnings, ['the alert by e-mail failed: Invalid login: 535 Incorrect authentication data']);
    assert.deepEqual([mail?.outcome, waits, await exim.delivered()], ['failed', [], []]);
    assert.match(await exim.log(), /login authenticator failed/);
  });

  for (const [scheme, isSecure] of [
    ['smtp', false],
    ['smtps', true],
  ] as const)
    it(`is a warning where nobody vouches for the certificate of ${scheme}, and nothing was said`, async t => {
      const certificate = await makeCertificate(t);
      const exim = certificate && (await needsExim(t, { account, certificate, isSecure }));
      if (!exim) return;
      const { mail, warnings } = await tell({ 'smtp-url': urlOf(exim, scheme) });
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', /^the alert by e-mail failed: .*self-signed certificate/);
      assert.deepEqual([mail?.outcome, await exim.delivered()], ['failed', []]);
      assert.doesNotMatch(await exim.log(), /authenticator|backups@example|<=/);
    });

  it('is a warning where the server has no STARTTLS, and no password was said', async t => {
    const exim = await needsExim(t, { account });
    if (!exim) return;
    const { mail, warnings } = await tell({ 'smtp-url': urlOf(exim, 'smtp', 'wrong-password') });
    assert.deepEqual(warnings, [
      'the alert by e-mail failed: Error upgrading connection with STARTTLS: 503 STARTTLS command used when not advertised',
    ]);
    assert.deepEqual([mail?.outcome, await exim.delivered()], ['failed', []]);
    assert.doesNotMatch(await exim.log(), /authenticator|backups@example|<=/);
  });

  it('is a warning with the reason where one of the recipients is refused, and reaches the other', async t => {
    const exim = await needsTrusted(t);
    if (!exim) return;
    const { mail, warnings, waits } = await tell({
      'smtp-url': urlOf(exim, 'smtp'),
      'alert-mail': 'gone@example.com\nteam@example.com',
    });
    assert.deepEqual(warnings, [
      'the alert by e-mail failed: the server refused 1 of 2 recipients: 550 no such user (see alert-mail)',
    ]);
    const mails = await exim.delivered();
    assert.deepEqual([mail?.outcome, waits, mails.map(({ to }) => to)], ['failed', [], [['team@example.com']]]);
  });

  it('is a warning where every recipient is refused', async t => {
    const exim = await needsTrusted(t);
    if (!exim) return;
    const { mail, warnings } = await tell({ 'smtp-url': urlOf(exim, 'smtp'), 'alert-mail': 'gone@example.com' });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /^the alert by e-mail failed: .*rejected: 550 no such user$/);
    assert.deepEqual([mail?.outcome, await exim.delivered()], ['failed', []]);
  });

  it('is a warning where it is larger than the server takes, and is not tried again', async t => {
    const exim = await needsTrusted(t, { mostBytes: 1000 });
    if (!exim) return;
    const { mail, warnings, waits } = await tell({ 'smtp-url': urlOf(exim, 'smtp'), details: 'long '.repeat(300) });
    assert.deepEqual(warnings, [
      'the alert by e-mail failed: Message failed: 552 Message size exceeds maximum permitted',
    ]);
    assert.deepEqual([mail?.outcome, waits, await exim.delivered()], ['failed', [], []]);
  });
});

describe('the mail server of the tests', () => {
  it('listens no more once it was stopped', async t => {
    const exim = await needsExim(t, { account });
    if (!exim) return;
    assert.equal(await isListening(exim.port), true);
    await exim.stop();
    assert.equal(await isListening(exim.port), false);
  });

  it('says why it does not start', async t => {
    const program = await needsProgram(t, 'exim4');
    if (program === undefined) return;
    const authentication = 'LOGIN\n  driver = nonsense' as 'LOGIN';
    await assert.rejects(startExim(program, { account, authentication }), /exim4 does not start: [^]*"driver"/);
  });
});
