import { openStore } from '../../src/store/open.ts';
import { Body } from './trial.ts';

/** What a process that only puts needs at most: run as `node put-memory.ts <settings as JSON>`, prints a `MemoryUse` as JSON. */
export interface Settings {
  url: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** Each of so many bodies, side by side. */
  bodies: number;
  bodyBytes: number;
  /** All parts of one size, as late in a very large object; 0: the usual sizes. */
  partBytes: number;
}

export interface MemoryUse {
  rssBytes: number;
  arrayBuffersBytes: number;
}

const sampleMilliseconds = 10;

async function main({ url, credentials, bodies, bodyBytes, partBytes }: Settings): Promise<MemoryUse> {
  const cutting = partBytes === 0 ? {} : { cutting: { partSizeBytes: () => partBytes, mostParts: 10_000 } };
  const store = openStore(url, { credentials, ...cutting });
  const atStartBytes = process.memoryUsage().arrayBuffers;
  let arrayBuffersBytes = 0;
  const timer = setInterval(() => {
    arrayBuffersBytes = Math.max(arrayBuffersBytes, process.memoryUsage().arrayBuffers);
  }, sampleMilliseconds);
  const puts = Array.from({ length: bodies }, (_, index) => store.put(`db/${index}`, new Body(bodyBytes)));
  await Promise.all(puts);
  clearInterval(timer);
  return { rssBytes: process.resourceUsage().maxRSS * 1024, arrayBuffersBytes: arrayBuffersBytes - atStartBytes };
}

if (process.argv[1] === import.meta.filename) {
  const settings = JSON.parse(process.argv[2] ?? '') as Settings;
  console.log(JSON.stringify(await main(settings)));
}
