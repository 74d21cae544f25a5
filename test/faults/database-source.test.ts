import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { BackupResult } from '../../src/commands/backup.ts';
import { resultOf } from '../support/lifeboat.ts';
import { majors, needsPostgres } from '../support/postgres.ts';
import {
  type Trial,
  assertFailed,
  assertNothingLeft,
  assertRestores,
  contentsOf,
  fillDatabase,
  heldClient,
  openTrial,
} from './support.ts';

for (const major of majors()) {
  describe(`while making a backup of PostgreSQL ${major}, what and for whom`, () => {
    let database: Promise<string> | undefined;
    const open = async (t: TestContext): Promise<Trial | undefined> => {
      const cluster = await needsPostgres(t, major);
      if (!cluster) return undefined;
      return openTrial(t, cluster, await (database ??= fillDatabase(cluster)));
    };

    it('another database under the same name', async t => {
      const trial = await open(t);
      if (!trial) return;
      const other = await trial.cluster.createDatabase();
      const url = trial.cluster.url(other);
      const refused = await trial.backup({ 'database-url': url });
      await assertFailed(refused, trial, {
        message: /the backups under shop come from another database \(.*new-source: shop\)/,
      });
      const wrong = await trial.backup({ 'database-url': url, 'new-source': 'shap' });
      await assertFailed(wrong, trial, { status: 64, message: /input new-source is not shop \(type the name/ });
      const made = resultOf<BackupResult>(await trial.backup({ 'database-url': url, 'new-source': 'shop' }));
      await assertNothingLeft(trial, [made.backupId]);
      const backAgain = await trial.backup();
      await assertFailed(backAgain, trial, { message: /come from another database/ }, [made.backupId]);
    });

    it('two backups of one name at once', async t => {
      const trial = await open(t);
      if (!trial) return;
      const client = await heldClient(t, trial.cluster);
      const first = trial.backup({ client: client.folder });
      await client.held();
      const second = await trial.backup({ 'queue-timeout': '1s' });
      assert.equal(second.status, 1);
      assert.match(
        second.stderr,
        /error: another backup of shop is running on this server \(look at that run, or raise queue-timeout\)/,
      );
      let waits = () => {};
      const waiting = new Promise<void>(resolve => (waits = resolve));
      const third = trial.backup({}, { onStderr: text => text.includes('waits its turn') && waits() });
      await waiting;
      await client.release();
      const made = resultOf<BackupResult>(await first);
      const next = resultOf<BackupResult>(await third);
      assert.ok(next.snapshotAt > made.snapshotAt);
      await assertNothingLeft(trial, [made.backupId, next.backupId]);
      await assertRestores(trial, next.backupId);
    });

    it('empty database (valid, and said so)', async t => {
      const trial = await open(t);
      if (!trial) return;
      const empty = trial.cluster.url(await trial.cluster.createDatabase());
      const ran = await trial.backup({ 'database-url': empty, 'new-source': 'shop' });
      assert.match(ran.stderr, /warning: the database has no tables: this is a valid backup of nothing/);
      const made = resultOf<BackupResult>(ran);
      assert.deepEqual([made.tables, made.rows], [0, 0]);
      await assertNothingLeft(trial, [made.backupId]);
      await assertRestores(trial, made.backupId);
      const required = await trial.backup({ 'database-url': empty, 'required-tables': 'orders' });
      await assertFailed(required, trial, { message: /required table orders would not be in the backup \(/ }, [
        made.backupId,
      ]);
    });
  });
}

describe('while making a backup, who is to read it', () => {
  const open = async (t: TestContext): Promise<Trial | undefined> => {
    const cluster = await needsPostgres(t, majors()[0] ?? 17);
    return cluster && openTrial(t, cluster, await fillDatabase(cluster));
  };

  it('bad recipient', async t => {
    const trial = await open(t);
    if (!trial) return;
    const good = trial.harbor.keys.recipient;
    const flipped = good.slice(0, -1) + (good.endsWith('q') ? 'p' : 'q');
    for (const recipients of ['age1nonsense', flipped, `${good}\n${flipped}`, 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me']) {
      const ran = await trial.backup({ recipients });
      await assertFailed(ran, trial, { status: 64, message: /input recipients .* line [12] \(/ });
    }
  });

  it('bad recipient: the secret key by mistake, which is not shown', async t => {
    const trial = await open(t);
    if (!trial) return;
    const { identity } = trial.harbor.keys;
    const ran = await trial.backup({ recipients: identity });
    await assertFailed(ran, trial, { status: 64, message: /input recipients .*(?:secret|identity).*\(/i });
    assert.ok(!ran.stderr.includes(identity.slice(-30)));
  });

  it('passphrase with odd characters', async t => {
    const trial = await open(t);
    if (!trial) return;
    const passphrase = `p\u00e4ss "w\u00f6rd" '\`$(id)\\ %40 # ! \u{1f4be} -- *`;
    const withPassphrase = { passphrase, recipients: '' };
    const made = resultOf<BackupResult>(await trial.backup(withPassphrase));
    await assertNothingLeft(trial, [made.backupId]);
    const target = await trial.cluster.createDatabase();
    const restoring = trial.harbor.restoreInputs(trial.cluster, target, {
      passphrase,
      identity: '',
      backup: made.backupId,
    });
    const restored = resultOf<{ differences: unknown[] }>(await trial.run('restore', restoring));
    assert.deepEqual(restored.differences, []);
    await assert.rejects(contentsOf(trial, made.backupId));
    const wrong = await trial.run('restore', {
      ...restoring,
      'target-url': trial.cluster.url(await trial.cluster.createDatabase()),
      passphrase: `${passphrase}.`,
    });
    assert.equal(wrong.status, 64);
    assert.match(wrong.stderr, /error: .*passphrase.*\(.+\)/);
  });
});
