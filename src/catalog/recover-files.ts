import { type RecoverPlace, fetchNamed } from './recover-place.ts';

/** What the section on files is made from. */
export interface RecoverableFiles extends RecoverPlace {
  scheme: 'age' | 'gpg' | 'none';
  /** The object that says which files there are. */
  object: string;
  /** Where a second store has the same objects. */
  replica: string | undefined;
}

/** The section of RECOVER.md on the files that travel with a backup; it names none of them. */
export function filesSection(files: RecoverableFiles): string {
  const decrypt = { age: 'age -d -i key.txt', gpg: 'gpg -d', none: 'cat' }[files.scheme];
  const fromReplica =
    files.replica === undefined
      ? ''
      : `# from the replica: ${fetchNamed({ ...files, location: files.replica }, 'object', 'stored-file')}\n    `;
  const list = files.scheme === 'none' ? '' : `${decrypt} ${files.object} > files.json\n`;
  return `
## 6. Get the files back

Files travel with this backup. \`files.json\` says what each was called, and where it is stored. You need \`jq\` (https://jqlang.org) and a
Unix shell. This writes them below a new folder \`files\`, and ends with \`all files are back\` if each is what it was:

\`\`\`sh
${list}(
  set -e
  jq -e 'all(.files[].path; split("/") | all(. != "" and . != "." and . != ".."))' files.json > paths-are-safe
  jq -c '.files[]' files.json > files.list
  mkdir files
  while IFS= read -r file; do
    object=$(printf '%s' "$file" | jq -r .object)
    path=files/$(printf '%s' "$file" | jq -j '.path + "/"')
    path=\${path%/}
    mkdir -p "\${path%/*}"
    ${fromReplica}${fetchNamed(files, 'object', 'stored-file')}
    ${decrypt} stored-file > "$path"
    if [ "$(sha256sum < "$path")" != "$(printf '%s' "$file" | jq -r .sha256)  -" ]; then
      printf 'not what it was: %s\\n' "$path"
      exit 1
    fi
    chmod "$(printf '%o' "$(printf '%s' "$file" | jq -r .mode)")" "$path"
  done < files.list
  rm -f stored-file files.list paths-are-safe
  echo 'all files are back'
)
\`\`\`
`;
}
