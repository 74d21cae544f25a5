import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { contentsSchema } from '../src/catalog/contents.ts';
import { evidenceDetailsSchema, evidenceSchema } from '../src/catalog/evidence.ts';
import { filesSchema } from '../src/catalog/files.ts';
import { manifestSchema } from '../src/catalog/manifest.ts';
import { projectFolder } from './build.ts';

const documents = [
  {
    file: 'manifest-1.json',
    schema: manifestSchema,
    title: 'pg-lifeboat manifest, format 1',
    description: 'manifest.json: the seal of a backup. Plain text, written last; a backup without it is none.',
  },
  {
    file: 'contents-1.json',
    schema: contentsSchema,
    title: 'pg-lifeboat contents, format 1',
    description: "contents.json: what the dump's snapshot held. Encrypted, since it names every table and role.",
  },
  {
    file: 'files-1.json',
    schema: filesSchema,
    title: 'pg-lifeboat files, format 1',
    description:
      'files.json: the files that travel with a backup, and where they are stored. Encrypted, since it names them.',
  },
  {
    file: 'evidence-1.json',
    schema: evidenceSchema,
    title: 'pg-lifeboat evidence of a drill, format 1',
    description:
      'drills/<time>-<verdict>.json: what a drill came to. Plain text without names, but for its encrypted details.',
  },
  {
    file: 'evidence-details-1.json',
    schema: evidenceDetailsSchema,
    title: 'pg-lifeboat details of a drill, format 1',
    description:
      'The details of the evidence once they are decrypted: findings, checks and tables, never a value of a row.',
  },
];

/** The published JSON Schema (draft 7) of each document of a backup: file name below schema/, and text. */
export function schemaFiles(): Map<string, string> {
  return new Map(
    documents.map(({ file, schema, title, description }) => {
      const { $schema, ...rest } = toJsonSchema(schema, { target: 'draft-07', errorMode: 'throw' });
      return [file, `${JSON.stringify({ $schema, $id: file, title, description, ...rest }, null, 2)}\n`];
    }),
  );
}

if (process.argv[1] === import.meta.filename) {
  const folder = join(projectFolder, 'schema');
  await mkdir(folder, { recursive: true });
  for (const [file, text] of schemaFiles()) await writeFile(join(folder, file), text);
}
