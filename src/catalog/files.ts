import * as v from 'valibot';
import { Failure } from '../failure.ts';
import { fileObjectPattern } from './key.ts';
import { count, parseDocument, sha256 } from './schema.ts';

const fileSchema = v.object({
  /** Relative to the working folder, or the whole path without its leading slash. */
  path: v.pipe(v.string(), v.minLength(1)),
  /** The permission bits. */
  mode: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0o777)),
  sizeBytes: count,
  /** Of the plaintext. */
  sha256,
  /** Its key below the database's folder. */
  object: v.pipe(v.string(), v.regex(fileObjectPattern)),
});

/** `files.json`: the files of one backup, and where they are stored; encrypted, since it names them. Sorted by path, each once. */
export const filesSchema = v.object({ format: v.literal(1), backupId: v.string(), files: v.array(fileSchema) });

export type Files = v.InferOutput<typeof filesSchema>;
/** One file as it was: what it is called, and the plaintext's size and SHA-256. */
export type StoredFile = v.InferOutput<typeof fileSchema>;

/** The largest `files.json` that is read: 10,000 files with paths of 4,096 bytes fit. */
export const filesLimitBytes = 64 * 1024 * 1024;

/** Parses the files of one backup; those of another backup are refused, and a path that is there twice. */
export function parseFiles(text: string, id: string): Files {
  const files = parseDocument(filesSchema, text, `the files of ${id}`);
  const hint = 'somebody swapped or edited objects of backups; use another backup';
  if (files.backupId !== id)
    throw new Failure(`the files of ${id} belong to ${files.backupId.slice(0, 100)}`, { hint });
  if (new Set(files.files.map(({ path }) => path)).size < files.files.length)
    throw new Failure(`the files of ${id} name a path twice`, { hint });
  return files;
}

/** The text of the files as it is encrypted. */
export function formatFiles(files: Files): string {
  return `${JSON.stringify(files, null, 1)}\n`;
}
