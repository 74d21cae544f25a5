import type { Finding } from '../finding.ts';
import { type Look, type WatchedBackup, type WatchedManifest, looked } from './look.ts';

/** Sealed backups as the store has them. */
export interface StoredFacts {
  name: string;
  manifests: readonly WatchedManifest[];
  /** Sealed backups whose manifest is not what a backup wrote, and those whose the store did not give. */
  unreadable: readonly { id: string; problem: string }[];
  notGiven: readonly { id: string; problem: string }[];
  backups: readonly Pick<WatchedBackup, 'id' | 'sizes' | 'files'>[];
}

const mostNamed = 3;

/** Whether everything that a manifest lists is still there, in its size. No byte of it is read. */
export function judgeObjects({ name, manifests, unreadable, notGiven, backups }: StoredFacts): Look {
  const damages = findDamages(manifests, backups, id => `backup ${id}`);
  const unread = unreadable.map(({ id, problem }): Finding => ({
    code: 'MANIFEST_UNREADABLE',
    object: `backup ${id}`,
    expected: 'a manifest',
    found: problem,
  }));
  const [first] = notGiven;
  const refusals: Finding[] =
    first === undefined
      ? []
      : [
          {
            code: 'NOT_READABLE',
            object: `manifests of ${name}`,
            expected: 'all that are asked for',
            found: `${notGiven.length} not given; of ${first.id}: ${first.problem}`,
          },
        ];
  // where there is none to look at, nobody can say that all is there
  if (manifests.length + unreadable.length === 0)
    return looked(refusals.length === 0 ? [] : ['NOT_READABLE'], refusals);
  return looked(
    ['NOT_READABLE', 'MANIFEST_UNREADABLE', 'OBJECT_MISSING', 'SIZE_DIFFERS'],
    [...refusals, ...unread, ...damages],
  );
}

/** What manifests list and stored backups lack, or have in another size; `nameOf` gives what a finding is about. */
export function findDamages(
  manifests: readonly Pick<WatchedManifest, 'id' | 'objects' | 'files'>[],
  backups: readonly Pick<WatchedBackup, 'id' | 'sizes' | 'files'>[],
  nameOf: (id: string) => string,
): Finding[] {
  const stored = new Map(backups.map(backup => [backup.id, backup]));
  return manifests.flatMap(({ id, objects, files }): Finding[] => {
    const backup = stored.get(id);
    const sizeOf = (object: string) => backup?.sizes.get(object) ?? backup?.files.get(object)?.sizeBytes;
    const all = [...objects, ...files];
    const missing = all.filter(({ object }) => sizeOf(object) === undefined).map(({ object }) => object);
    const resized = all
      .filter(({ object, sizeBytes }) => (sizeOf(object) ?? sizeBytes) !== sizeBytes)
      .map(({ object, sizeBytes }) => `${object} (${sizeOf(object)} bytes instead of ${sizeBytes})`);
    const found = (code: Finding['code'], which: readonly string[], word: string): Finding[] =>
      which.length === 0
        ? []
        : [{ code, object: nameOf(id), expected: `${all.length} objects as listed`, found: listed(which, word) }];
    return [...found('OBJECT_MISSING', missing, 'missing'), ...found('SIZE_DIFFERS', resized, 'of another size')];
  });
}

function listed(which: readonly string[], word: string): string {
  const more = which.length > mostNamed ? ` and ${which.length - mostNamed} more` : '';
  return `${which.length} ${word}: ${which.slice(0, mostNamed).join(', ')}${more}`;
}
