/**
 * What one place to store objects costs, in US dollars; a GB has 10⁹ bytes. AWS and Wasabi count 2³⁰ and 1,024 (aws.amazon.com/s3/faqs,
 * "How will I be charged"; wasabi-support.zendesk.com, article 360059412931), so that there an estimate is up to 7 % high.
 */
export interface Price {
  id: string;
  name: string;
  perGbMonth: number;
  /** Data that leaves it to the Internet, and what reading costs besides. */
  egressPerGb: number;
  retrievalPerGb: number;
  /** Egress of so many times what is stored is free each month. */
  freeEgressTimes: number;
  /** So many days are billed of everything that is stored, also where it is removed earlier. */
  minimumDays: number;
  /** So much is billed at least. */
  minimumGb: number;
  /** What else matters to the bill. */
  note: string | null;
  /** The provider's page of prices. */
  page: string;
  /** Where its figures were read, and on which day. */
  readFrom: string;
  seenOn: string;
}

const aws = {
  page: 'https://aws.amazon.com/s3/pricing/',
  // of US East (N. Virginia); the page fills its figures in by script, so they were read where others quote them
  readFrom: 'https://gist.github.com/regispires/d3604636ec0e8d0d3ecab41f009f3d1c',
  seenOn: '2026-11-25',
  egressPerGb: 0.09,
  freeEgressTimes: 0,
  minimumGb: 0,
} as const;

const r2 = {
  page: 'https://developers.cloudflare.com/r2/pricing/',
  readFrom: 'https://raw.githubusercontent.com/cloudflare/cloudflare-docs/production/src/content/docs/r2/pricing.mdx',
  seenOn: '2026-11-25',
  egressPerGb: 0,
  freeEgressTimes: 0,
  minimumGb: 0,
} as const;

/**
 * List prices of the first tier, without taxes, requests and free allowances. Providers change them: each has the page that counts, and the
 * day on which it was seen.
 */
export const prices: readonly Price[] = [
  {
    ...aws,
    id: 's3-standard',
    name: 'S3 Standard',
    perGbMonth: 0.023,
    retrievalPerGb: 0,
    minimumDays: 0,
    note: null,
  },
  {
    ...aws,
    id: 's3-standard-ia',
    name: 'S3 Standard-IA',
    perGbMonth: 0.0125,
    retrievalPerGb: 0.01,
    minimumDays: 30,
    note: 'an object is billed as 128 kB at least',
  },
  {
    ...aws,
    id: 's3-glacier-instant',
    name: 'S3 Glacier Instant Retrieval',
    perGbMonth: 0.004,
    retrievalPerGb: 0.03,
    minimumDays: 90,
    note: 'an object is billed as 128 kB at least',
  },
  {
    ...aws,
    id: 's3-glacier-flexible',
    name: 'S3 Glacier Flexible Retrieval',
    perGbMonth: 0.0036,
    retrievalPerGb: 0.01,
    minimumDays: 90,
    note: 'objects must be brought back for hours before anything can read them',
  },
  {
    ...aws,
    id: 's3-glacier-deep',
    name: 'S3 Glacier Deep Archive',
    perGbMonth: 0.00099,
    retrievalPerGb: 0.02,
    minimumDays: 180,
    note: 'objects must be brought back for half a day before anything can read them',
  },
  {
    ...r2,
    id: 'r2-standard',
    name: 'Cloudflare R2',
    perGbMonth: 0.015,
    retrievalPerGb: 0,
    minimumDays: 0,
    note: null,
  },
  {
    ...r2,
    id: 'r2-infrequent',
    name: 'Cloudflare R2 Infrequent Access',
    perGbMonth: 0.01,
    retrievalPerGb: 0.01,
    minimumDays: 30,
    note: null,
  },
  {
    id: 'b2',
    name: 'Backblaze B2',
    perGbMonth: 0.00695,
    egressPerGb: 0.01,
    retrievalPerGb: 0,
    freeEgressTimes: 3,
    minimumDays: 0,
    minimumGb: 0,
    note: null,
    page: 'https://www.backblaze.com/cloud-storage/pricing',
    readFrom: 'https://github.com/robhunter/agentdeals/pull/1431',
    seenOn: '2026-11-25',
  },
  {
    id: 'wasabi',
    name: 'Wasabi',
    perGbMonth: 0.00799,
    egressPerGb: 0,
    retrievalPerGb: 0,
    freeEgressTimes: 0,
    minimumDays: 90,
    minimumGb: 1000,
    note: 'egress of more than what is stored may be refused',
    page: 'https://wasabi.com/pricing',
    readFrom: 'https://raw.githubusercontent.com/api-evangelist/wasabi/refs/heads/main/plans/wasabi-plans-pricing.yml',
    seenOn: '2026-11-25',
  },
  {
    id: 'supabase',
    name: 'Supabase Storage',
    perGbMonth: 0.0213,
    egressPerGb: 0.09,
    retrievalPerGb: 0,
    freeEgressTimes: 0,
    minimumDays: 0,
    minimumGb: 0,
    note: 'a paid plan has 100 GB of storage and 250 GB of egress, which all its projects share',
    page: 'https://supabase.com/docs/guides/platform/manage-your-usage/storage-size',
    readFrom:
      'https://github.com/supabase/supabase/blob/master/apps/docs/content/_partials/billing/pricing/pricing_storage_size.mdx',
    seenOn: '2026-11-25',
  },
];

/** What leaves a database on Supabase, per GB, once the plan's 250 GB are used up: each backup reads the whole database. */
export const supabaseDatabaseEgress = {
  perGb: 0.09,
  page: 'https://supabase.com/docs/guides/platform/manage-your-usage/egress',
  seenOn: '2026-11-25',
} as const;
