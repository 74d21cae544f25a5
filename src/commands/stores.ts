import { wrongInput } from '../failure.ts';
import type { StoreInputs } from '../inputs/inputs.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';

/** The store that the inputs name, with the credentials that they give; `webIdentityToken` is the workflow's OIDC token for AWS. */
export function openInputStore(inputs: StoreInputs, webIdentityToken: () => Promise<string>): Store {
  return openStore(inputs.url, { credentials: credentialsOf(inputs, webIdentityToken) });
}

/** The name of the database in the store: as given, or the only one there is. */
export async function onlyName(store: Store, given: string | undefined, signal: AbortSignal): Promise<string> {
  if (given !== undefined) return given;
  const names: string[] = [];
  for await (const name of store.listFolders('', signal)) names.push(name);
  const [name] = names;
  if (name !== undefined && names.length === 1) return name;
  if (names.length === 0)
    throw wrongInput('store', `holds nothing (${store.location})`, 'check its URL, or make a first backup');
  throw wrongInput('name', 'is missing', `the store holds ${names.slice(0, 20).join(', ')}`);
}

function credentialsOf(inputs: StoreInputs, webIdentityToken: () => Promise<string>) {
  const { accessKeyId, secretAccessKey, sessionToken, roleToAssume } = inputs;
  if (roleToAssume !== undefined) return { roleToAssume, webIdentityToken };
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken };
}
