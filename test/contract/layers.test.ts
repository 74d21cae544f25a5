import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { projectFolder } from '../../scripts/build.ts';

const domains = [
  'catalog',
  'crypto',
  'postgres',
  'store',
  'migrations',
  'github',
  'supabase',
  'watch',
  'cost',
  'files',
];
const mostLines = 350;

interface Source {
  path: string;
  text: string;
  /** Project paths of our own files that it imports. */
  imports: string[];
}

async function sources(): Promise<Source[]> {
  const found: Source[] = [];
  for await (const path of glob('src/**/*.ts', { cwd: projectFolder })) {
    const text = await readFile(join(projectFolder, path), 'utf8');
    const imports = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, to = '']) =>
      relative('.', join(dirname(path), to)),
    );
    found.push({ path, text, imports });
  }
  return found;
}

function domainOf(path: string): string | undefined {
  return domains.find(domain => path.startsWith(`src/${domain}/`));
}

describe('the map in CONTRIBUTING.md', () => {
  it('holds: no domain folder imports another one, the commands, the inputs or the report', async () => {
    const wrong = (await sources()).flatMap(({ path, imports }) => {
      const own = domainOf(path);
      if (own === undefined) return [];
      const isForeign = (to: string) => to.startsWith('src/') && to.split('/').length > 2 && domainOf(to) !== own;
      return imports.filter(isForeign).map(to => `${path} imports ${to}`);
    });
    assert.deepEqual(wrong, []);
  });

  it(`holds: no file is much longer than ${mostLines} lines`, async () => {
    const long = (await sources()).filter(({ text }) => text.split('\n').length > mostLines + 20);
    assert.deepEqual(
      long.map(({ path }) => path),
      [],
    );
  });

  it('names every file and folder of src', async () => {
    const map = await readFile(join(projectFolder, 'CONTRIBUTING.md'), 'utf8');
    const tops = new Set((await sources()).map(({ path }) => path.split('/').slice(0, 2).join('/')));
    const missing = [...tops].filter(path => !map.includes(`\`${path}${path.endsWith('.ts') ? '' : '/'}\``));
    assert.deepEqual(missing, []);
  });
});
