import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { findingCodes } from '../../src/finding.ts';
import { present } from '../../src/report/present.ts';
import type { WatchResult } from '../../src/commands/watch-result.ts';
import { ObjectMissing } from '../../src/store/missing.ts';
import type { Store } from '../../src/store/store.ts';
import { read as readAlertInputs } from '../alert/read.ts';
import { refuse, startS3Proxy } from '../support/s3-proxy.ts';
import { startS3Server } from '../support/s3-server.ts';
import { ago, day, hour, nothingOutside } from '../watch/facts.ts';
import { type Shelf, openShelf, watchStore } from '../watch/shelf.ts';

const findingsOf = ({ findings }: WatchResult) => findings.map(({ code, object }) => [code, object]);
const shown = (result: WatchResult) => present(result, []);
const outcomesOf = (result: WatchResult) => shown(result).outputs.outcomes ?? '';

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('nothing was refused'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.exitStatus, 64);
  return `${error.message} (${error.hint})`;
}

describe('watch of a healthy store', () => {
  it('passes, says what it looked for and what nobody asked for, and is green', async t => {
    const shelf = await openShelf(t);
    const [newest, proven] = await shelf.nights(12);
    const { result, warnings } = await shelf.watch();
    assert.deepEqual([result.verdict, result.findings, warnings], ['passed', [], []]);
    assert.deepEqual(result.notices, ['not judged: verifies of shop: no recent backup has one']);
    assert.deepEqual(result.leftOut, [
      'how far apart backups are (max-rpo)',
      'the database itself (database-url)',
      ...nothingOutside,
    ]);
    const { text, summary, outputs, exitStatus } = shown(result);
    assert.equal(exitStatus, 0);
    assert.match(text, /^watch of shop: passed \(no findings, 20 codes looked for\)\n/);
    assert.match(text, /\nshop: 12 backups, 12 held against what is stored\n/);
    assert.match(
      text,
      /\nnot looked at: how far apart backups are \(max-rpo\); the database itself \(database-url\); /,
    );
    assert.match(summary, /^### watch of shop\\: passed/);
    assert.deepEqual(
      [outputs['backup-id'], outputs.name, outputs.verdict, outputs['rpo-seconds']],
      [newest, 'shop', 'passed', '86400'],
    );
    assert.ok(
      outcomesOf(result)
        .split('\n')
        .every(line => / success$|: success$/.test(line)),
    );
    const [database] = result.databases;
    assert.deepEqual([database?.newestProven?.backupId, database?.newestDrill?.verdict], [proven, 'passed']);
    assert.deepEqual(database?.rows, { newest: 1000, usual: 1000 });
  });

  it('with max-rpo looks at that too', async t => {
    const shelf = await openShelf(t);
    await shelf.nights(12);
    const { result } = await shelf.watch({ 'max-rpo': '25h' });
    assert.deepEqual(
      [result.verdict, result.leftOut],
      ['passed', ['the database itself (database-url)', ...nothingOutside]],
    );
    assert.ok(result.looked.includes('RPO_EXCEEDED') && result.looked.includes('RPO_OUT_OF_REACH'));
    const { result: wanting } = await shelf.watch({ 'max-rpo': '1h' });
    assert.deepEqual(findingsOf(wanting), [
      ['RPO_EXCEEDED', 'backups of shop'],
      ['RPO_OUT_OF_REACH', 'schedule of shop'],
    ]);
    assert.match(wanting.findings[1]?.remedy ?? '', /point-in-time recovery/);
    await shelf.put(-2 * day);
    const { result: ahead } = await shelf.watch({ 'max-rpo': '25h' });
    assert.deepEqual(findingsOf(ahead), [['BACKUP_FROM_FUTURE', 'backups of shop']]);
  });

  it('of a young store says what cannot be judged yet, which is not red', async t => {
    const shelf = await openShelf(t);
    await shelf.nights(2);
    const { result } = await shelf.watch();
    assert.equal(result.verdict, 'passed');
    assert.equal(result.notices.length, 5);
    const few = /^not judged: .* too few earlier backups to compare with \(1, it takes 3\)$/;
    assert.equal(result.notices.filter(notice => few.test(notice)).length, 4);
    assert.doesNotMatch(outcomesOf(result), /_FELL/);
  });
});

describe('watch of a store that is not well', () => {
  const damages: [string, (shelf: Shelf, ids: string[]) => Promise<unknown>, string[]][] = [
    [
      'a manifest that is rubbish',
      (shelf, [id]) => shelf.write(`shop/${id}/manifest.json`, '{'),
      ['MANIFEST_UNREADABLE'],
    ],
    [
      'a manifest of another backup',
      async (shelf, [id, other]) =>
        shelf.write(`shop/${id}/manifest.json`, await shelf.read(`shop/${other}/manifest.json`)),
      ['MANIFEST_UNREADABLE'],
    ],
    ['an object that is gone', (shelf, ids) => shelf.remove(`shop/${ids[5]}/roles.sql.age`), ['OBJECT_MISSING']],
    ['an object that was cut', (shelf, ids) => shelf.write(`shop/${ids[5]}/main.dump.age`, 'r'), ['SIZE_DIFFERS']],
    [
      'a verify that failed',
      (shelf, [id]) => shelf.write(`shop/${id}/checks/20261125T090000Z-bytes-failed.json`, '{}'),
      ['VERIFY_FAILED'],
    ],
    [
      'a drill that failed',
      (shelf, [id]) => shelf.write(`shop/${id}/drills/20261125T090000Z-failed.json`, '{}'),
      ['DRILL_FAILED'],
    ],
    ['a backup from the future', shelf => shelf.put(-2 * day), ['BACKUP_FROM_FUTURE']],
    ['rows that are gone', shelf => shelf.put(hour, { manifest: { totals: { rows: 10 } } }), ['ROWS_FELL']],
    [
      'a source that was behind',
      shelf =>
        shelf.put(hour, {
          manifest: { source: { systemIdentifier: '1', databaseOid: 1, standby: true, behindSeconds: 9999 } },
        }),
      ['SOURCE_STALE'],
    ],
  ];
  for (const [what, damage, codes] of damages)
    it(`names ${what}`, async t => {
      const shelf = await openShelf(t);
      await damage(shelf, await shelf.nights(12));
      const { result } = await shelf.watch();
      assert.deepEqual(
        result.findings.map(({ code }) => code),
        codes,
      );
      assert.equal(shown(result).exitStatus, codes.length === 0 ? 0 : 1);
      assert.ok(result.findings.every(({ remedy, code }) => remedy === findingCodes[code].remedy));
    });

  it('names a run that failed half way, once it cannot go on any more', async t => {
    const shelf = await openShelf(t);
    await shelf.nights(12);
    await shelf.put(0, { sealed: false });
    const later = (seconds: number) => ({ now: new Date(ago(0).getTime() + seconds * 1000) });
    const { result: running } = await shelf.watch({}, later(5 * hour));
    assert.deepEqual(running.findings, []);
    const { result: failed } = await shelf.watch({}, later(7 * hour));
    assert.deepEqual(findingsOf(failed), [['BACKUP_UNFINISHED', 'last run of shop']]);
  });

  it('says what rests on a newest manifest that cannot be read, and does not call it well', async t => {
    const shelf = await openShelf(t);
    const [id] = await shelf.nights(12);
    await shelf.write(`shop/${id}/manifest.json`, '{');
    const { result } = await shelf.watch();
    assert.match(result.findings[0]?.found ?? '', /^the manifest of \S+ is not JSON$/);
    assert.deepEqual(result.notices, [
      'not judged: verifies of shop: no recent backup has one',
      'not judged: whether every recipient of shop was proven: the newest manifest cannot be read',
      'not judged: the size of the newest backup of shop: its manifest cannot be read',
      'not judged: the required tables of shop: the newest manifest cannot be read',
    ]);
    for (const code of ['SIZE_FELL', 'ROWS_FELL', 'RECIPIENT_NEVER_PROVEN'] as const)
      assert.ok(!result.looked.includes(code));
  });

  it('names a store without the database, and one without anything', async t => {
    const shelf = await openShelf(t);
    const { result: empty } = await shelf.watch();
    assert.deepEqual([findingsOf(empty), empty.name], [[['NO_BACKUP', 'backups']], null]);
    const { result: named } = await shelf.watch({ name: 'shop' });
    assert.deepEqual(findingsOf(named), [['NO_BACKUP', 'backups of shop']]);
    assert.match(outcomesOf(named), /^NO_BACKUP: failure backups of shop: none, expected a whole sealed one$/m);
    await shelf.nights(3);
    const { result: other } = await shelf.watch({ name: 'shopp' });
    assert.deepEqual(findingsOf(other), [['NO_BACKUP', 'backups of shopp']]);
    assert.doesNotMatch(outcomesOf(other), /BACKUP_STALE|DRILL|SIZE|OBJECT|READABLE/);
  });

  it('names a store that gives no listing: exit status 2, and a line for alert', async t => {
    const shelf = await openShelf(t);
    await shelf.nights(3);
    const { result } = await shelf.watch(
      { name: 'shop' },
      {
        through: store =>
          Object.assign(store, {
            async *list() {
              yield* [];
              throw new Failure('the store refused to list it', { hint: 'give the right' });
            },
          }),
      },
    );
    assert.deepEqual([result.verdict, shown(result).exitStatus], ['could-not-verify', 2]);
    assert.equal(result.findings[0]?.found, 'the store refused to list it (give the right)');
    assert.equal(outcomesOf(result), 'STORE_UNREACHABLE: failure the store gave no listing');
  });

  it('passes over a backup that a prune took away since the listing', async t => {
    const shelf = await openShelf(t);
    const ids = await shelf.nights(12);
    const gone = `shop/${ids[11]}/manifest.json`;
    const { result } = await shelf.watch(
      {},
      {
        through: store => {
          const get = store.get.bind(store);
          store.get = (key, signal) => (key === gone ? Promise.reject(new ObjectMissing(key, '')) : get(key, signal));
          return store;
        },
      },
    );
    assert.deepEqual([result.verdict, result.databases[0]?.sealed], ['passed', 11]);
  });
});

describe('recipients', () => {
  const to = (...recipients: string[]) => ({ encryption: { scheme: 'age' as const, recipients } });

  it('that no drill proved are red when their time is over, and an alert counts them', async t => {
    const shelf = await openShelf(t);
    await shelf.put(40 * day, { manifest: to('age1example', 'age1safe') });
    await shelf.put(2 * day, {
      drills: [{ at: ago(day), verdict: 'passed' }],
      manifest: to('age1example', 'age1safe'),
    });
    await shelf.put(hour, { manifest: to('age1example', 'age1safe') });
    const { result } = await shelf.watch({ 'max-shrink': '99' });
    assert.deepEqual(findingsOf(result), [['RECIPIENT_NEVER_PROVEN', 'recipient age1safe']]);
    assert.match(outcomesOf(result), /^RECIPIENT_NEVER_PROVEN: failure never proven: 1 recipient$/m);
    const { result: young } = await shelf.watch({ 'max-drill-age': '41d' });
    assert.deepEqual(young.findings, []);
    const { result: off } = await shelf.watch({ 'max-drill-age': 'off' });
    assert.deepEqual(off.findings, []);
    assert.ok(off.leftOut.includes('who can open the backups (max-drill-age: off)'));
    assert.ok(off.leftOut.includes('how old the newest drill is (max-drill-age: off)'));
  });

  it('whose evidence cannot be read: that is said', async t => {
    const shelf = await openShelf(t);
    const [, id] = await shelf.nights(4);
    await shelf.write(`shop/${id}/drills/20261124T120000Z-passed.json`, 'rubbish');
    const { result } = await shelf.watch();
    assert.match(result.notices.join(), /the evidence of a drill of \S+ cannot be read/);
  });
});

describe('what is accepted', () => {
  it('is said first, passes, and is success for an alert; what met nothing is said', async t => {
    const shelf = await openShelf(t);
    await shelf.put(3 * day, { drills: [{ at: ago(day), verdict: 'passed' }] });
    const accept = 'BACKUP_STALE newest backup of shop\nNO_BACKUP backups of shop';
    const { result } = await shelf.watch({ accept });
    assert.deepEqual(
      [result.verdict, result.accepted, result.findings],
      ['passed', ['accepted: BACKUP_STALE newest backup of shop'], []],
    );
    assert.ok(result.notices.includes('accept NO_BACKUP backups of shop met nothing: take it out'));
    assert.match(shown(result).text, /^watch .*\naccepted: BACKUP_STALE newest backup of shop\n/);
    assert.match(outcomesOf(result), /^BACKUP_STALE: success$/m);
    const { result: other } = await shelf.watch({ accept: 'BACKUP_STALE newest backup of blog' });
    assert.equal(other.verdict, 'failed');
  });
});

describe('several databases', () => {
  it('are all watched without a name: findings name each, and alert is given nothing', async t => {
    const shelf = await openShelf(t);
    await shelf.nights(4);
    await shelf.put(3 * day, { name: 'blog', drills: [{ at: ago(day), verdict: 'passed' }] });
    const { result } = await shelf.watch();
    assert.deepEqual(findingsOf(result), [['BACKUP_STALE', 'newest backup of blog']]);
    assert.deepEqual(
      result.databases.map(({ name }) => name),
      ['blog', 'shop'],
    );
    const { outputs, text } = shown(result);
    assert.deepEqual([outputs.outcomes, outputs.name, outputs['backup-id']], ['', '', '']);
    assert.match(text, /^watch of 2 databases: failed \(1 finding, /);
    assert.match(text, /outcomes for alert: none, since they are of one database; give name/);
    const { result: one } = await shelf.watch({ name: 'shop' });
    assert.deepEqual([one.verdict, one.databases.length], ['passed', 1]);
    assert.notEqual(outcomesOf(one), '');
  });

  it('are named where a finding is of a backup, a drill or a recipient, as it must then be accepted', async t => {
    const shelf = await openShelf(t);
    await shelf.nights(4);
    const [id = ''] = await shelf.nights(4, { name: 'blog' });
    await shelf.remove(`blog/${id}/roles.sql.age`);
    await shelf.put(60 * day, { name: 'old' });
    const { result } = await shelf.watch();
    assert.deepEqual(findingsOf(result), [
      ['OBJECT_MISSING', `backup ${id} of blog`],
      ['BACKUP_STALE', 'newest backup of old'],
      ['DRILL_MISSING', 'drills of old'],
      ['RECIPIENT_NEVER_PROVEN', 'recipient age1example of old'],
    ]);
    assert.ok(result.notices.some(note => /^not judged: old: rows of .*too few earlier backups/.test(note)));
    const accept = result.findings.map(({ code, object }) => `${code} ${object}`).join('\n');
    assert.equal((await shelf.watch({ accept })).result.verdict, 'passed');
    const { result: alone } = await shelf.watch({ name: 'blog' });
    assert.deepEqual(findingsOf(alone), [['OBJECT_MISSING', `backup ${id}`]]);
  });

  it('and one database-url are refused', async t => {
    const shelf = await openShelf(t);
    await shelf.nights(1);
    await shelf.nights(1, { name: 'blog' });
    assert.equal(
      await refusal(shelf.watch({ 'database-url': 'postgresql://u:p@127.0.0.1:1/d' })),
      'input name is missing (database-url is one database, and the store holds blog, shop)',
    );
  });
});

describe('many backups', () => {
  it('of 1,000 the newest 100 manifests are read, and that of the newest proven one; once each, and it is said', async t => {
    const shelf = await openShelf(t);
    const [id = ''] = await shelf.nights(12, { drills: [] });
    const text = await shelf.read(`shop/${id}/manifest.json`);
    const sizes = Object.entries({
      'contents.json.age': 1,
      'main.dump.age': 4,
      'manifest.json': 9,
      'roles.sql.age': 5,
    });
    // these are only listed; of the oldest, which a drill has proven, one object is gone
    const old = Array.from({ length: 1000 }, (_, index) => {
      const at = new Date(Date.UTC(2023, 0, 1, index)).toISOString().replaceAll(/[-:]|\.\d+/g, '');
      return `${at}-scheduled-abcdef`;
    });
    const objectsOf = (one: string) =>
      one === old[0]
        ? [...sizes, ['drills/20261124T120000Z-passed.json', 1] as const]
        : [...sizes, ['schema.sql.age', 1] as const];
    const many = (store: Store): Store =>
      Object.assign(Object.create(store) as Store, {
        async *list(prefix: string, signal: AbortSignal) {
          for (const one of old)
            for (const [object, sizeBytes] of objectsOf(one))
              yield { key: `shop/${one}/${object}`, sizeBytes, modifiedAt: new Date(0) };
          yield* store.list(prefix, signal);
        },
        get: async (key: string, signal: AbortSignal) => {
          const [, one = ''] = key.split('/');
          return old.includes(one) ? Readable.from([Buffer.from(text.replaceAll(id, one))]) : store.get(key, signal);
        },
      });
    const { result, reads } = await shelf.watch({ name: 'shop' }, { through: many });
    assert.equal(new Set(reads).size, reads.length);
    assert.equal(reads.filter(key => key.endsWith('/manifest.json')).length, 101);
    assert.deepEqual(
      reads.filter(key => !key.endsWith('/manifest.json')),
      [`shop/${old[0]}/drills/20261124T120000Z-passed.json`],
    );
    assert.deepEqual(findingsOf(result), [['OBJECT_MISSING', `backup ${old[0]}`]]);
    assert.deepEqual([result.databases[0]?.sealed, result.databases[0]?.manifestsRead], [1012, 101]);
    assert.ok(
      result.notices.includes('not judged: objects of 911 older backups of shop: only the newest ones are looked at'),
    );
  });
});

describe('outcomes for alert', () => {
  it('are lines that alert reads, one a code, the causes without a name of a table', async t => {
    const shelf = await openShelf(t);
    const ids = await shelf.nights(12);
    await shelf.write(`shop/${ids[3]}/main.dump.age`, '');
    await shelf.remove(`shop/${ids[4]}/main.dump.age`);
    await shelf.remove(`shop/${ids[5]}/main.dump.age`);
    await shelf.write(`shop/${ids[0]}/checks/20261125T090000Z-bytes-failed.json`, '{}');
    const { result } = await shelf.watch({
      name: 'shop',
      'max-age': '1h',
      'database-url': 'postgresql://watcher:hunter2@127.0.0.1:1/d',
      'required-tables': 'secret_project',
    });
    const lines = outcomesOf(result);
    const told = readAlertInputs({ outcomes: lines }).outcomes;
    assert.deepEqual(
      told.map(({ condition }) => condition),
      result.looked,
    );
    const failures = told.filter(({ outcome }) => outcome === 'failure');
    assert.deepEqual(Object.fromEntries(failures.map(({ condition, cause }) => [condition, cause])), {
      BACKUP_STALE: `newest backup of shop: 6 h old (${ids[0]}), expected at most 60 min old`,
      VERIFY_FAILED: `verify of ${ids[0]}: failed (bytes), on 2026-11-25T09:00:00.000Z, expected passed`,
      OBJECT_MISSING: `backup ${ids[4]} (and 1 more)`,
      SIZE_DIFFERS: `backup ${ids[3]}`,
      DATABASE_UNREACHABLE: 'the database gave no answer',
    });
    assert.ok(told.every(({ outcome }) => outcome === 'success' || outcome === 'failure'));
    assert.doesNotMatch(JSON.stringify([lines, result, shown(result)]), /hunter2/);
    assert.doesNotMatch(lines, /secret_project|watcher/);
  });
});

describe('inputs of a watch', () => {
  for (const [inputs, words] of [
    [{ 'max-age': 'soon' }, 'input max-age is "soon" (it may be a time such as 30s, 5m, 2h or 1d)'],
    [
      { 'max-drill-age': 'soon' },
      'input max-drill-age is "soon" (it may be a time such as 35d, or off where nobody drills)',
    ],
    [{ 'max-shrink': '0%' }, 'input max-shrink is "0%… (2 characters)" (it may be a share from 1% to 99%)'],
    [{ 'max-shrink': '100' }, 'input max-shrink is "100" (it may be a share from 1% to 99%)'],
    [{ 'max-size': '4GB' }, 'input database-url is missing (max-size asks the database itself)'],
    [{ 'required-tables': 'a' }, 'input database-url is missing (required-tables asks the database itself)'],
    [
      { accept: 'upgrade' },
      'input accept has the line "upgrade" (a watch takes findings as they were printed: CODE object)',
    ],
    [
      { accept: 'ALL_WELL shop' },
      'input accept has the line "ALL_WELL shop" (it may be upgrade, or a finding as it was printed: its code and its object)',
    ],
    [
      { name: '../x' },
      'input name is not a plain name (use letters, digits, dots, dashes and underscores, at most 100, beginning with a letter or digit)',
    ],
  ] as const)
    it(`refuse ${JSON.stringify(inputs)}`, async () => {
      assert.equal(await refusal(watchStore({ store: 'file:///nowhere', ...inputs })), words);
    });
});

describe('watch of an S3 store', () => {
  it('is the same; without the rights it could not verify, in one finding, without a secret', async t => {
    const server = await startS3Server({ buckets: ['backups'] });
    t.after(() => server.stop());
    const proxy = await startS3Proxy(server);
    t.after(() => proxy.stop());
    const shelf = await openShelf(t);
    for (const id of await shelf.nights(12))
      for (const object of await readdir(join(shelf.folder, 'shop', id), { recursive: true })) {
        const key = `shop/${id}/${object}`;
        if (object !== 'drills') await server.putForeign('backups', `p/${key}`, await shelf.read(key));
      }
    const inputs = {
      store: server.url('backups', 'p', proxy.endpoint),
      'access-key-id': server.accessKeyId,
      'secret-access-key': server.secretAccessKey,
      name: 'shop',
      'check-bucket': 'false',
    };
    const { result } = await watchStore(inputs);
    assert.deepEqual([result.findings, result.verdict, result.databases[0]?.sealed], [[], 'passed', 12]);
    let denied = 'GetObject';
    proxy.on(({ operation }) => operation === denied, refuse(403, 'AccessDenied'));
    const { result: unread } = await watchStore(inputs);
    assert.deepEqual(findingsOf(unread), [['NOT_READABLE', 'manifests of shop']]);
    assert.match(unread.findings[0]?.found ?? '', /^12 not given; of \S+: /);
    assert.match(outcomesOf(unread), /^NOT_READABLE: failure the store lists manifests and does not give them$/m);
    assert.doesNotMatch(outcomesOf(unread), /OBJECT_MISSING|ROWS_FELL/);
    denied = 'ListObjectsV2';
    const { result: unlisted } = await watchStore(inputs);
    assert.deepEqual(findingsOf(unlisted), [['STORE_UNREACHABLE', 'store']]);
    denied = '';
    const { result: refused } = await watchStore({ ...inputs, 'secret-access-key': 'open sesame' });
    assert.deepEqual(findingsOf(refused), [['STORE_UNREACHABLE', 'store']]);
    for (const one of [unread, unlisted, refused]) {
      assert.deepEqual([one.verdict, shown(one).exitStatus], ['could-not-verify', 2]);
      assert.doesNotMatch(JSON.stringify([one, shown(one)]), /sesame/);
      assert.ok(!JSON.stringify([one, shown(one)]).includes(server.secretAccessKey));
    }
  });
});
