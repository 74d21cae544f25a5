import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { type CommandName, commandNames, definitions, definitionsFor } from '../../src/inputs/definitions.ts';
import {
  type BackupInputs,
  type Inputs,
  type ListInputs,
  type PruneInputs,
  type RestoreInputs,
  type VerifyInputs,
  readInputs,
} from '../../src/inputs/inputs.ts';
import { type Environment, readTerminal } from '../../src/inputs/raw.ts';

type Given = Readonly<Record<string, string>>;

const id = '20261120T031742Z-scheduled-k3f9q2';
const url = 'postgresql://user:password@host/database';
/** The least that each command needs. */
const least: Record<CommandName, Given> = {
  backup: { store: 'file:///backups', 'database-url': url, recipients: 'age1' },
  list: { store: 'file:///backups' },
  verify: { store: 'file:///backups' },
  drill: { store: 'file:///backups', 'target-url': url },
  restore: { store: 'file:///backups', 'target-url': url },
  watch: { store: 'file:///backups' },
  prune: { store: 'file:///backups', keep: '7d' },
  retain: { store: 'file:///backups', retain: '90d' },
  detect: {},
  rehearse: { 'target-url': url },
  comment: { body: 'said', 'github-token': 'token' },
  alert: { name: 'shop', outcomes: 'backup: success' },
};

function read(command: CommandName, more: Given = {}, environment: Environment = {}): Inputs {
  const given = { ...least[command], ...more };
  const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
  return readInputs(readTerminal([command, ...args], {}).inputs, environment);
}

const backup = (more?: Given, environment?: Environment) => read('backup', more, environment) as BackupInputs;

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.exitStatus, 64);
    return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  }
  return assert.fail('nothing was refused');
}

describe('the inputs of a backup', () => {
  it('have these defaults', () => {
    assert.deepEqual(backup(), {
      command: 'backup',
      name: undefined,
      replica: undefined,
      store: {
        input: 'store',
        url: 'file:///backups',
        accessKeyId: undefined,
        secretAccessKey: undefined,
        sessionToken: undefined,
        roleToAssume: undefined,
      },
      run: null,
      kind: 'manual',
      reason: undefined,
      newSource: undefined,
      reuseWithinSeconds: undefined,
      policy: null,
      replicaPolicy: null,
      pullRequest: undefined,
      databaseUrl: url,
      sslRootCert: undefined,
      encryption: { scheme: 'age', recipients: 'age1' },
      jobs: 1,
      compression: 'auto',
      fingerprint: 'content',
      filters: {
        schemas: [],
        excludeSchemas: [],
        tables: [],
        excludeTables: [],
        excludeTableData: [],
        schemaOnly: false,
        dataOnly: false,
      },
      files: [],
      filesKey: undefined,
      queueTimeoutSeconds: 3600,
      lockTimeoutSeconds: 30,
      yieldAfterSeconds: 10,
      client: 'auto',
      requiredTables: [],
      minimumSizeBytes: undefined,
      accept: [],
      retain: undefined,
    });
  });

  it('are all understood', () => {
    const inputs = backup({
      name: 'shop',
      kind: 'pre-migration',
      reason: 'before 42',
      'new-source': 'shop',
      'ssl-root-cert': '/ca.pem',
      jobs: '4',
      compression: 'zstd:3',
      fingerprint: 'counts',
      schemas: 'a\nb',
      'exclude-schemas': 'c',
      tables: 'd',
      'exclude-tables': 'e',
      'exclude-table-data': 'f',
      'schema-only': 'true',
      'lock-timeout': '1m',
      'yield-after': '5s',
      client: 'docker',
      'required-tables': 'orders\nauth.users',
      'minimum-size': '1MB',
      accept: 'DUMP_WARNING some words\nDUMP_WARNING others',
      retain: '90d',
      'access-key-id': 'k',
      'secret-access-key': 's',
      'session-token': 't',
    });
    assert.equal(inputs.name, 'shop');
    assert.equal(inputs.kind, 'pre-migration');
    assert.equal(inputs.reason, 'before 42');
    assert.equal(inputs.newSource, 'shop');
    assert.equal(inputs.sslRootCert, '/ca.pem');
    assert.equal(inputs.jobs, 4);
    assert.equal(inputs.compression, 'zstd:3');
    assert.equal(inputs.fingerprint, 'counts');
    assert.deepEqual(inputs.filters, {
      schemas: ['a', 'b'],
      excludeSchemas: ['c'],
      tables: ['d'],
      excludeTables: ['e'],
      excludeTableData: ['f'],
      schemaOnly: true,
      dataOnly: false,
    });
    assert.deepEqual([inputs.lockTimeoutSeconds, inputs.yieldAfterSeconds], [60, 5]);
    assert.equal(inputs.client, 'docker');
    assert.deepEqual(inputs.requiredTables, ['orders', 'auth.users']);
    assert.equal(inputs.minimumSizeBytes, 1_000_000);
    assert.deepEqual(inputs.accept, ['some words', 'others']);
    assert.equal(inputs.retain, '90d');
    assert.deepEqual(
      [inputs.store.accessKeyId, inputs.store.secretAccessKey, inputs.store.sessionToken],
      ['k', 's', 't'],
    );
  });

  it('are scheduled in a scheduled run, unless they say otherwise', () => {
    assert.equal(backup({}, { GITHUB_EVENT_NAME: 'schedule' }).kind, 'scheduled');
    assert.equal(backup({}, { GITHUB_EVENT_NAME: 'push' }).kind, 'manual');
    assert.equal(backup({ kind: 'config' }, { GITHUB_EVENT_NAME: 'schedule' }).kind, 'config');
  });

  it('tell the workflow run, in a workflow only', () => {
    const environment = {
      GITHUB_ACTIONS: 'true',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'me/shop',
      GITHUB_RUN_ID: '7',
      GITHUB_ACTOR: 'me',
      GITHUB_SHA: 'abc',
    };
    assert.deepEqual(backup({}, environment).run, {
      url: 'https://github.com/me/shop/actions/runs/7',
      actor: 'me',
      commit: 'abc',
    });
    assert.deepEqual(backup({}, { GITHUB_ACTIONS: 'true' }).run, { url: null, actor: null, commit: null });
    assert.equal(backup({}, { ...environment, GITHUB_ACTIONS: '' }).run, null);
  });
});

describe('encryption', () => {
  const encryption = (given: Given) => {
    return () =>
      (
        readInputs(
          readTerminal(['backup'], environmentOf({ ...least.backup, recipients: '', ...given })).inputs,
          {},
        ) as BackupInputs
      ).encryption;
  };

  it('is by recipients, a passphrase, gpg, or none when it is said so', () => {
    assert.deepEqual(encryption({ recipients: 'age1' })(), { scheme: 'age', recipients: 'age1' });
    assert.deepEqual(encryption({ passphrase: 'p' })(), { scheme: 'age', passphrase: 'p' });
    assert.deepEqual(encryption({ encryption: 'none' })(), { scheme: 'none' });
    assert.deepEqual(encryption({ encryption: 'gpg', 'gpg-recipients': 'g' })(), {
      scheme: 'gpg',
      publicKeys: 'g',
      passphrase: undefined,
    });
    assert.deepEqual(encryption({ encryption: 'gpg', passphrase: 'p' })(), {
      scheme: 'gpg',
      publicKeys: undefined,
      passphrase: 'p',
    });
  });

  it('that is missing, double or contradictory is refused', () => {
    for (const [given, words] of [
      [
        {},
        'input recipients is missing (make a key with `age-keygen -o key.txt` and give its public key; without encryption only with encryption: none)',
      ],
      [{ recipients: 'r', passphrase: 'p' }, 'input passphrase is given beside recipients (give one of them)'],
      [
        { encryption: 'none', recipients: 'r' },
        'input recipients is given with encryption: none (recipients are for age)',
      ],
      [
        { encryption: 'none', passphrase: 'p' },
        'input passphrase is given with encryption: none (leave out one of them)',
      ],
      [
        { encryption: 'none', 'gpg-recipients': 'g' },
        'input gpg-recipients is given with encryption: none (say encryption: gpg)',
      ],
      [
        { recipients: 'r', 'gpg-recipients': 'g' },
        'input gpg-recipients is given with encryption: age (say encryption: gpg)',
      ],
      [{ encryption: 'gpg' }, 'input gpg-recipients is missing (encryption: gpg needs it, or a passphrase)'],
      [
        { encryption: 'gpg', recipients: 'r' },
        'input recipients is given with encryption: gpg (recipients are for age)',
      ],
      [{ encryption: 'rot13', recipients: 'r' }, 'input encryption is "rot13" (it may be age, gpg, none)'],
    ] as const)
      assert.equal(refusal(encryption(given)), words);
  });
});

describe('the policy of a replica', () => {
  const prune = (given: Given) =>
    read('prune', {
      keep: '7d',
      replica: 's3://second',
      timezone: 'Europe/Berlin',
      minimum: '5',
      ...given,
    }) as PruneInputs;

  it('has rules of its own, and shares the minimum, the time zone and the time after a migration', () => {
    const inputs = prune({ 'replica-keep': '30d 12m', 'replica-keep-last': '2', 'replica-keep-within': '2w' });
    assert.deepEqual(inputs.policy, { ...inputs.policy, daily: 7, weekly: 0, monthly: 0, last: 0, within: null });
    assert.deepEqual(inputs.replicaPolicy, {
      last: 2,
      daily: 30,
      weekly: 0,
      monthly: 12,
      yearly: 0,
      within: { amount: 2, unit: 'w' },
      preMigration: { amount: 90, unit: 'd' },
      minimum: 5,
      timeZone: 'Europe/Berlin',
    });
    const time = (given: Given) => prune({ 'replica-keep-yearly': '1', ...given }).replicaPolicy?.preMigration;
    assert.deepEqual(time({ 'keep-pre-migration': '1y' }), { amount: 1, unit: 'y' });
    assert.equal(time({ 'keep-pre-migration': '1y', 'replica-keep-pre-migration': 'forever' }), 'forever');
  });

  it('is none where nothing says so, and is read by a backup too', () => {
    assert.equal(prune({}).replicaPolicy, null);
    assert.equal(backup({ keep: '7d', replica: 's3://second', 'replica-keep': '1w' }).replicaPolicy?.weekly, 1);
  });
});

describe('a refusal', () => {
  const cases: [command: CommandName, given: Given, words: string][] = [
    [
      'backup',
      { name: '../x' },
      'input name is not a plain name (use letters, digits, dots, dashes and underscores, at most 100, beginning with a letter or digit)',
    ],
    [
      'backup',
      { kind: 'hourly' },
      'input kind is "hourly" (it may be scheduled, manual, pre-migration, pre-deployment, pre-restore, config)',
    ],
    ['backup', { jobs: '17' }, 'input jobs is "17" (it may be a whole number from 1 to 16)'],
    [
      'backup',
      { compression: 'best' },
      'input compression is "best" (it may be auto, none, gzip:1 to gzip:9, zstd:1 to zstd:19, or lz4)',
    ],
    ['backup', { fingerprint: 'md5' }, 'input fingerprint is "md5" (it may be content, counts, none)'],
    ['backup', { 'schema-only': 'yes' }, 'input schema-only is "yes" (it may be true, false)'],
    ['backup', { 'data-only': 'yes' }, 'input data-only is "yes" (it may be true, false)'],
    [
      'backup',
      { 'schema-only': 'true', 'data-only': 'true' },
      'input data-only is true beside schema-only (leave out one of them)',
    ],
    ['backup', { 'lock-timeout': '0s' }, 'input lock-timeout is "0s" (it may be a time such as 30s, 5m, 2h or 1d)'],
    ['backup', { 'yield-after': 'soon' }, 'input yield-after is "soon" (it may be a time such as 30s, 5m, 2h or 1d)'],
    ['backup', { 'minimum-size': 'big' }, 'input minimum-size is "big" (it may be a size such as 500KB, 10MB or 2GB)'],
    ['backup', { retain: 'long' }, 'input retain is "long" (it may be 90d, 8w, 6mo, 2y or forever)'],
    [
      'backup',
      { accept: 'WARNING x' },
      'input accept has the line "WARNING x" (it may be DUMP_WARNING and a part of the warning)',
    ],
    [
      'backup',
      { accept: 'DUMP_WARNING' },
      'input accept has the line "DUMP_WARNING" (it may be DUMP_WARNING and a part of the warning)',
    ],
    [
      'backup',
      { 'access-key-id': 'k' },
      'input secret-access-key is missing (access-key-id and secret-access-key go together)',
    ],
    [
      'list',
      { 'secret-access-key': 's' },
      'input access-key-id is missing (access-key-id and secret-access-key go together)',
    ],
    [
      'verify',
      { 'access-key-id': 'k', 'secret-access-key': 's', 'role-to-assume': 'r' },
      'input role-to-assume is given beside access-key-id (give one of them)',
    ],
    [
      'backup',
      { replica: 'file:///backups/' },
      'input replica is the store itself (name another place, best in another account)',
    ],
    [
      'backup',
      { 'replica-role-to-assume': 'r' },
      'input replica is missing (replica-role-to-assume is given, so name the store that it opens)',
    ],
    [
      'watch',
      { replica: 's3://second', 'replica-access-key-id': 'k' },
      'input replica-secret-access-key is missing (replica-access-key-id and replica-secret-access-key go together)',
    ],
    [
      'prune',
      {
        replica: 's3://second',
        'replica-access-key-id': 'k',
        'replica-secret-access-key': 's',
        'replica-role-to-assume': 'r',
      },
      'input replica-role-to-assume is given beside replica-access-key-id (give one of them)',
    ],
    [
      'prune',
      { keep: '7d', 'replica-keep-daily': '7' },
      'input replica-keep-daily is given without replica (name the store that it is for)',
    ],
    [
      'backup',
      { 'replica-keep-pre-migration': '90d' },
      'input replica-keep-pre-migration is given without replica (name the store that it is for)',
    ],
    [
      'prune',
      { keep: '7d', replica: 's3://second', 'replica-keep-pre-migration': '1y' },
      'input replica-keep is missing (give a policy such as replica-keep: 30d 12m; replica-keep-pre-migration alone keeps nothing)',
    ],
    [
      'prune',
      { keep: '', replica: 's3://second', 'replica-keep': '7d' },
      'input keep is missing beside replica-keep (to prune the replica alone, give it as store, and its policy as keep)',
    ],
    [
      'backup',
      { replica: 's3://second', 'replica-keep-last': '7' },
      'input keep is missing beside replica-keep-last (to prune the replica alone, give it as store, and its policy as keep)',
    ],
    [
      'prune',
      { keep: '7d', replica: 's3://second', 'replica-keep': '7x' },
      'input replica-keep has the word "7x" (it may be a plan such as 7d 4w 12m or 30d 12m)',
    ],
    [
      'prune',
      { keep: '7d', replica: 's3://second', 'replica-keep': '7d', 'replica-keep-daily': '3' },
      'input replica-keep-daily is given beside replica-keep (say it in one of them)',
    ],
    [
      'prune',
      { keep: '7d', replica: 's3://second', 'replica-keep-within': 'soon' },
      'input replica-keep-within is "soon" (it may be 90d, 8w, 6mo, 2y or forever)',
    ],
    [
      'prune',
      { keep: '7d', replica: 's3://second', 'replica-keep-last': '-1' },
      'input replica-keep-last is "-1" (it may be a whole number from 0 to 100000)',
    ],
    ['list', { format: 'json' }, 'input format is "json" (it may be table, csv, markdown, html)'],
    ['list', { drills: 'yes' }, 'input drills is "yes" (it may be true, false)'],
    ['list', { report: 'private' }, 'input report is "private" (it may be auto, public)'],
    ['list', { keep: 'all' }, 'input keep has the word "all" (it may be a plan such as 7d 4w 12m or 30d 12m)'],
    ['list', { limit: '0' }, 'input limit is "0" (it may be a whole number from 1 to 100000)'],
    [
      'verify',
      { backup: 'newest' },
      'input backup is "newest" (it may be latest, latest-proven, random, or an id such as 20261120T031742Z-scheduled-k3f9q2)',
    ],
    [
      'restore',
      { backup: `${id}/..` },
      `input backup is "20… (36 characters)" (it may be latest, latest-proven, or an id such as 20261120T031742Z-scheduled-k3f9q2)`,
    ],
    ['restore', { 'dry-run': '1' }, 'input dry-run is "1" (it may be true, false)'],
    ['restore', { jobs: '0' }, 'input jobs is "0" (it may be a whole number from 1 to 16)'],
  ];
  for (const [command, given, words] of cases) {
    it(`of ${Object.keys(given).join(' and ')} for ${command} says: ${words.split(' (')[0]}`, () => {
      assert.equal(
        refusal(() => read(command, given)),
        words,
      );
    });
  }

  it('of a restore without target-url and files-to names both', () => {
    assert.equal(
      refusal(() => read('restore', { 'target-url': '' })),
      'input target-url is missing (the command restore needs it, or files-to for the files alone)',
    );
  });

  for (const [command, input] of [
    ['backup', 'store'],
    ['backup', 'database-url'],
    ['list', 'store'],
    ['verify', 'store'],
    ['restore', 'store'],
  ] as const) {
    it(`of a ${command} without ${input} names it`, () => {
      const raw = readTerminal([command], environmentOf({ ...least[command], [input]: '' })).inputs;
      assert.equal(
        refusal(() => readInputs(raw, {})),
        `input ${input} is missing (the command ${command} needs it)`,
      );
    });
  }
});

describe('the inputs of the other commands', () => {
  it('have these defaults', () => {
    const { limit, drills, format, policy, hideText } = read('list') as ListInputs;
    assert.deepEqual(
      { limit, drills, format, policy, hideText },
      { limit: 30, drills: false, format: 'table', policy: null, hideText: false },
    );
    assert.equal((read('list', { keep: '7d' }) as ListInputs).policy?.daily, 7);
    const inPublic = { GITHUB_ACTIONS: 'true' };
    assert.equal((read('list', {}, inPublic) as ListInputs).hideText, true);
    assert.equal((read('list', { report: 'public' }, inPublic) as ListInputs).hideText, false);
    const verify = read('verify') as VerifyInputs;
    assert.deepEqual([verify.backup, verify.client], ['latest', 'auto']);
    assert.deepEqual(verify.keys, { identity: undefined, passphrase: undefined, gpgPrivateKey: undefined });
    const { dryRun, confirm, jobs, fingerprint, targetUrl, backup: which } = read('restore') as RestoreInputs;
    assert.deepEqual(
      { dryRun, confirm, jobs, fingerprint, targetUrl, which },
      { dryRun: false, confirm: undefined, jobs: 1, fingerprint: 'content', targetUrl: url, which: 'latest' },
    );
  });

  it('are understood', () => {
    const keys = { identity: 'i', passphrase: 'p', 'gpg-private-key': 'g' };
    assert.deepEqual((read('verify', { backup: id, ...keys }) as VerifyInputs).keys, {
      identity: 'i',
      passphrase: 'p',
      gpgPrivateKey: 'g',
    });
    const restore = read('restore', {
      backup: id,
      confirm: 'shop',
      'dry-run': 'true',
      'ssl-root-cert': 'c',
    }) as RestoreInputs;
    assert.deepEqual([restore.backup, restore.confirm, restore.dryRun, restore.sslRootCert], [id, 'shop', true, 'c']);
  });
});

describe('the list of inputs', () => {
  it('holds each once, with a sentence', () => {
    assert.equal(new Set(definitions.map(({ name }) => name)).size, definitions.length);
    for (const { name, description } of definitions) assert.match(description, /\.$/, name);
  });

  it('gives every default a value that its command takes', () => {
    for (const command of commandNames) {
      const defaults = definitionsFor(command).filter(one => one.default !== undefined && one.name !== 'command');
      const given = Object.fromEntries(defaults.map(one => [one.name, one.default ?? '']));
      assert.doesNotThrow(() => read(command, given, { GITHUB_REPOSITORY: 'owner/name' }));
    }
  });
});

function environmentOf(given: Given): Environment {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [`LIFEBOAT_${name.replaceAll('-', '_').toUpperCase()}`, value]),
  );
}
