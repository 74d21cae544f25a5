import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { projectFolder } from '../../scripts/build.ts';
import { sum, testFiles, type FileResults } from '../../scripts/test/files.ts';

describe('the files of a test run', () => {
  let project: string;
  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'project-'));
    await mkdir(join(project, 'test/deep'), { recursive: true });
    const write = (name: string, text: string) => writeFile(join(project, name), text);
    await write('package.json', '{ "type": "module" }');
    await write(
      'test/mixed.test.ts',
      `import { before, describe, it } from 'node:test';
       describe('outer', () => {
         describe('inner', () => {
           it('is good', () => console.log('something written'));
           it('is bad', () => { throw new Error('the cause'); });
           it('is skipped', t => t.skip('no such server'));
           it.skip('is skipped without a word', () => {});
         });
       });
       describe('hook', () => {
         before(() => { throw new Error('no hook'); });
         it('never runs', () => {});
       });`,
    );
    await write('test/deep/empty.test.ts', 'export {};');
    await write('test/deep/broken.test.ts', `import './nothing.ts';`);
    await write('test/deep/support.ts', 'export {};');
    await write(
      'run.ts',
      `import { runFile } from ${JSON.stringify(join(projectFolder, 'scripts/test/files.ts'))};
       const [project = '', file = ''] = process.argv.slice(2);
       console.log(JSON.stringify(await runFile(project, file, new AbortController().signal)));`,
    );
  });
  after(() => rm(project, { recursive: true }));

  /** In a process of its own, because a test run within a test runs nothing. */
  const run = async (file: string) => {
    const { PATH, HOME } = process.env;
    const args = [join(project, 'run.ts'), project, file];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH, HOME } });
    return JSON.parse(stdout) as FileResults;
  };

  it('are found, all or those that are asked for', async () => {
    const all = ['test/deep/broken.test.ts', 'test/deep/empty.test.ts', 'test/mixed.test.ts'];
    assert.deepEqual(await testFiles(project, []), all);
    assert.deepEqual(await testFiles(project, ['./test/deep']), all.slice(0, 2));
    assert.deepEqual(await testFiles(project, ['mixed', 'empty']), all.slice(1));
    assert.deepEqual(await testFiles(project, ['test/*.test.ts']), all.slice(2));
    assert.deepEqual(await testFiles(project, ['nothing']), []);
  });

  it('tell each test by its whole title', async () => {
    const { passed, failed, skipped, output } = await run('test/mixed.test.ts');
    assert.equal(passed, 1);
    assert.deepEqual(
      failed.map(({ title }) => title),
      ['outer › inner › is bad', 'hook › never runs', 'hook'].map(title => `test/mixed.test.ts › ${title}`),
    );
    assert.match(failed[0]?.text ?? '', /Error: the cause\n +at /);
    assert.deepEqual(skipped, [
      { title: 'test/mixed.test.ts › outer › inner › is skipped', text: 'no such server' },
      { title: 'test/mixed.test.ts › outer › inner › is skipped without a word', text: 'no reason given' },
    ]);
    assert.equal(output, 'something written\n');
  });

  it('fail when there is no test in them, or when they cannot be loaded', async () => {
    const empty = await run('test/deep/empty.test.ts');
    assert.deepEqual(empty.failed, [{ title: 'test/deep/empty.test.ts', text: 'there is no test in it' }]);
    const broken = await run('test/deep/broken.test.ts');
    assert.equal(broken.failed.length, 1);
    assert.match(broken.output, /ERR_MODULE_NOT_FOUND/);
    assert.equal(sum([empty, broken]).failed.length, 2);
  });
});
