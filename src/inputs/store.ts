import { wrongInput } from '../failure.ts';
import type { Reader } from './reader.ts';

/** A store, and what opens it. */
export interface StoreInputs {
  /** Which of the two it is; its other inputs are called after it. */
  input: 'store' | 'replica';
  url: string;
  accessKeyId: string | undefined;
  secretAccessKey: string | undefined;
  sessionToken: string | undefined;
  roleToAssume: string | undefined;
}

/** The store that every command needs. */
export function readStore(read: Reader): StoreInputs {
  return readPlace(read, 'store', read.text('store'));
}

/** The second store, if there is one. Its credentials without it are refused: somebody believes that there are two. */
export function readReplica(read: Reader): StoreInputs | undefined {
  const url = read.optional('replica');
  if (url !== undefined) {
    if (placeOf(url) === placeOf(read.text('store')))
      throw wrongInput('replica', 'is the store itself', 'name another place, best in another account');
    return readPlace(read, 'replica', url);
  }
  const given = ['access-key-id', 'secret-access-key', 'session-token', 'role-to-assume']
    .map(name => `replica-${name}`)
    .find(name => read.optional(name) !== undefined);
  if (given === undefined) return undefined;
  throw wrongInput('replica', 'is missing', `${given} is given, so name the store that it opens`);
}

/** Options aside, so that the same place written in two ways is one. */
function placeOf(url: string): string {
  const [path = '', query = ''] = url.split('?', 2);
  return `${path.replace(/\/+$/, '')} ${new URLSearchParams(query).get('endpoint')?.replace(/\/+$/, '') ?? ''}`;
}

function readPlace(read: Reader, input: StoreInputs['input'], url: string): StoreInputs {
  const named = (name: string) => (input === 'store' ? name : `replica-${name}`);
  const store = {
    input,
    url,
    accessKeyId: read.optional(named('access-key-id')),
    secretAccessKey: read.optional(named('secret-access-key')),
    sessionToken: read.optional(named('session-token')),
    roleToAssume: read.optional(named('role-to-assume')),
  };
  if ((store.accessKeyId === undefined) !== (store.secretAccessKey === undefined)) {
    const missing = store.accessKeyId === undefined ? 'access-key-id' : 'secret-access-key';
    throw wrongInput(
      named(missing),
      'is missing',
      `${named('access-key-id')} and ${named('secret-access-key')} go together`,
    );
  }
  if (store.roleToAssume !== undefined && store.accessKeyId !== undefined) {
    throw wrongInput(named('role-to-assume'), `is given beside ${named('access-key-id')}`, 'give one of them');
  }
  return store;
}
