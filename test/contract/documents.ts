import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectFolder } from '../../scripts/build.ts';

/** A file for people, by its path in the project. */
export interface Document {
  path: string;
  text: string;
}

/** A fenced block of a Markdown document. */
export interface Block {
  language: string;
  text: string;
  /** The heading above it. */
  heading: string;
}

const patterns = ['*.md', 'docs/**/*.md', 'examples/*'];

/** README.md and the other documents, and the examples. */
export async function documents(): Promise<Document[]> {
  const paths: string[] = [];
  for (const pattern of patterns) for await (const path of glob(pattern, { cwd: projectFolder })) paths.push(path);
  return Promise.all(paths.sort().map(readDocument));
}

/** One document by its path. */
export async function readDocument(path: string): Promise<Document> {
  return { path, text: await readFile(join(projectFolder, path), 'utf8') };
}

/** The fenced blocks of a document; an example is one block of YAML. */
export function blocksOf({ path, text }: Document): Block[] {
  if (!path.endsWith('.md')) return [{ language: path.replace(/^.*\./, '').replace('yml', 'yaml'), text, heading: '' }];
  const blocks: Block[] = [];
  let open: Block | undefined;
  let heading = '';
  for (const line of text.split('\n')) {
    const [, language] = /^```(\w*)/.exec(line) ?? [];
    if (open && language !== undefined) {
      blocks.push(open);
      open = undefined;
    } else if (open) open.text += `${line}\n`;
    else if (language !== undefined) open = { language, text: '', heading };
    else heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
  }
  return blocks;
}

/** A document without its fenced blocks. */
export function proseOf({ text }: Document): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '');
}

/** The anchor that GitHub gives a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** The commands of pg-lifeboat in a block of shell, each as its arguments. */
export function lifeboatCommands(shell: string): string[][] {
  const lines = shell.replaceAll(/\\\n\s*/g, '').split('\n');
  return lines.flatMap(line => {
    const [, rest] = /^(?:node dist\/cli\/index\.js|pg-lifeboat)\s+(.*)$/.exec(line.trim()) ?? [];
    return rest === undefined ? [] : [shellWords(rest)];
  });
}

function shellWords(line: string): string[] {
  const words = line.replace(/\s[#>].*$/, '').match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map(word => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}
