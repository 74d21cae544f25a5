import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RehearseResult } from '../../src/commands/rehearse-result.ts';
import { presentRehearsal } from '../../src/report/present-rehearsal.ts';
import { hostileRehearsal as result } from './rehearsal-sample.ts';

describe('a rehearsal', () => {
  it('has its verdict first, in all that is shown', () => {
    const { text, summary, outputs, exitStatus } = presentRehearsal(result);
    assert.match(text, /^rehearsal of 1 migration: failed \(1\.2 s to apply\)\naccepted: COLUMN_REMOVED/);
    assert.match(summary, /^### Rehearsal of 1 migration\\: failed/);
    assert.deepEqual([outputs.verdict, outputs.migrations, exitStatus], ['failed', '1', 1]);
    assert.equal(outputs.comment, summary);
    assert.equal(presentRehearsal({ ...result, verdict: 'could-not-verify' }).exitStatus, 2);
    assert.equal(presentRehearsal({ ...result, verdict: 'passed' }).exitStatus, 0);
  });

  it('lets no name out of its place', () => {
    const { text, summary } = presentRehearsal(result);
    assert.ok(!text.split('\n').some(line => line.startsWith('::')));
    assert.ok(!/<script|[^\\]@someone/.test(summary.replace(/```+diff[\s\S]*?\n````*\n/, '')), summary);
    const [, fence = ''] = /(`{3,})diff/.exec(summary) ?? [];
    assert.equal(fence.length, 4, 'longer than any fence inside of it');
    assert.equal(summary.split('\n').filter(line => line === fence).length, 1);
    for (const row of summary.split('\n').filter(line => line.startsWith('| ') && line.includes('someone')))
      assert.ok(row.endsWith(' |'), row);
  });

  it('is short enough for a comment, however much there is', () => {
    const definitions = Array.from({ length: 3000 }, (_, index) => ({
      object: `table public.t${index}`,
      change: 'added' as const,
      before: '',
      after: 'x'.repeat(900),
    }));
    const tables = Array.from({ length: 3000 }, (_, index) => ({
      ...result.tables[0],
      table: `t${index}`,
    })) as RehearseResult['tables'];
    const { outputs, summary } = presentRehearsal({ ...result, definitions, tables });
    assert.ok(Buffer.byteLength(outputs.comment ?? '') <= 61_000);
    assert.match(outputs.comment ?? '', /\*\*Definitions\*\*: 3000 added/);
    assert.doesNotMatch(outputs.comment ?? '', /No definition was changed/);
    assert.match(outputs.comment ?? '', /\(cut: the job summary has it all\)\n$/);
    assert.match(summary, /and 2950 more/);
  });

  it('is short enough for the variable that carries it, whatever the names are written in', () => {
    const findings = Array.from({ length: 500 }, (_, index) => ({
      ...(result.findings[0] as RehearseResult['findings'][number]),
      object: `table public.${'表'.repeat(60)}${index}`,
    }));
    const comment = presentRehearsal({ ...result, findings }).outputs.comment ?? '';
    assert.ok(Buffer.byteLength(comment) <= 61_000);
    assert.match(comment, /\|\n\n\(cut: the job summary has it all\)\n$/, 'whole rows');
  });

  it('of no migration says so', () => {
    const { text } = presentRehearsal({ ...result, verdict: 'passed', files: [], findings: [], accepted: [] });
    assert.equal(text.split('\n')[0], 'rehearsal: passed, the change brings no migration');
  });
});
