import { backupsOf, choose } from '../catalog/backups.ts';
import { formatObjectKey, retainObject } from '../catalog/key.ts';
import { formatRetain } from '../catalog/retain.ts';
import type { RetainInputs } from '../inputs/inputs.ts';
import { bytes } from '../streams.ts';
import type { Context } from './context.ts';
import { onlyName } from './stores.ts';

export interface RetainResult {
  command: 'retain';
  name: string;
  backupId: string;
  retain: string;
}

/** Says of one sealed backup how long it is kept, whatever the policy says; what was said before is replaced. */
export async function retain(inputs: RetainInputs, context: Context): Promise<RetainResult> {
  const store = context.openStore(inputs.store);
  const name = await onlyName(store, inputs.name, context.signal);
  const { id } = choose(await backupsOf(store.list(`${name}/`, context.signal)), inputs.backup, name);
  const key = formatObjectKey({ name, id, object: retainObject });
  await store.put(key, bytes(formatRetain(inputs.retain, context.now())), {
    signal: context.signal,
    contentType: 'application/json',
  });
  return { command: 'retain', name, backupId: id, retain: inputs.retain };
}
