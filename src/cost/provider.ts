import { type Price, prices } from './prices.ts';

const s3Classes: Readonly<Record<string, string>> = {
  STANDARD: 's3-standard',
  STANDARD_IA: 's3-standard-ia',
  GLACIER_IR: 's3-glacier-instant',
  GLACIER: 's3-glacier-flexible',
  DEEP_ARCHIVE: 's3-glacier-deep',
};

/**
 * The price of the place that a store's URL names (`s3://bucket?endpoint=…&storage-class=…`), by its endpoint and storage class. Undefined
 * for a folder, and for providers and classes of which no price is known here.
 */
export function priceOf(storeUrl: string): Price | undefined {
  const id = URL.canParse(storeUrl) ? idOf(new URL(storeUrl)) : undefined;
  return prices.find(price => price.id === id);
}

function idOf({ protocol, searchParams }: URL): string | undefined {
  if (protocol !== 's3:') return undefined;
  const storageClass = searchParams.get('storage-class') ?? 'STANDARD';
  const endpoint = searchParams.get('endpoint');
  if (endpoint === null) return s3Classes[storageClass];
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : '';
  if (/(?:^|\.)amazonaws\.com$/.test(host)) return s3Classes[storageClass];
  if (host.endsWith('.r2.cloudflarestorage.com'))
    return storageClass === 'STANDARD_IA' ? 'r2-infrequent' : 'r2-standard';
  if (host.endsWith('.backblazeb2.com')) return 'b2';
  if (host.endsWith('.wasabisys.com')) return 'wasabi';
  if (host.endsWith('.supabase.co')) return 'supabase';
  return undefined;
}
