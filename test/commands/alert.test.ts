import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { type AlertResult, alert } from '../../src/commands/alert.ts';
import type { Context } from '../../src/commands/context.ts';
import { presentAlert } from '../../src/report/present-alert.ts';
import { type IssueServer, startIssueServer, workflowToken } from '../alert/github.ts';
import { type MailServer, startMailServer } from '../alert/mail-server.ts';
import { read, workflow } from '../alert/read.ts';
import { type Receiver, startReceiver } from '../alert/receiver.ts';

/** Everything that an alert may be sent to, all of it real and local. */
interface World {
  github: IssueServer;
  webhook: Receiver;
  heartbeat: Receiver;
  mail: MailServer;
  inputs: Record<string, string>;
}

const tokens = {
  webhook: 'T0KEN-of-the-webhook',
  signing: 'the key that signs it',
  heartbeat: '5c0de000-of-the-heartbeat',
  password: 'pa$$word-of-the-mail',
};

async function startWorld(t: TestContext): Promise<World> {
  const [github, webhook, heartbeat, mail] = await Promise.all([
    startIssueServer(t),
    startReceiver(t),
    startReceiver(t),
    startMailServer(t, { account: { user: 'backups@example.com', password: tokens.password } }),
  ]);
  return {
    github,
    webhook,
    heartbeat,
    mail,
    inputs: {
      'alert-issue': 'true',
      'github-token': workflowToken,
      'alert-webhook': `${webhook.origin}/in/${tokens.webhook}`,
      'alert-webhook-secret': tokens.signing,
      'alert-mail': 'team@example.com',
      'smtp-url': `smtp://backups%40example.com:${encodeURIComponent(tokens.password)}@127.0.0.1:${mail.port}?tls=none`,
      'heartbeat-url': `${heartbeat.origin}/${tokens.heartbeat}`,
    },
  };
}

interface Told {
  result: AlertResult;
  warnings: string[];
  /** All that was said or given, for a look at what must not be in it. */
  all: string;
  waits: number[];
}

async function tell(
  { github, inputs }: World,
  more: Record<string, string>,
  signal = new AbortController().signal,
): Promise<Told> {
  const lines: string[] = [];
  const warnings: string[] = [];
  const waits: number[] = [];
  const log = {
    info: (line: string) => void lines.push(line),
    warn: (line: string) => void warnings.push(line),
    debug: (line: string) => void lines.push(line),
  } as unknown as Context['log'];
  const context = {
    log,
    signal,
    now: () => new Date('2026-11-25T03:17:42Z'),
    version: '1.2.3',
  } as unknown as Context;
  const environment = { ...workflow, GITHUB_API_URL: github.apiUrl };
  const parts = {
    pause: async (milliseconds: number) => void waits.push(milliseconds / 1000),
    timeoutMilliseconds: 2000,
  };
  const result = await alert(read({ ...inputs, ...more }, environment), context, parts);
  const { text, summary, outputs, exitStatus } = presentAlert(result);
  assert.equal(exitStatus, 0);
  return { result, warnings, waits, all: inspect([result, warnings, lines, text, summary, outputs], { depth: 10 }) };
}

const outcomesOf = ({ channels }: AlertResult) => channels.map(({ channel, outcome }) => `${channel} ${outcome}`);
const titles = ({ received }: Receiver) => received.map(({ body }) => (JSON.parse(body) as { title: string }).title);
const paths = ({ received }: Receiver) => received.map(({ path }) => path.replace(`/${tokens.heartbeat}`, ''));

function assertNoSecret(text: string): void {
  for (const secret of [...Object.values(tokens), workflowToken, encodeURIComponent(tokens.password)])
    assert.ok(!text.includes(secret), `${secret} in ${text}`);
}

describe('alert', () => {
  it('tells of a failure over every channel, and of the recovery after it', async t => {
    const world = await startWorld(t);
    const failed = await tell(world, {
      outcomes: 'backup: failure the disk is full\nverify: skipped',
      details: 'more',
    });
    assert.deepEqual(failed.result, {
      command: 'alert',
      name: 'shop',
      outcomes: [
        { condition: 'backup', outcome: 'failure', cause: 'the disk is full' },
        { condition: 'verify', outcome: 'skipped', cause: null },
      ],
      recovered: [],
      channels: ['issue', 'webhook', 'mail', 'heartbeat'].map(channel => ({ channel, outcome: 'sent', problem: null })),
      issueUrl: 'https://github.com/me/shop/issues/1',
    });
    const again = await tell(world, { outcomes: 'backup: success\nverify: success' });
    assert.deepEqual(
      [again.result.recovered, outcomesOf(again.result)],
      [['backup'], ['issue sent', 'webhook sent', 'mail sent', 'heartbeat sent']],
    );
    assert.equal(world.github.issues[0]?.state, 'closed');
    assert.deepEqual(titles(world.webhook), ['shop: backup failed', 'shop: backup went well again']);
    assert.deepEqual(paths(world.heartbeat), ['/fail', '']);
    assert.equal(world.mail.mails.length, 2);
    const [{ body } = { body: '' }] = world.webhook.received;
    assert.match(body, /"runUrl":"https:\/\/github.com\/me\/shop\/actions\/runs\/7\/attempts\/2"/);
    assert.match(body, /"issueUrl":"https:\/\/github.com\/me\/shop\/issues\/1"/);
    assert.match(world.mail.mails[1]?.data ?? '', /^Subject: \[pg-lifeboat\] shop: backup went well again\r$/m);
    assert.deepEqual([failed.warnings, again.warnings], [[], []]);
    assertNoSecret(failed.all + again.all);
  });

  it('is quiet about what is well, but for the heartbeat', async t => {
    const world = await startWorld(t);
    const { result } = await tell(world, { outcomes: 'backup: success\nprune: skipped' });
    assert.deepEqual(outcomesOf(result), [
      'issue not needed',
      'webhook not needed',
      'mail not needed',
      'heartbeat sent',
    ]);
    assert.deepEqual([world.webhook.received, world.mail.connections, world.github.issues], [[], 0, []]);
    assert.deepEqual(paths(world.heartbeat), ['']);
  });

  it('tells always where that is asked for, and of every restore', async t => {
    const world = await startWorld(t);
    await tell(world, { outcomes: 'drill: started', 'alert-on': 'always' });
    await tell(world, { outcomes: 'backup: success', 'alert-on': 'always' });
    await tell(world, { outcomes: 'restore: started' });
    await tell(world, { outcomes: 'restore: success' });
    assert.deepEqual(titles(world.webhook), [
      'shop: drill started',
      'shop: backup went well',
      'shop: restore started',
      'shop: restore went well',
    ]);
    assert.deepEqual(paths(world.heartbeat), ['/start', '', '/start', '']);
    const skipped = await tell(world, { outcomes: 'restore: skipped', 'alert-on': 'always' });
    assert.deepEqual(outcomesOf(skipped.result), [
      'issue not needed',
      'webhook not needed',
      'mail not needed',
      'heartbeat not needed',
    ]);
  });

  it('tells by each channel alone, and says so where there is none', async t => {
    const world = await startWorld(t);
    const none = {
      'alert-issue': 'false',
      'alert-webhook': '',
      'alert-webhook-secret': '',
      'alert-mail': '',
      'smtp-url': '',
      'heartbeat-url': '',
    };
    for (const [channel, names] of Object.entries({
      issue: ['alert-issue'],
      webhook: ['alert-webhook'],
      mail: ['alert-mail', 'smtp-url'],
      heartbeat: ['heartbeat-url'],
    })) {
      const own = Object.fromEntries(names.map(name => [name, world.inputs[name] ?? '']));
      const { result } = await tell(world, { ...none, ...own });
      assert.deepEqual(outcomesOf(result), [`${channel} sent`]);
    }
    const { result, all } = await tell(world, none);
    assert.deepEqual(result.channels, []);
    assert.match(all, /nobody is told: no channel is given, such as alert-issue or alert-webhook/);
    assert.match(
      presentAlert(result).text,
      /^alert for shop: nobody was told, no channel is given\ntold of: backup failure$/,
    );
  });

  it('shows what became of each channel', async t => {
    const world = await startWorld(t);
    world.webhook.answers.push({ status: 404, body: '*no* <b>service</b>\n::error::x' });
    const { result } = await tell(world, { outcomes: 'backup: failure\nprune: success' });
    const { text, summary, outputs } = presentAlert(result);
    assert.equal(
      text,
      [
        'alert for shop: issue sent, webhook failed, mail sent, heartbeat sent',
        'told of: backup failure, prune success',
        'issue: https://github.com/me/shop/issues/1',
        'webhook: it answered with status 404: *no* <b>service</b> | ::error::x',
      ].join('\n'),
    );
    assert.match(summary, /^### Alert for shop\n/);
    assert.match(summary, /\| webhook \| failed \| it answered with status 404\\: \\\*no\\\* &lt;b&gt;service/);
    assert.deepEqual(outputs, { 'issue-url': 'https://github.com/me/shop/issues/1' });
  });
});

describe('a channel that fails', () => {
  it('is a warning, tried three times, and stops no other', async t => {
    const world = await startWorld(t);
    const outage = { status: 500, body: 'oops' };
    world.webhook.answers.push(outage, outage, outage);
    world.heartbeat.answers.push({ breaks: 'reset' }, { breaks: 'silence' }, { breaks: 'reset' });
    world.mail.replies.push(...Array.from({ length: 3 }, () => ({ to: 'hello', answer: '421 4.3.2 no' })));
    for (let tries = 0; tries < 3; tries += 1) world.github.faults.push({ matches: /graphql/, status: 503 });
    const { result, warnings, waits, all } = await tell(world, {});
    assert.deepEqual(outcomesOf(result), ['issue failed', 'webhook failed', 'mail failed', 'heartbeat failed']);
    assert.deepEqual(warnings.toSorted(), [
      'the alert as a GitHub issue failed: GitHub did not do POST /graphql in 3 tries: status 503',
      'the alert by e-mail failed: Invalid greeting. response=421 4.3.2 no: 421 4.3.2 no, in each of 3 tries',
      'the alert by webhook failed: it answered with status 500: oops, in each of 3 tries',
      'the heartbeat failed: read ECONNRESET, in each of 3 tries',
    ]);
    assert.deepEqual(waits.toSorted(), [2, 2, 2, 2, 4, 4, 4, 4]);
    assert.equal(world.webhook.received.length, 3);
    assertNoSecret(all);
  });

  for (const broken of ['issue', 'webhook', 'mail', 'heartbeat'] as const)
    it(`stops no other: ${broken}`, async t => {
      const world = await startWorld(t);
      const refuse = {
        issue: () => world.github.tokens.clear(),
        webhook: () => world.webhook.answers.push({ status: 410 }),
        mail: () => world.mail.replies.push({ to: 'MAIL', answer: '550 5.7.1 no' }),
        heartbeat: () => world.heartbeat.answers.push({ status: 404 }),
      };
      refuse[broken]();
      const { result, warnings } = await tell(world, {});
      assert.deepEqual(
        outcomesOf(result),
        ['issue', 'webhook', 'mail', 'heartbeat'].map(
          channel => `${channel} ${channel === broken ? 'failed' : 'sent'}`,
        ),
      );
      assert.equal(warnings.length, 1);
    });

  it('says what the job lacks', async t => {
    const world = await startWorld(t);
    world.github.tokens.set('ghs_reader', { login: 'github-actions[bot]', type: 'Bot', mayWrite: false });
    const { warnings } = await tell(world, { 'github-token': 'ghs_reader' });
    assert.deepEqual(warnings, [
      'the alert as a GitHub issue failed: GitHub refused POST /repos/me/shop/issues with status 403: Resource not accessible by integration (the job needs permissions: issues: write)',
    ]);
    const { warnings: odd } = await tell(world, { 'github-token': 'no\ttoken' });
    assert.deepEqual(odd, [
      'the alert as a GitHub issue failed: input github-token is no token: it has characters that none has (give secrets.GITHUB_TOKEN)',
    ]);
    const { warnings: over } = await tell(world, { 'github-token': 'ghs_over' });
    assert.deepEqual(over, [
      'the alert as a GitHub issue failed: GitHub refused POST /graphql with status 401: Bad credentials (github-token is no token of GitHub, or not any more; give it github.token)',
    ]);
    world.github.hasIssues = false;
    const { warnings: off } = await tell(world, {});
    assert.match(
      off[0] ?? '',
      /status 410: .* \(turn issues on in the settings of the repository, or leave out alert-issue\)$/,
    );
  });

  it('is told of where only a part was refused', async t => {
    const world = await startWorld(t);
    const { result, warnings } = await tell(world, { 'alert-assignees': 'nobody' });
    assert.equal(result.channels[0]?.outcome, 'sent');
    assert.match(result.channels[0]?.problem ?? '', /^labels and assignees were left out: GitHub refused/);
    assert.match(warnings[0] ?? '', /^the alert as a GitHub issue is not as it should be: labels and assignees/);
  });

  it('waits as long as it is asked to, up to a minute', async t => {
    const world = await startWorld(t);
    world.webhook.answers.push({ status: 429, headers: { 'retry-after': '59' } });
    world.heartbeat.answers.push({ status: 429, headers: { 'retry-after': '61' } });
    const { result, waits } = await tell(world, {});
    assert.deepEqual([outcomesOf(result)[1], outcomesOf(result)[3], waits], ['webhook sent', 'heartbeat failed', [59]]);
  });

  it('leads nobody elsewhere', async t => {
    const world = await startWorld(t);
    const other = await startReceiver(t);
    world.webhook.answers.push({ status: 307, headers: { location: `${other.origin}/` } });
    world.heartbeat.answers.push({ status: 302, headers: { location: `${other.origin}/` } });
    const { result } = await tell(world, {});
    assert.deepEqual(outcomesOf(result).slice(1), ['webhook failed', 'mail sent', 'heartbeat failed']);
    assert.deepEqual(other.received, []);
  });

  it('does not keep the command from being cancelled', async t => {
    const world = await startWorld(t);
    world.heartbeat.answers.push({ breaks: 'silence' });
    const cancelling = new AbortController();
    setTimeout(() => cancelling.abort(new Error('cancelled by SIGTERM')), 100);
    await assert.rejects(tell(world, {}, cancelling.signal), { message: 'cancelled by SIGTERM' });
  });
});

describe('no secret', () => {
  it('comes out where the other side sends it back', async t => {
    const world = await startWorld(t);
    const echo = `at /in/${tokens.webhook} with ${tokens.signing} and ${workflowToken}`;
    world.webhook.answers.push({ status: 400, body: echo });
    world.heartbeat.answers.push({ status: 400, body: `no check ${tokens.heartbeat}` });
    const plain = Buffer.from(`\0backups@example.com\0${tokens.password}`).toString('base64');
    world.mail.replies.push({ to: 'AUTH', answer: `535 5.7.8 not ${tokens.password} nor ${plain}` });
    world.github.faults.push({
      matches: /graphql/,
      status: 401,
      body: JSON.stringify({ message: `bad ${workflowToken}` }),
    });
    const { all, warnings } = await tell(world, {});
    assert.equal(warnings.length, 4);
    assertNoSecret(all);
    assert.ok(!all.includes(plain));
    assert.match(all, /status 400: at \*\*\* with \*\*\* and \*\*\*/);
  });

  it('is told, though the caller handed it on', async t => {
    const world = await startWorld(t);
    const text = Object.values(tokens).join(' and ');
    await tell(world, { outcomes: `backup: failure ${text}`, details: `${text}\n${workflowToken}` });
    assertNoSecret(world.webhook.received.map(({ body }) => body).join());
    assertNoSecret(world.mail.mails.map(({ data }) => data.replaceAll('=\r\n', '')).join());
    const { issues, comments } = world.github;
    const hidden = comments.map(({ body }) => Buffer.from(/ (\S+) -->/.exec(body)?.[1] ?? '', 'base64').toString());
    assertNoSecret(JSON.stringify([issues, comments, hidden]));
  });

  it('goes to anyone but its own server', async t => {
    const world = await startWorld(t);
    await tell(world, {});
    const { authorization } = world.webhook.received[0]?.headers ?? {};
    assert.equal(authorization, undefined);
    for (const [receiver, own] of [
      [world.webhook, tokens.webhook],
      [world.heartbeat, tokens.heartbeat],
    ] as const) {
      const sent = JSON.stringify(receiver.received);
      for (const secret of Object.values(tokens)) if (secret !== own) assert.ok(!sent.includes(secret), secret);
      assert.ok(!sent.includes(workflowToken));
    }
  });
});
