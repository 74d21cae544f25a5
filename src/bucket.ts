/** One setting of a bucket: its value; or the store has no such setting; or it was not told, and `needs` is the right that is missing. */
export type Setting<T> =
  | { outcome: 'read'; value: T }
  | { outcome: 'not offered'; problem: string }
  | { outcome: 'not read'; problem: string; needs: string | null };

/** A lifecycle rule that is enabled. */
export interface LifecycleRule {
  id: string;
  /** Keys that begin so; empty for all. */
  prefix: string;
  /** It applies only to objects with certain tags; those of a backup have none. */
  isTagged: boolean;
  /** When it removes current objects, for example `after 30 days`; null: never. */
  expires: string | null;
  /** Storage classes that it moves current objects to. */
  transitions: { storageClass: string; when: string }[];
}

/** How a bucket is set up, as far as its credentials may read it. */
export interface BucketState {
  bucket: string;
  /** The full prefix that was looked at, in the bucket's own terms. */
  prefix: string;
  hasVersioning: Setting<boolean>;
  hasObjectLock: Setting<boolean>;
  /** Whether its policy lets anybody in. */
  hasPublicPolicy: Setting<boolean>;
  /** What its access control list gives to everybody or to all accounts, for example `READ to everybody`. */
  publicGrants: Setting<string[]>;
  /** What the public access block switches off. */
  publicAccessBlock: Setting<{ ignoresGrants: boolean; restrictsPolicy: boolean }>;
  lifecycle: Setting<LifecycleRule[]>;
  /** What requests without credentials got; `readsObjects` is null where there was no object to try it on. */
  anonymous: Setting<{ listsObjects: boolean; readsObjects: boolean | null }>;
}
