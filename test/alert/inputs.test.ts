import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Failure } from '../../src/failure.ts';
import { read, workflow } from './read.ts';

describe('the inputs of alert', () => {
  it('tell of conditions, one a line, and why', () => {
    const { outcomes, details, name, tellAlways } = read({
      outcomes:
        '# what ran\nbackup: failure  the disk: is full # 2\r\n verify :skipped\n\nRPO_EXCEEDED: success\nx-1:started',
    });
    assert.deepEqual(outcomes, [
      { condition: 'backup', outcome: 'failure', cause: 'the disk: is full # 2' },
      { condition: 'verify', outcome: 'skipped', cause: null },
      { condition: 'RPO_EXCEEDED', outcome: 'success', cause: null },
      { condition: 'x-1', outcome: 'started', cause: null },
    ]);
    assert.deepEqual([name, details, tellAlways], ['shop', undefined, false]);
    assert.equal(read({ 'alert-on': 'always', details: 'a\nb' }).details, 'a\nb');
    assert.equal(read({ 'alert-on': 'always' }).tellAlways, true);
  });

  it('ask for no channel by themselves', () => {
    const { issue, webhook, mail, heartbeatUrl, secrets } = read({ 'github-token': 'ghs_0123456789' });
    assert.deepEqual(
      [issue, webhook, mail, heartbeatUrl, secrets],
      [undefined, undefined, undefined, undefined, ['ghs_0123456789']],
    );
  });

  it('are about the one database of the repository where no name is given', () => {
    assert.equal(read({ name: '' }).name, 'shop');
    for (const environment of [{}, { GITHUB_REPOSITORY: 'me/.github' }] as Record<string, string>[])
      assert.throws(() => read({ name: '' }, environment), {
        message: 'input name is missing',
        hint: 'alerts are kept by database; give the name that its backups have',
        exitStatus: 64,
      });
  });

  it('know the run, and its attempt', () => {
    assert.equal(read({}).runUrl, 'https://github.com/me/shop/actions/runs/7/attempts/2');
    assert.equal(read({}, { ...workflow, GITHUB_RUN_ATTEMPT: '' }).runUrl, 'https://github.com/me/shop/actions/runs/7');
    assert.equal(read({}, {}).runUrl, null);
  });

  it('make an issue of it', () => {
    const { issue } = read({
      'alert-issue': 'true',
      'github-token': 'ghs_0123456789',
      'alert-labels': 'backups\non call',
      'alert-assignees': '@octocat\nann-e_corp',
    });
    assert.deepEqual(issue, {
      repository: 'me/shop',
      name: 'shop',
      labels: ['backups', 'on call'],
      assignees: ['octocat', 'ann-e_corp'],
      token: 'ghs_0123456789',
      apiUrl: 'https://api.github.com',
    });
  });

  it('know the service of a webhook, or are told', () => {
    const service = (url: string, format?: string) =>
      read({ 'alert-webhook': url, ...(format === undefined ? {} : { 'alert-webhook-format': format }) }).webhook
        ?.service;
    assert.equal(service('https://hooks.slack.com/services/a'), 'slack');
    assert.equal(service('https://example.com/hooks/a'), 'json');
    assert.equal(service('https://example.com/hooks/a', 'mattermost'), 'mattermost');
    assert.equal(service('https://hooks.slack.com/services/a', 'json'), 'json');
  });

  it('send mail from the user of the server, or from another address', () => {
    const mail = (from: string, user = 'backups%40example.com') =>
      read({
        'alert-mail': 'a@example.com\nb@example.com',
        'alert-mail-from': from,
        'smtp-url': `smtps://${user}:p@mail.example.com`,
      }).mail;
    assert.deepEqual(
      [mail('')?.from, mail('')?.recipients],
      ['backups@example.com', ['a@example.com', 'b@example.com']],
    );
    assert.equal(mail('x@example.com', 'apikey')?.from, 'x@example.com');
  });

  it('know what of them must never be shown', () => {
    const { secrets } = read({
      'alert-webhook': 'https://example.com/in/T0KEN12345',
      'alert-webhook-secret': 'a secret of many letters',
      'heartbeat-url': 'https://hc-ping.com/5c0de000-uuid',
      'smtp-url': 'smtps://u:pa%24%24word@mail.example.com',
      'alert-mail': 'a@example.com',
      'alert-mail-from': 'b@example.com',
      'github-token': 'ghs_0123456789',
    });
    for (const secret of [
      'T0KEN12345',
      'a secret of many letters',
      '5c0de000-uuid',
      'pa$$word',
      'pa%24%24word',
      'ghs_0123456789',
    ])
      assert.ok(secrets.includes(secret), secret);
  });
});

describe('alert refuses, with status 64 and no word of a secret,', () => {
  const address = 'it may be an address that begins with https://';
  const condition =
    'it may be a condition, a colon, and success, failure, cancelled, skipped, started, such as backup: success';
  const mail = { 'smtp-url': 'smtps://u%40e.com:p@h', 'alert-mail': 'a@example.com' };
  const hook = { 'alert-webhook': 'https://example.com/in' };
  const long = 'a secret of many letters';
  const cases: [inputs: Record<string, string>, message: string, hint: string][] = [
    [
      { name: 'a b' },
      'name is not a plain name',
      'use letters, digits, dots, dashes and underscores, at most 100, beginning with a letter or digit',
    ],
    [
      { name: '--><script>' },
      'name is not a plain name',
      'use letters, digits, dots, dashes and underscores, at most 100, beginning with a letter or digit',
    ],
    [{ outcomes: '' }, 'outcomes is missing', 'the command alert needs it'],
    [{ outcomes: 'backup:' }, 'outcomes has the line "ba… (7 characters)"', condition],
    [{ outcomes: 'backup: good' }, 'outcomes has the line "ba… (12 characters)"', condition],
    [{ outcomes: 'backup success' }, 'outcomes has the line "backup success"', condition],
    [{ outcomes: 'back up: success' }, 'outcomes has the line "ba… (16 characters)"', condition],
    [{ outcomes: 'a: success\na: failure' }, 'outcomes has a twice', 'each condition ends in one way'],
    [
      { outcomes: Array.from({ length: 101 }, (_, index) => `c${index}: success`).join('\n') },
      'outcomes has 101 lines',
      'it may have 100',
    ],
    [{ 'alert-on': 'never' }, 'alert-on is "never"', 'it may be failure, always'],
    [{ 'alert-issue': 'yes' }, 'alert-issue is "yes"', 'it may be true, false'],
    [
      { 'alert-issue': 'true' },
      'github-token is missing',
      'alert-issue: true needs it, with permissions: issues: write',
    ],
    [{ 'alert-assignees': 'a b' }, 'alert-assignees has the line "a b"', 'it may be a GitHub login, one a line'],
    [
      { 'alert-assignees': Array.from({ length: 11 }, (_, index) => `a${index}`).join('\n') },
      'alert-assignees has 11 lines',
      'GitHub takes 10',
    ],
    [{ 'alert-webhook': 'geheim' }, 'alert-webhook is no address', address],
    [{ 'alert-webhook': 'ftp://example.com/geheim' }, 'alert-webhook is no address', address],
    [{ 'alert-webhook': 'https://geheim%zz:x@example.com/' }, 'alert-webhook is no address', address],
    [{ 'heartbeat-url': 'https://' }, 'heartbeat-url is no address', address],
    [
      { ...hook, 'alert-webhook-format': 'irc' },
      'alert-webhook-format is "irc"',
      'it may be auto, slack, discord, teams, mattermost, google-chat, json',
    ],
    [{ 'alert-webhook-secret': long }, 'alert-webhook is missing', 'alert-webhook-secret is given'],
    [
      { ...hook, 'alert-webhook-secret': 'geheim' },
      'alert-webhook-secret is too short',
      'it may be any 16 characters or more',
    ],
    [
      { 'alert-webhook': 'https://hooks.slack.com/x', 'alert-webhook-secret': long },
      'alert-webhook-secret is given for a webhook of slack',
      'only plain JSON is signed; leave it out, or say alert-webhook-format: json',
    ],
    [{ 'alert-mail': 'a@example.com' }, 'smtp-url is missing', 'alert-mail needs a server that takes its e-mails'],
    [{ 'smtp-url': mail['smtp-url'] }, 'alert-mail is missing', 'smtp-url is given; say who gets the e-mail'],
    [
      { ...mail, 'alert-mail': 'team' },
      'alert-mail has the line "team"',
      'it may be an address such as team@example.com',
    ],
    ...['a@b, c@d', 'A <a@example.com>', 'a@b@c', '"x"@b', 'a@b;c', `${'a'.repeat(250)}@example.com`].map(
      line =>
        [
          { ...mail, 'alert-mail': line },
          `alert-mail has the line "${line.slice(0, 2)}… (${line.length} characters)"`,
          'it may be an address such as team@example.com',
        ] as [Record<string, string>, string, string],
    ),
    [
      { ...mail, 'smtp-url': 'smtps://apikey:p@h' },
      'alert-mail-from is missing',
      'the user of smtp-url is no address to send from',
    ],
    [
      { ...mail, 'alert-mail-from': 'a@b\r\nBcc: c@d' },
      'alert-mail-from is "a@… (13 characters)"',
      'it may be an address such as backups@example.com',
    ],
    [
      { ...mail, 'smtp-url': 'smtp://u:geheim@h/x' },
      'smtp-url has more than a server',
      'it may be smtps://user:password@host:465, or smtp://user:password@host:587 for STARTTLS; a password percent-encoded',
    ],
  ];
  for (const [inputs, message, hint] of cases)
    it(`${message}: ${JSON.stringify(inputs).slice(0, 60)}`, () => {
      assert.throws(
        () => read(inputs),
        (error: unknown) => {
          assert.ok(error instanceof Failure, inspect(error));
          assert.deepEqual([error.message, error.hint, error.exitStatus], [`input ${message}`, hint, 64]);
          return !inspect(error, { depth: 10 }).includes('geheim');
        },
      );
    });

  it('an issue outside of a workflow', () => {
    assert.throws(() => read({ 'alert-issue': 'true', 'github-token': 'x' }, {}), {
      message: 'input alert-issue works only in a workflow',
      hint: 'it needs GITHUB_REPOSITORY, owner/name',
    });
  });
});
