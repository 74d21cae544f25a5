import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evenPartSizeBytes, largestObjectBytes, mostParts, partSizeBytes } from '../../src/store/part-size.ts';
import { cuttingFor } from '../../src/store/s3-upload.ts';
import { slabBytes } from '../../src/store/slabs.ts';

const mebibyte = 1024 * 1024;

test('parts grow from 8 to 64 MiB', () => {
  const sizes = [1, 500, 501, 1_500, 1_501, 4_000, 4_001, 10_000].map(number => partSizeBytes(number) / mebibyte);
  assert.deepEqual(sizes, [8, 8, 16, 16, 32, 32, 64, 64]);
});

test('10,000 parts hold more than 500 GB, and largestObjectBytes says how much', () => {
  let sum = 0;
  for (let number = 1; number <= mostParts; number++) sum += partSizeBytes(number);
  assert.ok(sum > 500e9);
  assert.equal(sum, largestObjectBytes);
});

test('each part is within what S3 allows (5 MiB to 5 GiB) and a whole number of slabs', () => {
  for (let number = 1; number <= mostParts; number++) {
    const size = partSizeBytes(number);
    assert.ok(size >= 5 * mebibyte && size <= 5 * 1024 * mebibyte);
    assert.equal(size % slabBytes, 0);
  }
});

test('there is no part 0 and no part 10,001', () => {
  assert.throws(() => partSizeBytes(0), RangeError);
  assert.throws(() => partSizeBytes(10_001), RangeError);
});

test('parts for R2 are all of one size, and no others are', () => {
  const sizes = (endpoint: string | undefined) => [1, 501, 10_000].map(cuttingFor(endpoint).partSizeBytes);
  for (const endpoint of [
    'https://abc.r2.cloudflarestorage.com',
    'https://abc.eu.r2.cloudflarestorage.com/',
    'https://A.R2.CloudflareStorage.com:443',
  ])
    assert.deepEqual(new Set(sizes(endpoint)), new Set([evenPartSizeBytes]));
  assert.equal(evenPartSizeBytes % slabBytes, 0);
  for (const endpoint of [undefined, 'https://s3.example.com', 'https://r2.cloudflarestorage.com.example.com'])
    assert.equal(new Set(sizes(endpoint)).size, 3);
});
