import { setTimeout as pause } from 'node:timers/promises';
import { wrongInput } from '../failure.ts';
import { openDirectory } from './directory.ts';
import { openS3 } from './s3.ts';
import type { S3Patience } from './s3-connection.ts';
import type { S3Credentials } from './s3-credentials.ts';
import type { Cutting } from './s3-upload.ts';
import { type S3Place, parseS3Url } from './s3-url.ts';
import { SlabPool } from './slabs.ts';
import type { Store } from './store.ts';

export type { S3Credentials } from './s3-credentials.ts';

export interface OpenOptions {
  /** For `s3://`; undefined: the AWS SDK's own chain. */
  credentials?: S3Credentials | undefined;
  /** What the inputs of its credentials begin with, for hints that name them. */
  inputPrefix?: S3Place['inputPrefix'];
  /** The memory of uploads; stores that are written at the same time share one, which is the default. */
  pool?: SlabPool;
  /** For tests: how long to wait, and how bodies are cut. */
  patience?: Partial<S3Patience>;
  cutting?: Cutting;
}

/** What all uploads of this process hold at most, so that it stays under 250 MB. */
const budgetBytes = 64 * 1024 * 1024;
const sharedPool = new SlabPool(budgetBytes);

const usualPatience: S3Patience = {
  connectMilliseconds: 10_000,
  idleMilliseconds: 60_000,
  completionMilliseconds: 600_000,
  cleanupMilliseconds: 5_000,
  tries: 8,
  wait: async (milliseconds, signal) => {
    await pause(milliseconds, undefined, signal ? { signal } : {}).catch((error: unknown) => {
      throw signal?.aborted ? signal.reason : error;
    });
  },
};

/** The store that a URL names (`s3://…` or `file:///…`); what it cannot be is refused by name with exit status 64. */
export function openStore(url: string, options: OpenOptions = {}): Store {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'file') return openDirectory(url);
  if (scheme === 's3') return openS3Url(url, options);
  const hint = 'a store is s3://bucket/prefix or file:///folder';
  if (scheme === undefined) throw wrongInput('store', 'is no URL', hint);
  const isPlanned = scheme === 'artifact' || scheme === 'azblob';
  throw wrongInput('store', `names ${scheme}:, which is ${isPlanned ? 'not supported yet' : 'not known'}`, hint);
}

function openS3Url(url: string, options: OpenOptions): Store {
  const { credentials, inputPrefix, pool = sharedPool, patience, cutting } = options;
  return openS3(
    { ...parseS3Url(url), inputPrefix },
    { credentials, pool, patience: { ...usualPatience, ...patience }, cutting },
  );
}
