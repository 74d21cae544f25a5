import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { Failure } from './failure.ts';

/** Large pieces: every piece of output is one trip to the thread pool. */
const pieceBytes = 256 * 1024;

/** Whether this Node can do zstd by itself (22.15 and later; the action's always can). */
export function hasZstd(): boolean {
  return typeof zlib.createZstdCompress === 'function';
}

/** A stream that compresses as the command `zstd -LEVEL` does, beside the main thread. */
export function zstdCompress(level: number): Transform {
  return zlib.createZstdCompress({
    chunkSize: pieceBytes,
    params: { [zlib.constants.ZSTD_c_compressionLevel]: level },
  });
}

/** The way back. Throws where this Node cannot do it. */
export function zstdDecompress(): Transform {
  if (hasZstd()) return zlib.createZstdDecompress({ chunkSize: pieceBytes });
  throw new Failure(`Node ${process.versions.node} cannot read zstd`, {
    hint: 'use Node 22.15 or newer, or follow RECOVER.md with the command zstd',
  });
}
