/** Where the objects of a backup lie, for somebody with a shell. */
export interface RecoverPlace {
  /** The store's location, without credentials. */
  location: string;
  name: string;
  id: string;
}

/** Commands that fetch the objects of a backup into the working folder. */
export function fetchObjects(place: RecoverPlace, objects: readonly string[]): string {
  const { name, id } = place;
  const folder = folderOf(place);
  if (folder !== undefined)
    return objects.map(object => `cp ${shellQuoted(`${folder}/${name}/${id}/${object}`)} .`).join('\n');
  const { root, options } = bucketOf(place);
  return `aws s3 cp ${options}--recursive ${shellQuoted(`${root}/${name}/${id}/`)} .`;
}

/** A command that fetches what a variable of the shell names below the database's folder, as `file`. */
export function fetchNamed(place: RecoverPlace, variable: string, file: string): string {
  const folder = folderOf(place);
  if (folder !== undefined) return `cp ${shellQuoted(`${folder}/${place.name}/`)}"$${variable}" ${file}`;
  const { root, options } = bucketOf(place);
  return `aws s3 cp ${options}--only-show-errors ${shellQuoted(`${root}/${place.name}/`)}"$${variable}" ${file}`;
}

/** A text as one word of a shell. */
export function shellQuoted(text: string): string {
  return /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function folderOf({ location }: RecoverPlace): string | undefined {
  if (!location.startsWith('file:')) return undefined;
  return decodeURIComponent(new URL(location).pathname).replace(/\/$/, '');
}

function bucketOf({ location }: RecoverPlace): { root: string; options: string } {
  // the prefix stands in an S3 location as it is, not percent-encoded
  const [, root = '', query = ''] = /^(s3:.*?)\/?(?:\?((?:endpoint|region)=.*))?$/s.exec(location) ?? [];
  const parameters = new URLSearchParams(query);
  const endpoint = parameters.get('endpoint');
  const region = parameters.get('region');
  const options = [
    ...(endpoint ? [`--endpoint-url ${shellQuoted(endpoint)} `] : []),
    ...(region ? [`--region ${shellQuoted(region)} `] : []),
  ].join('');
  return { root, options };
}
