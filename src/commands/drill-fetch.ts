import type { Contents } from '../catalog/contents.ts';
import type { ManifestObject } from '../catalog/manifest.ts';
import type { DrillInputs } from '../inputs/inputs.ts';
import { type Client, findClient } from '../postgres/client.ts';
import { ObjectMissing } from '../store/missing.ts';
import { collect, digest } from '../streams.ts';
import type { Context } from './context.ts';
import { DrillEnded } from './drill-end.ts';
import type { Proof } from './drill-proof.ts';
import type { DrillServer } from './drill-server.ts';
import type { OpenKeys } from './keys.ts';
import { BytesDiffer, type StoredBackup } from './stored-backup.ts';

/** A backup that was fetched as far as it is needed before the rows stream. */
export interface Fetched {
  contents: Contents;
  /** What the source's pg_dump said of every object. */
  definitions: string;
  rolesScript: string;
  client: Client;
}

/** What all parts of a drill share. */
export interface Restoring {
  inputs: DrillInputs;
  backup: StoredBackup;
  keys: OpenKeys;
  server: DrillServer;
  proof: Proof;
}

const definitionsLimitBytes = 512 * 1024 * 1024;

/** Fetches what names and describes: all objects are there with their sizes, contents, roles and definitions can be read. */
export async function fetchDescriptions(
  { inputs, backup, keys, server, proof }: Restoring,
  context: Context,
): Promise<Fetched> {
  const { log, signal } = context;
  const { clock } = proof;
  clock.mark('fetch');
  await checkPresent(backup, signal);
  const client = await findClient({ major: server.admin.major, choice: inputs.client, log, signal });
  const text = async (purpose: ManifestObject['purpose']) => {
    const object = backup.manifest.objects.find(one => one.purpose === purpose);
    if (!object)
      throw new DrillEnded({ code: 'OBJECT_MISSING', object: purpose, expected: 'an object', found: 'not listed' });
    const observer = observerOf(proof);
    const plaintext = await backup.decrypt(object, keys.decryption, signal, observer);
    return (await collect(plaintext, definitionsLimitBytes)).toString('utf8');
  };
  clock.mark('check bytes');
  clock.mark('decrypt');
  const contents = await backup.contents(keys.decryption, signal);
  proof.contents = contents;
  for (const { recipient, decryption } of keys.single) {
    const opens = keys.single.length === 1 || (await backup.contents(decryption, signal).catch(() => undefined));
    if (opens) proof.provenRecipients.push(recipient);
  }
  const described = { contents, definitions: await text('schema'), rolesScript: await text('roles'), client };
  // what nothing of the restore reads
  const others = backup.manifest.objects.filter(({ purpose }) => purpose === 'recover' || purpose === 'key');
  for (const object of others) await digest(await backup.read(object, signal));
  return described;
}

/** What a drill hears of an object that streams: the stages that go on beside the rows. */
export function observerOf({ clock }: Proof, onBytes: (bytes: number) => void = () => {}) {
  return {
    onStoredBytes: (bytes: number) => {
      clock.mark('fetch');
      onBytes(bytes);
    },
    onChecked: () => clock.mark('check bytes'),
    onDecrypted: () => clock.mark('decrypt'),
  };
}

async function checkPresent(backup: StoredBackup, signal: AbortSignal): Promise<void> {
  for (const { object, sizeBytes } of backup.manifest.objects) {
    const found = await backup.store.stat(backup.keyOf(object), signal);
    if (!found) throw new ObjectMissing(backup.keyOf(object), backup.store.location);
    if (found.sizeBytes !== sizeBytes)
      throw new BytesDiffer('SIZE_DIFFERS', object, `${sizeBytes} bytes`, `${found.sizeBytes} bytes`);
  }
}
