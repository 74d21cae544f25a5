import assert from 'node:assert/strict';
import { glob, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { projectFolder } from '../../scripts/build.ts';
import { definitions } from '../../src/inputs/definitions.ts';
import { readInputs } from '../../src/inputs/inputs.ts';
import { readAction, readTerminal } from '../../src/inputs/raw.ts';
import { parseS3Url } from '../../src/store/s3-url.ts';
import { anchorOf, blocksOf, documents, lifeboatCommands, proseOf, readDocument } from './documents.ts';

const all = await documents();
const blocks = all.flatMap(document => blocksOf(document).map(block => ({ ...block, path: document.path })));

interface Step {
  uses?: unknown;
  with?: Record<string, unknown>;
}

/** Every mapping with `uses` in a parsed YAML document. */
function stepsIn(value: unknown): Step[] {
  if (Array.isArray(value)) return value.flatMap(stepsIn);
  if (typeof value !== 'object' || value === null) return [];
  return [...('uses' in value ? [value as Step] : []), ...Object.values(value).flatMap(stepsIn)];
}

const isOurs = ({ uses }: Step) => typeof uses === 'string' && uses.startsWith('pg-lifeboat/pg-lifeboat@');
/** An expression that the runner fills in; for an id it must look like one. */
const filled = (value: string) =>
  value
    .replaceAll(/\$\{\{ secrets\.(?:ALERT_WEBHOOK|HEARTBEAT_URL) \}\}/g, 'https://example.com/told')
    .replaceAll(/\$\{\{ (?:needs\.\w+\.result|steps\.\w+\.outcome) \}\}/g, 'success')
    .replaceAll(/\$\{\{ steps\.\w+\.outputs\.outcomes \}\}/g, 'BACKUP_STALE: success')
    .replaceAll(/\$\{\{ secrets\.BACKUP_FILES_KEY \}\}/g, 'b'.repeat(32))
    .replaceAll(/\$\{\{.*?backup-id.*?\}\}/g, '20261120T031742Z-manual-k3f9q2')
    .replaceAll(/\$\{\{.*?\}\}/g, 'filled');

describe('the documents', () => {
  it('call the action only with inputs that exist, that the command uses and understands', () => {
    let seen = 0;
    for (const { path, text } of blocks.filter(({ language }) => language === 'yaml')) {
      for (const step of stepsIn(parse(text)).filter(isOurs)) {
        seen += 1;
        const given = Object.entries(step.with ?? {}).map(([name, value]) => [name, filled(String(value))] as const);
        const unknown = given.filter(([name]) => !definitions.some(definition => definition.name === name));
        assert.deepEqual(unknown, [], path);
        const raw = readAction(
          Object.fromEntries(given.map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
        );
        assert.deepEqual(raw.warnings, [], path);
        const inputs = readInputs(raw, { GITHUB_REPOSITORY: 'owner/name' });
        if ('store' in inputs && inputs.store.url.startsWith('s3:')) parseS3Url(inputs.store.url);
      }
    }
    assert.ok(seen >= 8);
  });

  it('have workflows with an odd minute, without rights that nobody needs, and no run that is dropped', () => {
    const workflows = blocks
      .filter(({ language }) => language === 'yaml')
      .map(({ path, text }) => ({ path, workflow: parse(text) as Record<string, unknown> }))
      .filter(({ workflow }) => 'on' in workflow);
    assert.ok(workflows.length >= 5);
    for (const { path, workflow } of workflows) {
      const { schedule = [] } = workflow.on as { schedule?: { cron: string }[] };
      assert.ok(
        schedule.every(({ cron }) => Number(cron.split(' ')[0]) % 2 === 1),
        path,
      );
      assert.deepEqual(workflow.permissions, {}, path);
      // a group drops the run that waits when another comes; the database's own lock lets them wait
      assert.equal(workflow.concurrency, undefined, path);
    }
  });

  it('write command lines that the program understands', () => {
    const shells = blocks.filter(({ language }) => language === 'sh');
    const commands = shells.flatMap(({ path, text }) => lifeboatCommands(text).map(args => ({ path, args })));
    assert.ok(commands.length >= 6);
    for (const { path, args } of commands)
      assert.deepEqual(readTerminal(args, {}).inputs.warnings, [], `${path}: ${args.join(' ')}`);
  });

  it('name only environment variables of inputs', () => {
    const known = definitions.map(({ name }) => `LIFEBOAT_${name.replaceAll('-', '_').toUpperCase()}`);
    const others = ['LIFEBOAT_DEBUG', 'LIFEBOAT_TEST_ALL', 'LIFEBOAT_TEST_MAJORS'];
    const named = all.flatMap(({ text }) => text.match(/\bLIFEBOAT_[A-Z_]*[A-Z]/g) ?? []);
    assert.deepEqual(
      named.filter(name => !known.includes(name) && !others.includes(name)),
      [],
    );
  });

  it('name only npm scripts that exist', async () => {
    const { scripts } = JSON.parse((await readDocument('package.json')).text) as { scripts: Record<string, string> };
    for (const { path, text } of all)
      for (const [, name = ''] of text.matchAll(/npm run ([a-z]+)/g)) assert.ok(name in scripts, `${path}: ${name}`);
  });

  it('name only stores that can be opened', () => {
    const urls = all.flatMap(({ text }) => text.match(/s3:\/\/[^\s`')|]+\?[^\s`')|]+/g) ?? []);
    assert.ok(urls.length > 8);
    for (const url of urls) if (!url.includes('=…')) parseS3Url(url);
  });

  it('have JSON that can be read', () => {
    for (const { language, text } of blocks) if (language === 'json') JSON.parse(text);
  });

  it('link to files and headings that are there', async () => {
    for (const document of all.filter(({ path }) => path.endsWith('.md'))) {
      for (const [, link = ''] of proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(link)) continue;
        const [file = '', anchor] = link.split('#');
        const path = file === '' ? document.path : join(dirname(document.path), file);
        await stat(join(projectFolder, path)).catch(() => assert.fail(`${document.path}: ${link}`));
        if (anchor === undefined) continue;
        const headings = [...proseOf(await readDocument(path)).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
          anchorOf(text),
        );
        assert.ok(headings.includes(anchor), `${document.path}: ${link}`);
      }
    }
  });

  it('quote in troubleshooting.md only what the program says', async () => {
    let sources = '';
    for await (const path of glob('src/**/*.ts', { cwd: projectFolder }))
      sources += await readFile(join(projectFolder, path), 'utf8');
    const { text } = await readDocument('docs/troubleshooting.md');
    const firstCells = text.split('\n').flatMap(line => (line.startsWith('|') ? [line.split('|')[1] ?? ''] : []));
    const quoted = firstCells.flatMap(cell => cell.match(/`[^`]+`/g) ?? []).map(code => code.slice(1, -1));
    assert.ok(quoted.length > 50);
    const said = sources.replaceAll(/\$\{[^}]*\}/g, '…').replaceAll(String.raw`\'`, "'");
    const unknown = quoted.filter(quote => !quote.split('…').every(part => said.includes(part.trim())));
    assert.deepEqual(unknown, []);
  });
});
