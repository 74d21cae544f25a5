import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { projectFolder } from '../../scripts/build.ts';
import { type PublicWorkflow, publicWorkflows } from '../../scripts/public-workflows.ts';
import { withWorkflows } from '../../scripts/readme.ts';
import { type CommandName, definitions, definitionsFor } from '../../src/inputs/definitions.ts';
import { staged } from '../workflows/support/stage.ts';
import { blocksOf, documents } from './documents.ts';

// the parser imports JSON in the way of bundlers, which Node does not take
registerHooks({
  load: (url, context, next) =>
    url.endsWith('.json') ? next(url, { ...context, importAttributes: { type: 'json' } }) : next(url, context),
});
const { NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser');

const workflows = await publicWorkflows();
const stepsOf = ({ jobs }: PublicWorkflow) => Object.values(jobs).flatMap(({ steps }) => steps);
const ours = (workflow: PublicWorkflow) => stepsOf(workflow).filter(({ uses }) => uses === '$/.');

describe('the workflows that others call', () => {
  for (const workflow of workflows)
    describe(workflow.file, () => {
      it('is read by GitHub’s own parser without a complaint', () => {
        const { value, context } = parseWorkflow(
          { name: workflow.file, content: workflow.text },
          new NoOperationTraceWriter(),
        );
        assert.ok(value);
        assert.deepEqual(context.errors.getErrors(), []);
      });

      it('calls commands with inputs that they use, and with the same defaults', () => {
        assert.ok(ours(workflow).length > 0);
        for (const { with: given = {} } of ours(workflow)) {
          const used = definitionsFor(given.command as CommandName).map(({ name }) => name);
          for (const [name, value] of Object.entries(given)) {
            assert.ok(used.includes(name), `${String(given.command)} does not use ${name}`);
            const [, input] = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(String(value)) ?? [];
            if (input !== name) continue;
            const own = definitions.find(one => one.name === name)?.default;
            assert.equal(String(workflow.inputs[name]?.default ?? ''), own ?? '', `the default of ${name}`);
          }
        }
      });

      it('uses every input, secret and output that it declares', () => {
        const { text, inputs, secrets, jobs } = workflow;
        for (const name of Object.keys(inputs)) assert.match(text, new RegExp(`inputs\\.${name}\\b(?!-)`), name);
        for (const name of Object.keys(secrets)) assert.match(text, new RegExp(`secrets\\.${name}\\b(?!-)`), name);
        for (const [, name = ''] of text.matchAll(/\binputs\.([\w-]+)/g)) assert.ok(name in inputs, name);
        for (const [, name = ''] of text.matchAll(/\bsecrets\.([\w-]+)/g)) assert.ok(name in secrets, name);
        for (const one of [...Object.values(inputs), ...Object.values(secrets)]) assert.match(one.description, /\.$/);
        for (const [, job = ''] of text.matchAll(/\b(?:needs|jobs)\.([\w-]+)\./g)) assert.ok(job in jobs, job);
      });

      it('has no right that it does not explain, a time limit on each job, and a runner of the caller’s', () => {
        assert.deepEqual(workflow.permissions, {});
        for (const job of Object.values(workflow.jobs)) {
          assert.ok(job.permissions !== undefined && job['timeout-minutes'] !== undefined);
          assert.equal(job['runs-on'], '${{ fromJSON(inputs.runs-on) }}');
        }
        const granted = workflow.text.match(/^ +[\w-]+: (?:write|read)(?: .*)?$/gm) ?? [];
        for (const line of granted) assert.match(line, /# \w/);
        assert.doesNotMatch(workflow.text, /pull_request_target|secrets: inherit|toJSON\(secrets\)/);
      });

      it('takes nothing into a script but through the environment', () => {
        for (const { run } of stepsOf(workflow)) assert.doesNotMatch(run ?? '', /\$\{\{/);
      });

      it('uses actions of others by commit, and its own of the same commit', () => {
        for (const { uses } of stepsOf(workflow))
          if (uses !== undefined) assert.match(uses, /^\$\/\.$|^actions\/[\w-]+@[0-9a-f]{40}$/);
      });

      it('gives the secret key to steps that decrypt alone, before any code of a change is there', () => {
        for (const { steps } of Object.values(workflow.jobs)) {
          const decrypting = steps.filter(step => /secrets\.(?:identity|gpg-private-key)/.test(JSON.stringify(step)));
          for (const { with: given } of decrypting) assert.match(String(given?.command), /^(?:drill|restore|verify)$/);
          if (workflow.file !== 'pre-migration.yml' || decrypting.length === 0) continue;
          const [restores] = decrypting;
          assert.equal(decrypting.length, 1);
          const checkout = steps.findIndex(({ uses }) => uses?.startsWith('actions/checkout@'));
          assert.ok(restores && steps.indexOf(restores) < checkout);
        }
      });

      it('gives the replica to every backup, prune and watch, and the right to delete to the prune alone', () => {
        for (const { with: given = {} } of ours(workflow)) {
          const command = String(given.command);
          const opening = ['', '-role-to-assume', '-access-key-id', '-secret-access-key'];
          const isGiven = opening.map(part => `replica${part}` in given);
          assert.deepEqual(new Set(isGiven), new Set([['backup', 'prune', 'watch'].includes(command)]), command);
          const mayDelete = Object.values(given).filter(value => /\.(?:replica-)?prune-/.test(String(value)));
          assert.equal(mayDelete.length, command === 'prune' ? 6 : 0, command);
        }
      });

      it('differs in the tests in what it uses alone', () => {
        const [shipped, tried] = [workflow.text, staged(workflow.text)].map(text => text.split('\n'));
        assert.equal(tried?.length, shipped?.length);
        for (const [index, line = ''] of shipped?.entries() ?? [])
          if (tried?.[index] !== line) assert.match(line, /^ +(?:- )?uses: /);
      });
    });

  it('have tables in docs/workflows.md as they declare it', async () => {
    const file = join(projectFolder, 'docs/workflows.md');
    const text = await readFile(file, 'utf8');
    assert.equal(text, await withWorkflows(text), 'run `npm run readme`');
  });
});

interface Call {
  uses: string;
  with?: Record<string, unknown>;
  secrets?: Record<string, unknown>;
  permissions?: Record<string, string>;
}

describe('a caller in the documents', async () => {
  const blocks = (await documents()).flatMap(document =>
    blocksOf(document)
      .filter(({ language }) => language === 'yaml')
      .map(({ text }) => ({ path: document.path, text })),
  );
  const calls = blocks.flatMap(({ path, text }) => {
    const { jobs = {} } = (parse(text) ?? {}) as { jobs?: Record<string, Partial<Call>> };
    return Object.values(jobs).flatMap(job => (job.uses === undefined ? [] : [{ path, call: job as Call }]));
  });

  it('is there for each workflow', () => {
    const called = new Set(calls.map(({ call }) => call.uses.replace(/^.*\/([\w-]+\.yml)@v0$/, '$1')));
    assert.deepEqual(
      [...called].sort(),
      workflows.map(({ file }) => file),
    );
  });

  for (const { path, call } of calls)
    it(`${path} gives ${call.uses} what it declares, needs and asks for`, () => {
      const [, file] = /^pg-lifeboat\/pg-lifeboat\/\.github\/workflows\/([\w-]+\.yml)@v0$/.exec(call.uses) ?? [];
      const workflow = workflows.find(one => one.file === file);
      assert.ok(workflow);
      for (const name of Object.keys(call.with ?? {})) assert.ok(name in workflow.inputs, name);
      for (const name of Object.keys(call.secrets ?? {})) assert.ok(name in workflow.secrets, name);
      for (const [name, { required }] of Object.entries(workflow.inputs))
        if (required === true) assert.ok(name in (call.with ?? {}), `${name} is missing`);
      for (const [name, { required }] of Object.entries(workflow.secrets))
        if (required === true) assert.ok(name in (call.secrets ?? {}), `${name} is missing`);
      const asked = Object.assign({}, ...Object.values(workflow.jobs).map(({ permissions }) => permissions)) as object;
      assert.deepEqual(call.permissions, asked);
    });
});

describe('the migration gate', async () => {
  const workflow = workflows.find(({ file }) => file === 'pre-migration.yml');
  const gate = workflow?.jobs.gate?.steps[0];
  const known = Object.keys(gate?.env ?? {});
  const script = gate?.run ?? '';

  interface Case {
    EVENT: string;
    DETECT: string;
    MIGRATIONS: string;
    UNTRUSTED: string;
    SNAPSHOT: string;
    REHEARSE: string;
    VERDICT: string;
    REHEARSED: string;
    POLICY: string;
    HOW: string;
  }

  const healthy: Case = {
    EVENT: 'pull_request',
    DETECT: 'success',
    MIGRATIONS: '2',
    UNTRUSTED: 'false',
    SNAPSHOT: 'success',
    REHEARSE: 'success',
    VERDICT: 'passed',
    REHEARSED: '2',
    POLICY: 'fail',
    HOW: 'full',
  };

  const judged = (given: Case) => {
    const env = { PATH: process.env.PATH ?? '', GITHUB_STEP_SUMMARY: '/dev/null', ...given };
    const ran = spawnSync('bash', ['-e', '-c', script], { env, encoding: 'utf8' });
    return { isGreen: ran.status === 0, said: ran.stdout };
  };

  it('has a name that never changes, and always runs', () => {
    assert.equal((workflow?.jobs.gate as { name?: string } | undefined)?.name, 'migration gate');
    assert.equal((workflow?.jobs.gate as { if?: string } | undefined)?.if, 'always()');
    assert.deepEqual(known.sort(), Object.keys(healthy).sort());
  });

  for (const [what, more, isGreen, said] of [
    ['a rehearsal that passed', {}, true, /2 migrations rehearsed \(full\): passed/],
    ['no migration', { MIGRATIONS: '0', SNAPSHOT: 'skipped', REHEARSE: 'skipped', VERDICT: '' }, true, /no migration/],
    ['a rehearsal that failed', { REHEARSE: 'failure', VERDICT: 'failed' }, false, /came to failure \(failed\)/],
    ['a rehearsal that was cancelled', { REHEARSE: 'cancelled', VERDICT: '' }, false, /came to cancelled/],
    ['a snapshot that failed', { SNAPSHOT: 'failure', REHEARSE: 'skipped', VERDICT: '' }, false, /snapshot came to f/],
    ['a rehearsal that was skipped', { REHEARSE: 'skipped', VERDICT: '' }, false, /came to skipped/],
    ['a search that was cancelled', { DETECT: 'cancelled', MIGRATIONS: '', UNTRUSTED: '' }, false, /came to cancelled/],
    ['a search that gave no number', { MIGRATIONS: '' }, false, /nobody knows how many/],
    [
      'a fork',
      { UNTRUSTED: 'true', SNAPSHOT: 'skipped', REHEARSE: 'skipped' },
      false,
      /not rehearsed; push the branch/,
    ],
    ['a fork without a migration', { UNTRUSTED: 'true', MIGRATIONS: '0' }, true, /no migration/],
    ['a fork that is let through', { UNTRUSTED: 'true', POLICY: 'pass' }, true, /NOT REHEARSED/],
    ['a push', { EVENT: 'push', MIGRATIONS: '0', REHEARSE: 'skipped', VERDICT: '' }, true, /snapshot .* is sealed/],
    ['a push without its snapshot', { EVENT: 'push', SNAPSHOT: 'failure' }, false, /snapshot .* came to failure/],
    ['a rehearsal of fewer', { REHEARSED: '1' }, false, /1 migrations were rehearsed, and the change has 2/],
    ['a rehearsal of nobody knows how many', { REHEARSED: '' }, false, /no migrations were rehearsed/],
    ['a policy that is none', { POLICY: 'maybe' }, false, /untrusted may be fail or pass/],
    ['a way that is none', { HOW: 'half' }, false, /rehearse may be full or schema-only/],
  ] as const)
    it(`is ${isGreen ? 'green' : 'red'} for ${what}`, () => {
      const result = judged({ ...healthy, ...more });
      assert.equal(result.isGreen, isGreen, result.said);
      assert.match(result.said, said);
    });

  it('is green for nothing else', () => {
    const result = fc.constantFrom('success', 'failure', 'cancelled', 'skipped', '');
    const anything: fc.Arbitrary<Case> = fc.record({
      EVENT: fc.constantFrom('pull_request', 'merge_group', 'push', 'workflow_dispatch'),
      DETECT: fc.oneof({ weight: 3, arbitrary: fc.constant('success') }, { weight: 1, arbitrary: result }),
      MIGRATIONS: fc.constantFrom('0', '1', '12', '', 'x', '-1', '1 2', '$(true)'),
      UNTRUSTED: fc.constantFrom('true', 'false', '', 'maybe'),
      SNAPSHOT: result,
      REHEARSE: result,
      VERDICT: fc.constantFrom('passed', 'failed', 'could-not-verify', ''),
      REHEARSED: fc.constantFrom('0', '1', '12', ''),
      POLICY: fc.constantFrom('fail', 'pass', ''),
      HOW: fc.constantFrom('full', 'schema-only', ''),
    });
    const mayBeGreen = (one: Case) => {
      if (one.DETECT !== 'success' || !/^\d+$/.test(one.MIGRATIONS)) return false;
      if (one.POLICY === '' || one.HOW === '' || !/^(?:true|false)$/.test(one.UNTRUSTED)) return false;
      if (one.UNTRUSTED === 'true') return one.MIGRATIONS === '0' || one.POLICY === 'pass';
      if (one.EVENT === 'push') return one.SNAPSHOT === 'success';
      const isRehearsed =
        one.SNAPSHOT === 'success' &&
        one.REHEARSE === 'success' &&
        one.VERDICT === 'passed' &&
        one.REHEARSED === one.MIGRATIONS;
      return one.MIGRATIONS === '0' || isRehearsed;
    };
    fc.assert(
      fc.property(anything, one => judged(one).isGreen === mayBeGreen(one)),
      { numRuns: 150 },
    );
  });
});

describe('the typed confirmation of a restore', () => {
  const script = workflows.find(({ file }) => file === 'restore.yml')?.jobs.plan?.steps[0]?.run ?? '';
  for (const [name, confirm, isTyped] of [
    ['shop', 'shop', true],
    ['shop', 'shopp', false],
    ['shop', '', false],
    ['', '', false],
    ['shop', '$(echo shop)', false],
  ] as const)
    it(`of "${name}" ${isTyped ? 'is' : 'is not'} "${confirm}"`, () => {
      const env = { PATH: process.env.PATH ?? '', GITHUB_OUTPUT: '/dev/null', NAME: name, CONFIRM: confirm };
      assert.equal(spawnSync('bash', ['-e', '-c', script], { env }).status === 0, isTyped);
    });
});
