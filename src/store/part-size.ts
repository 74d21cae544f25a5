const mebibyte = 1024 * 1024;

/** S3 allows no more parts to one object. */
export const mostParts = 10_000;

/** Where each size of part ends; small parts first, so that small objects need little memory and no object outgrows its parts. */
const steps = [
  { lastPart: 500, sizeBytes: 8 * mebibyte },
  { lastPart: 1_500, sizeBytes: 16 * mebibyte },
  { lastPart: 4_000, sizeBytes: 32 * mebibyte },
  { lastPart: mostParts, sizeBytes: 64 * mebibyte },
];

/** Size in bytes of one part of a multipart upload, counted from 1; a `RangeError` beyond the 10,000 that S3 allows. */
export function partSizeBytes(partNumber: number): number {
  const step = steps.find(({ lastPart }) => partNumber <= lastPart);
  if (step === undefined || partNumber < 1) throw new RangeError(`there is no part ${partNumber}`);
  return step.sizeBytes;
}

/**
 * The size of every part for a store that wants them all alike, as R2 does (https://developers.cloudflare.com/r2/objects/multipart-objects):
 * its largest object is then 10,000 of these, about 168 GB.
 */
export const evenPartSizeBytes = 16 * mebibyte;

/** The largest object in bytes that an S3 store takes from us: about 507 GB. */
export const largestObjectBytes = steps.reduce(
  (sum, { lastPart, sizeBytes }, index) => sum + (lastPart - (steps[index - 1]?.lastPart ?? 0)) * sizeBytes,
  0,
);
