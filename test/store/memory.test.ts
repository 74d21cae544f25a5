import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { needsS3, type S3Server } from '../support/s3-server.ts';
import type { MemoryUse, Settings } from './put-memory.ts';
import { mebibyte } from './trial.ts';

/** The most that our process may have, and what the slabs of all uploads together may have of it. */
const rssLimitBytes = 250e6;
const slabsLimitBytes = 64 * mebibyte;
/** Buffers of sockets and files. */
const otherBuffersBytes = 6 * mebibyte;

async function measure(server: S3Server, settings: Pick<Settings, 'bodies' | 'bodyBytes' | 'partBytes'>) {
  const { credentials } = server;
  const argument = JSON.stringify({ ...settings, credentials, url: server.url('memory') });
  const script = join(import.meta.dirname, 'put-memory.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, argument]);
  return JSON.parse(stdout) as MemoryUse;
}

test('memory: a put of 600 MB needs no more than one of 200 MB', async t => {
  const server = await needsS3(t, { buckets: ['memory'] });
  if (!server) return;
  const small = await measure(server, { bodies: 1, bodyBytes: 200e6, partBytes: 0 });
  const large = await measure(server, { bodies: 1, bodyBytes: 600e6, partBytes: 0 });
  // three parts under way, and the one that is filled
  assert.ok(large.arrayBuffersBytes <= 4 * 8 * mebibyte + otherBuffersBytes, JSON.stringify(large));
  assert.ok(large.rssBytes < rssLimitBytes, JSON.stringify(large));
  assert.ok(large.rssBytes - small.rssBytes < 25e6, JSON.stringify({ small, large }));
});

test('memory: the parts of a very large object stay within the budget', async t => {
  const server = await needsS3(t, { buckets: ['memory'] });
  if (!server) return;
  for (const partBytes of [16, 32, 64].map(each => each * mebibyte)) {
    const use = await measure(server, { bodies: 1, bodyBytes: 300e6, partBytes });
    assert.ok(use.arrayBuffersBytes <= slabsLimitBytes + otherBuffersBytes, JSON.stringify({ partBytes, ...use }));
    assert.ok(use.rssBytes < rssLimitBytes, JSON.stringify({ partBytes, ...use }));
  }
});

test('memory: uploads side by side share the budget', async t => {
  const server = await needsS3(t, { buckets: ['memory'] });
  if (!server) return;
  const use = await measure(server, { bodies: 8, bodyBytes: 50e6, partBytes: 0 });
  // two may fill the budget, and the six others still have one part each
  const limitBytes = slabsLimitBytes + 6 * 8 * mebibyte;
  assert.ok(use.arrayBuffersBytes <= limitBytes + otherBuffersBytes, JSON.stringify(use));
  assert.ok(use.rssBytes < rssLimitBytes, JSON.stringify(use));
});
