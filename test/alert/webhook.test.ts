import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { messageFor } from '../../src/alert/webhook-message.ts';
import { type Service, serviceOf, services } from '../../src/alert/webhook-service.ts';
import { signatureOf, tellWebhook } from '../../src/alert/webhook.ts';
import { type Received, sampleNotice, startReceiver, testMeans } from './receiver.ts';

/** What somebody may write into a cause or into details to be more than text. */
const attacks = [
  '<!channel> <!here> <!everyone> <@U123> <!subteam^S1>',
  '@everyone @here @all @channel @octocat',
  '<users/all> <users/123> <at>Ann</at>',
  '<@123456789012345678> <@&123456789012345678> <#123456789012345678>',
  '[click](https://evil.test) <https://evil.test|click> https://evil.test www.evil.test',
  '**bold** _it_ ~~no~~ `code` ||spoiler|| > quote',
  '<b>html</b><a href="https://evil.test">x</a> {{DATE(2017-02-14T06:00:00Z)}} & &lt;!channel&gt;',
  '# heading',
  '```',
];
const attacked = sampleNotice({
  outcomes: [{ condition: 'backup', outcome: 'failure', cause: attacks.join(' ') }],
  details: attacks.join('\n'),
  issueUrl: 'https://github.com/me/shop/issues/3',
});

/** Every text in a message, however deep. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

describe('the service of a webhook', () => {
  const known: [url: string, service: Service][] = [
    ['https://hooks.slack.com/services/T0/B0/x', 'slack'],
    ['https://hooks.slack.com/workflows/T0/A0/1/x', 'slack'],
    ['https://discord.com/api/webhooks/1/x', 'discord'],
    ['https://ptb.discord.com/api/webhooks/1/x', 'discord'],
    ['https://discordapp.com/api/webhooks/1/x', 'discord'],
    ['https://prod-12.westeurope.logic.azure.com:443/workflows/a/triggers/manual/paths/invoke?sig=x', 'teams'],
    ['https://0f.4a.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/a?sig=x', 'teams'],
    ['https://contoso.webhook.office.com/webhookb2/a/IncomingWebhook/b/c', 'teams'],
    ['https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=t', 'google-chat'],
    ['https://chat.example.com/hooks/u2x8rkfugj8zbqby9pw3huqnyc', 'mattermost'],
    ['https://example.com/mattermost/hooks/u2x8rkfugj8zbqby9pw3huqnyc', 'mattermost'],
  ];
  for (const [url, service] of known)
    it(`is ${service} for ${new URL(url).host}`, () => assert.equal(serviceOf(new URL(url)), service));

  it('is our own JSON for anything else, also where it looks alike', () => {
    for (const url of [
      'https://example.com/hooks/backup',
      'https://example.com/hooks/u2x8rkfugj8zbqby9pw3huqnyc/more',
      'https://hooks.slack.com.evil.test/services/x',
      'https://evilhooks.slack.com/services/x',
      'https://notdiscord.com/api/webhooks/1/x',
      'https://logic.azure.com.evil.test/',
      'https://example.com/?host=hooks.slack.com',
    ])
      assert.equal(serviceOf(new URL(url)), 'json', url);
  });
});

describe('a message', () => {
  for (const service of services) {
    it(`for ${service} says what failed, why, what to do, and where to read on`, () => {
      const texts = textsOf(
        messageFor(service, { ...sampleNotice(), issueUrl: 'https://github.com/me/shop/issues/3' }),
      );
      const all = texts.join('\n').replaceAll('\\', '');
      for (const part of [
        'shop: backup failed',
        'backup: failed: the disk is full',
        '2026',
        '1. Open the run',
        '3. Before',
      ])
        assert.ok(all.includes(part), `${part}\n${all}`);
      assert.ok(all.includes('https://github.com/me/shop/actions/runs/7/attempts/1'));
      assert.ok(all.includes('https://github.com/me/shop/issues/3'));
    });

    it(`for ${service} is not too long, whatever it is about`, () => {
      const outcomes = Array.from({ length: 100 }, (_, index) => ({
        condition: `condition-${index}`.padEnd(64, 'x'),
        outcome: 'failure' as const,
        cause: '@*<>&😀'.repeat(500),
      }));
      const notice = sampleNotice({ name: 'n'.repeat(100), outcomes, details: '*'.repeat(100_000) });
      const texts = textsOf(messageFor(service, notice));
      if (service === 'discord') assert.ok(Math.max(...texts.map(text => text.length)) <= 4096);
      if (service === 'slack') assert.ok(Math.max(...texts.map(text => text.length)) <= 3000);
      if (service !== 'json') assert.ok(Buffer.byteLength(JSON.stringify(messageFor(service, notice))) < 28_000);
    });
  }

  it('for Slack is plain text, and calls nobody', () => {
    const message = messageFor('slack', attacked) as {
      text: string;
      blocks: { text: { type: string; text: string } }[];
    };
    const parsed = message.blocks.filter(({ text }) => text.type !== 'plain_text');
    assert.deepEqual(
      parsed.map(({ text }) => text.text),
      [
        '<https://github.com/me/shop/actions/runs/7/attempts/1|Open the run> · <https://github.com/me/shop/issues/3|Open the issue>',
      ],
    );
    assert.equal(message.text, '🔴 shop: backup failed');
    assert.ok(message.blocks.some(({ text }) => text.text.includes('<!channel>')));
    const odd = messageFor('slack', sampleNotice({ runUrl: 'https://h.test/a?b=1&c=>|<!channel>' }));
    assert.ok(textsOf(odd).some(text => text === '<https://h.test/a?b=1&amp;c=&gt;|&lt;!channel&gt;|Open the run>'));
  });

  it('for Discord calls nobody, and shows marks as they are', () => {
    const message = messageFor('discord', attacked) as {
      allowed_mentions: object;
      embeds: { description: string; color: number; timestamp: string }[];
    };
    assert.deepEqual(message.allowed_mentions, { parse: [] });
    assert.deepEqual(Object.keys(message), ['allowed_mentions', 'embeds']);
    const [{ description, color, timestamp } = { description: '', color: 0, timestamp: '' }] = message.embeds;
    assert.equal(color, 0xd1242f);
    assert.equal(timestamp, '2026-11-25T03:17:42.000Z');
    assertCalm(description);
  });

  it('for Mattermost calls nobody, where no option could turn that off', () => {
    const message = messageFor('mattermost', attacked) as { text: string };
    assert.deepEqual(Object.keys(message), ['text']);
    assertCalm(message.text);
  });

  it('for Teams has foreign text only in runs, which know no markup, and no entities', () => {
    const { attachments } = messageFor('teams', attacked) as {
      attachments: {
        contentType: string;
        content: { body: { type: string; inlines: { type: string }[] }[]; actions: object[] };
      }[];
    };
    const [{ contentType, content } = { contentType: '', content: { body: [], actions: [] } }] = attachments;
    assert.equal(contentType, 'application/vnd.microsoft.card.adaptive');
    for (const { type, inlines } of content.body) {
      assert.equal(type, 'RichTextBlock');
      assert.deepEqual(
        inlines.map(inline => inline.type),
        ['TextRun'],
      );
    }
    assert.ok(!JSON.stringify(attachments).includes('entities'));
    assert.deepEqual(content.actions[0], {
      type: 'Action.OpenUrl',
      title: 'Open the run',
      url: 'https://github.com/me/shop/actions/runs/7/attempts/1',
    });
  });

  it('for Google Chat has foreign text only in a card, as HTML that is none', () => {
    const message = messageFor('google-chat', attacked) as { text: string; cardsV2: unknown };
    assert.equal(message.text, '🔴 shop: backup failed');
    const [text = ''] = textsOf(message.cardsV2).filter(one => one.includes('users/all'));
    assert.ok(text.includes('&lt;users/all&gt;'));
    assert.deepEqual([...new Set(text.match(/<[^>]*>/g))], ['<br>']);
  });

  it('as our own JSON has everything', () => {
    const { text, ...rest } = messageFor('json', sampleNotice({ recovered: ['drill'], details: 'more' })) as {
      text: string;
    };
    assert.match(text, /^2026-11-25 03:17 UTC\nbackup: failed: the disk is full\n\nmore\n/);
    assert.deepEqual(rest, {
      source: 'pg-lifeboat',
      format: 1,
      title: 'shop: backup failed',
      name: 'shop',
      at: '2026-11-25T03:17:42.000Z',
      state: 'failed',
      outcomes: [{ condition: 'backup', outcome: 'failure', cause: 'the disk is full' }],
      recovered: ['drill'],
      details: 'more',
      runUrl: 'https://github.com/me/shop/actions/runs/7/attempts/1',
      issueUrl: null,
    });
  });
});

/** Nothing of the attacks is a mention, a link or a mark any more. */
function assertCalm(text: string): void {
  const own = /\[Open the (?:run|issue)\]\(https:\/\/github\.com\/me\/shop\/[\w/]+\)/g;
  const foreign = text.replaceAll(own, '').replaceAll('**🔴 shop: backup failed**', '');
  assert.ok(foreign.includes('everyone'));
  for (const pattern of [/@(?!\u200b)/, /<(?!\u200b)/, /:\/\//, /www\./, /(?<!\\)[`*_~|>()[\]#!{}]/])
    assert.doesNotMatch(foreign, pattern);
}

describe('a webhook', () => {
  it('gets JSON, signed with the secret', async t => {
    const receiver = await startReceiver(t);
    const secret = 'a secret of many letters ä';
    const url = new URL(`${receiver.origin}/in?key=1`);
    await tellWebhook({ url, service: 'json', secret }, sampleNotice(), testMeans().means);
    const [{ headers, body, path } = { headers: {} as Received['headers'], body: '', path: '' }] = receiver.received;
    assert.deepEqual([path, headers['content-type']], ['/in?key=1', 'application/json']);
    const expected = createHmac('sha256', secret).update(Buffer.from(body, 'utf8')).digest('hex');
    assert.equal(headers['x-lifeboat-signature-256'], `sha256=${expected}`);
    assert.equal((JSON.parse(body) as { title: string }).title, 'shop: backup failed');
  });

  it('has the signature that RFC 4231 gives as an example, and none without a secret', async t => {
    assert.equal(
      signatureOf('what do ya want for nothing?', 'Jefe'),
      'sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
    const receiver = await startReceiver(t);
    const url = new URL(receiver.origin);
    await tellWebhook({ url, service: 'json', secret: undefined }, sampleNotice(), testMeans().means);
    assert.equal(receiver.received[0]?.headers['x-lifeboat-signature-256'], undefined);
  });

  it('of Teams is not taken at its word', async t => {
    const receiver = await startReceiver(t);
    const teams = { url: new URL(receiver.origin), service: 'teams' as const, secret: undefined };
    const failure = (status: number) => ({
      body: `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error ${status} with ContextId tcid=0`,
    });
    receiver.answers.push(failure(429), failure(503), { body: '1' });
    const { means, waits } = testMeans();
    await tellWebhook(teams, sampleNotice(), means);
    assert.deepEqual(waits, [2, 4]);
    receiver.answers.push(failure(413));
    await assert.rejects(tellWebhook(teams, sampleNotice(), means), {
      message: 'it could not deliver: Teams answered with status 413',
    });
    const other = { body: 'Webhook message delivery failed with error: Error contacting Microsoft Teams endpoint' };
    receiver.answers.push(other, other, other);
    await assert.rejects(tellWebhook(teams, sampleNotice(), means), {
      message: 'it could not deliver, in each of 3 tries',
    });
    receiver.answers.push({ status: 202, body: '' });
    await tellWebhook(teams, sampleNotice(), means);
  });
});
