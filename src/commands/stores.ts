import { Failure, wrongInput } from '../failure.ts';
import type { StoreInputs } from '../inputs/inputs.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';

/** The store that the inputs name, with the credentials that they give; `webIdentityToken` is the workflow's OIDC token for AWS. */
export function openInputStore(inputs: StoreInputs, webIdentityToken: () => Promise<string>): Store {
  try {
    return openStore(inputs.url, {
      credentials: credentialsOf(inputs, webIdentityToken),
      inputPrefix: inputs.input === 'replica' ? 'replica-' : '',
    });
  } catch (error) {
    throw inputs.input === 'replica' && error instanceof Failure ? ofReplica(error) : error;
  }
}

/** A refusal of a store names the input `store` and those of its credentials; the replica's are called after it. */
function ofReplica({ message, hint, exitStatus }: Failure): Failure {
  return new Failure(message.replace(/^input store /, 'input replica '), {
    hint: hint?.replaceAll(/(?:secret-)?access-key(?:-id)?/g, 'replica-$&'),
    exitStatus,
  });
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
