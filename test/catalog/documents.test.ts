import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Contents, formatContents, parseContents } from '../../src/catalog/contents.ts';
import { type Files, formatFiles, parseFiles } from '../../src/catalog/files.ts';
import { type Manifest, formatManifest, parseManifest } from '../../src/catalog/manifest.ts';
import { Failure } from '../../src/failure.ts';
import { sampleContents, sampleFile, sampleFiles, sampleId, sampleManifest } from './samples.ts';

/** The documents that come back from a store, where anyone may have written them. */
const documents = [
  {
    what: 'manifest',
    sample: { ...sampleManifest, files: [sampleFile] },
    read: (text: string) => parseManifest(text, 'shop', sampleId),
    write: (document: unknown) => formatManifest(document as Manifest),
  },
  {
    what: 'contents',
    sample: sampleContents,
    read: (text: string) => parseContents(text, sampleId),
    write: (document: unknown) => formatContents(document as Contents),
  },
  {
    what: 'files',
    sample: sampleFiles,
    read: (text: string) => parseFiles(text, sampleId),
    write: (document: unknown) => formatFiles(document as Files),
  },
] as const;

function refusal(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Failure, `not a refusal: ${String(error)}`);
    return error;
  }
  return assert.fail('nothing was refused');
}

/** Reads a text that may be anything: what comes is a document of the right backup or a short refusal. */
function survive(read: (text: string) => unknown, text: string): void {
  try {
    read(text);
  } catch (error) {
    assert.ok(error instanceof Failure, `not a refusal: ${String(error)}`);
    assert.ok(error.message.length < 600, `${error.message.length} characters`);
  }
}

/** Every place in a JSON value, as a path. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, child]) => places(child, [...path, key]))];
}

function changed(document: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const copy = structuredClone(document) as Record<string | number, unknown>;
  copy[key] = changed(copy[key], rest, value);
  return copy;
}

for (const { what, sample, read, write } of documents) {
  describe(`the text of a ${what}`, () => {
    it('comes back as it was', () => {
      assert.deepEqual(read(write(sample)), sample);
    });

    it('may hold more than this release knows', () => {
      assert.deepEqual(read(JSON.stringify({ ...sample, later: { added: true } })), sample);
    });

    it('of a newer format is refused by its number, as something that cannot be judged', () => {
      const failure = refusal(() => read(JSON.stringify({ format: 2, everything: 'is other' })));
      assert.equal(failure.message, `the ${what} of ${sampleId} has format 2, and this release reads formats up to 1`);
      assert.equal(failure.exitStatus, 2);
      assert.match(failure.hint ?? '', /a newer one/);
    });

    it('without any part of it is refused', () => {
      for (const key of Object.keys(sample)) {
        // there were backups before there were files
        if (what === 'manifest' && key === 'files') continue;
        const without = JSON.stringify({ ...sample, [key]: undefined });
        assert.match(refusal(() => read(without)).message, new RegExp(`at ${key}`));
      }
    });

    it('with another kind of value anywhere is refused or read, and nothing else', () => {
      fc.assert(
        fc.property(fc.constantFrom(...places(sample)), fc.jsonValue(), (path, value) =>
          survive(read, JSON.stringify(changed(sample, path, value))),
        ),
      );
    });

    it('with damaged characters is refused or read, and nothing else', () => {
      const text = write(sample);
      fc.assert(
        fc.property(fc.nat(text.length - 1), fc.nat(40), fc.string({ maxLength: 8 }), (at, gone, added) =>
          survive(read, text.slice(0, at) + added + text.slice(at + gone)),
        ),
      );
    });

    it('that is any JSON is refused', () => {
      fc.assert(fc.property(fc.json(), text => void refusal(() => read(text))));
    });

    it('that is no JSON is refused', () => {
      for (const text of ['', '{', 'null null', '\0', '<html>', '['.repeat(1_000_000), '{"a":'.repeat(200_000)])
        assert.match(refusal(() => read(text)).message, /is not JSON$/);
    });

    it('changes nothing but itself when it speaks of prototypes', () => {
      const hostile = write(sample).replace(
        '{',
        '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},',
      );
      assert.deepEqual(Object.keys(read(hostile)), Object.keys(sample));
      assert.equal(({} as { polluted?: boolean }).polluted, undefined);
      refusal(() => read(`{"__proto__":${write(sample)}}`));
    });

    it('is refused in a short sentence, however long the text is', () => {
      const failure = refusal(() => read(JSON.stringify({ ...sample, format: 'x'.repeat(100_000) })));
      assert.ok(failure.message.length < 600);
    });
  });
}

describe('a manifest', () => {
  const read = (manifest: unknown) => parseManifest(JSON.stringify(manifest), 'shop', sampleId);

  it('of another backup is refused', () => {
    const id = sampleId.replace('k3f9q2', 'aaaaaa');
    const failure = refusal(() => read({ ...sampleManifest, id }));
    assert.equal(failure.message, `the manifest of shop/${sampleId} says that it belongs to shop/${id}`);
  });

  it('of another database is refused', () => {
    const failure = refusal(() => read({ ...sampleManifest, name: 'bank' }));
    assert.equal(failure.message, `the manifest of shop/${sampleId} says that it belongs to bank/${sampleId}`);
  });

  it('says in a short sentence whose it is, however long the name is', () => {
    assert.ok(refusal(() => read({ ...sampleManifest, name: 'x'.repeat(100_000) })).message.length < 600);
  });

  it('lists only objects in its own folder', () => {
    for (const object of ['../main.dump', 'a/b', '..', '.x', '', '/etc/passwd', 'a\\b', 'a\nb', '-rf', 'a b']) {
      const objects = [{ ...sampleManifest.objects[0], object }];
      assert.match(refusal(() => read({ ...sampleManifest, objects })).message, /at objects\.0\.object/);
    }
  });

  it('keeps numbers exact', () => {
    for (const rows of [-1, 1.5, 2 ** 53, '1'])
      assert.match(
        refusal(() => read({ ...sampleManifest, totals: { ...sampleManifest.totals, rows } })).message,
        /at totals\.rows/,
      );
  });

  it('holds hashes as 64 small hex digits', () => {
    for (const sha256 of ['a'.repeat(63), 'A'.repeat(64), `${'a'.repeat(64)}\n`]) {
      const objects = [{ ...sampleManifest.objects[0], sha256 }];
      assert.match(refusal(() => read({ ...sampleManifest, objects })).message, /at objects\.0\.sha256/);
    }
  });
});

describe('contents', () => {
  it('of another backup are refused', () => {
    const backupId = sampleId.replace('k3f9q2', 'aaaaaa');
    const failure = refusal(() => parseContents(JSON.stringify({ ...sampleContents, backupId }), sampleId));
    assert.equal(failure.message, `the contents of ${sampleId} belong to ${backupId}`);
    assert.equal(failure.exitStatus, 1);
  });

  it('keep numbers of any size, as decimal text', () => {
    const [sequence] = sampleContents.sequences;
    for (const lastValue of ['1e3', '0x10', '', '1\n', '١', 1]) {
      const sequences = [{ ...sequence, lastValue }];
      const text = JSON.stringify({ ...sampleContents, sequences });
      assert.match(refusal(() => parseContents(text, sampleId)).message, /at sequences\.0\.lastValue/);
    }
  });
});

describe('the text of a manifest from before there were files', () => {
  it('is read as one without files', () => {
    const { totals, ...old } = structuredClone(sampleManifest) as Partial<Manifest>;
    delete old.files;
    delete (totals as Partial<Manifest['totals']>).files;
    const read = parseManifest(JSON.stringify({ ...old, totals }), 'shop', sampleId);
    assert.deepEqual([read.files, read.totals.files], [[], 0]);
  });
});

describe('the text of files', () => {
  it('that name a path twice is refused', () => {
    const { files } = sampleFiles;
    const failure = refusal(() => parseFiles(formatFiles({ ...sampleFiles, files: [...files, ...files] }), sampleId));
    assert.equal(failure.message, `the files of ${sampleId} name a path twice`);
  });

  it('of another backup is refused', () => {
    const other = formatFiles({ ...sampleFiles, backupId: 'other' });
    assert.equal(refusal(() => parseFiles(other, sampleId)).message, `the files of ${sampleId} belong to other`);
  });
});
