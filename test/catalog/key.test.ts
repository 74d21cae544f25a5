import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  depths,
  formatBackupId,
  formatCheckObject,
  formatDrillObject,
  formatFileKey,
  formatFileObject,
  formatObjectKey,
  isName,
  kinds,
  newBackupId,
  newFileObject,
  parseBackupId,
  parseCheckObject,
  parseDrillObject,
  parseFileKey,
  parseFileObject,
  parseObjectKey,
  recipientsIdOf,
} from '../../src/catalog/key.ts';
import { verdicts } from '../../src/finding.ts';

const seconds = fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59Z') / 1000 });
const times = seconds.map(since1970 => new Date(since1970 * 1000));
const facts = fc.record(
  {
    at: times,
    kind: fc.constantFrom(...kinds),
    partial: fc.boolean(),
    random: fc.stringMatching(/^[abcdefghijkmnpqrstuvwxyz2-9]{6}$/),
  },
  { noNullPrototype: true },
);
const id = '20261120T031742Z-scheduled-k3f9q2';

describe('the id of a backup', () => {
  it('is written as documented', () => {
    const at = new Date('2026-11-20T03:17:42.987Z');
    assert.equal(formatBackupId({ at, kind: 'scheduled', partial: false, random: 'k3f9q2' }), id);
    assert.equal(
      formatBackupId({ at, kind: 'pre-migration', partial: true, random: 'k3f9q2' }),
      '20261120T031742Z-pre-migration-partial-k3f9q2',
    );
  });

  it('comes back from its text', () => {
    fc.assert(fc.property(facts, one => assert.deepEqual(parseBackupId(formatBackupId(one)), one)));
  });

  it('is read only when it is what would be written', () => {
    const almost = fc
      .tuple(facts, fc.nat(60), fc.constantFrom('', '0', 'x', '-', 'Z', '/', '\n', 'I'))
      .map(([one, at, inserted]) => {
        const text = formatBackupId(one);
        return text.slice(0, at) + inserted + text.slice(at + 1);
      });
    fc.assert(
      fc.property(fc.oneof(almost, fc.string()), text => {
        const read = parseBackupId(text);
        if (read) assert.equal(formatBackupId(read), text);
      }),
    );
  });

  it('with a time that never was is refused', () => {
    for (const time of [
      '20260231T000000Z',
      '20261301T000000Z',
      '20260101T240000Z',
      '20260101T006000Z',
      '20260100T000000Z',
    ])
      assert.equal(parseBackupId(`${time}-manual-k3f9q2`), undefined, time);
  });

  it('with anything else in it is refused', () => {
    for (const text of [
      '',
      id.slice(1),
      `${id}\n`,
      ` ${id}`,
      `${id}x`,
      id.toUpperCase(),
      id.replace('scheduled', 'hourly'),
    ])
      assert.equal(parseBackupId(text), undefined, JSON.stringify(text));
  });

  it('is a new one each time', () => {
    const at = new Date('2026-11-20T03:17:42Z');
    const ids = new Set(Array.from({ length: 500 }, () => newBackupId(at, 'manual', false)));
    assert.ok(ids.size > 495);
    for (const one of ids) assert.deepEqual(parseBackupId(one)?.at, at);
  });
});

describe('the key of an object', () => {
  const names = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
  const objects = fc
    .array(fc.stringMatching(/^[^/]+$/), { minLength: 1, maxLength: 2 })
    .filter(segments => !segments.includes('.') && !segments.includes('..'))
    .map(segments => segments.join('/'));

  it('comes back from its text', () => {
    fc.assert(
      fc.property(names, facts, objects, (name, one, object) => {
        const key = { name, id: formatBackupId(one), object };
        assert.deepEqual(parseObjectKey(formatObjectKey(key)), key);
      }),
    );
  });

  it('that is foreign says nothing', () => {
    for (const key of [
      '',
      'shop',
      `shop/${id}`,
      `shop/${id}/`,
      `shop/${id}//x`,
      `/${id}/main.dump`,
      `../${id}/main.dump`,
      `.hidden/${id}/main.dump`,
      `a/shop/${id}/main.dump`,
      `shop/2026/main.dump`,
      `shop/${id}/../${id}/main.dump`,
      `shop/${id}/./main.dump`,
      `sh op/${id}/main.dump`,
    ])
      assert.equal(parseObjectKey(key), undefined, key);
  });
});

describe("the key of a verify's evidence", () => {
  it('comes back from its text', () => {
    const checks = fc.record(
      { at: times, depth: fc.constantFrom(...depths), verdict: fc.constantFrom(...verdicts) },
      { noNullPrototype: true },
    );
    fc.assert(fc.property(checks, check => assert.deepEqual(parseCheckObject(formatCheckObject(check)), check)));
  });

  it('is read only when it is what would be written', () => {
    for (const object of [
      'checks/20261120T031742Z-bytes-perfect.json',
      'checks/20260231T031742Z-bytes-passed.json',
      'checks/20261120T031742Z-bytes-passed.json.bak',
      'x/checks/20261120T031742Z-bytes-passed.json',
      '20261120T031742Z-bytes-passed.json',
    ])
      assert.equal(parseCheckObject(object), undefined, object);
  });
});

describe("the key of a drill's evidence", () => {
  const drills = fc.record({ at: times, verdict: fc.constantFrom(...verdicts) }, { noNullPrototype: true });

  it('comes back from its text', () => {
    fc.assert(fc.property(drills, drill => assert.deepEqual(parseDrillObject(formatDrillObject(drill)), drill)));
  });

  it('is read only when it is what would be written', () => {
    const almost = fc
      .tuple(drills, fc.nat(50), fc.constantFrom('', '0', 'x', '-', 'Z', '/', '\n'))
      .map(([drill, at, inserted]) => {
        const text = formatDrillObject(drill);
        return text.slice(0, at) + inserted + text.slice(at + 1);
      });
    fc.assert(
      fc.property(fc.oneof(almost, fc.string()), text => {
        const read = parseDrillObject(text);
        if (read) assert.equal(formatDrillObject(read), text);
      }),
    );
    for (const object of [
      'drills/20261120T031742Z-perfect.json',
      'drills/20260231T031742Z-passed.json',
      'drills/20261120T031742Z-passed.json.bak',
      'x/drills/20261120T031742Z-passed.json',
      'checks/20261120T031742Z-passed.json',
    ])
      assert.equal(parseDrillObject(object), undefined, object);
  });
});

describe('a name', () => {
  it('is one plain segment of at most 100 characters', () => {
    for (const name of ['a', 'Shop-2', 'a..b', '0_x', 'a'.repeat(100)]) assert.ok(isName(name), name);
  });

  it('that could leave its folder, or confuse anyone, is none', () => {
    for (const name of [
      '',
      '.',
      '..',
      '../x',
      'a/b',
      'a\\b',
      '.git',
      '-rf',
      '_x',
      'a b',
      'a\n',
      'a\0',
      'ä',
      'a%2f',
      '*',
      'a'.repeat(101),
    ])
      assert.ok(!isName(name), JSON.stringify(name));
  });
});

describe('the key of a file object', () => {
  const hex = (length: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
  const keys = fc.record(
    {
      recipientsId: hex(16),
      hmac: hex(64),
      random: fc.stringMatching(/^[abcdefghijkmnpqrstuvwxyz2-9]{6}$/),
      suffix: fc.constantFrom('.age' as const, '.gpg' as const, '' as const),
    },
    { noNullPrototype: true },
  );
  const object = `files/${'0'.repeat(16)}/${'a'.repeat(64)}-k3f9q2.age`;

  it('comes back from its text', () => {
    fc.assert(
      fc.property(keys, fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/), (key, name) => {
        const text = formatFileObject(key);
        assert.deepEqual(parseFileObject(text), key);
        assert.deepEqual(parseFileKey(formatFileKey({ name, object: text })), { name, object: text });
        // it is no object of a backup, nor the other way round
        assert.equal(parseObjectKey(formatFileKey({ name, object: text })), undefined);
      }),
    );
  });

  it('is read only when it is what would be written', () => {
    const almost = fc
      .tuple(keys, fc.nat(90), fc.constantFrom('', '0', 'x', '-', '/', '\n', 'A'))
      .map(([key, at, inserted]) => {
        const text = formatFileObject(key);
        return text.slice(0, at) + inserted + text.slice(at + 1);
      });
    fc.assert(
      fc.property(fc.oneof(almost, fc.string()), text => {
        const read = parseFileObject(text);
        if (read) assert.equal(formatFileObject(read), text);
      }),
    );
    for (const key of [
      object,
      `/${object}`,
      `a/b/${object}`,
      `shop/${object}\n`,
      `shop/${object}.tmp`,
      `shop/x${object}`,
    ])
      assert.equal(parseFileKey(key), undefined, key);
  });

  it('names the same recipients in whatever order, and others otherwise', () => {
    const id = recipientsIdOf('age', ['age1b', 'age1a']);
    assert.match(id, /^[0-9a-f]{16}$/);
    assert.equal(recipientsIdOf('age', ['age1a', 'age1b']), id);
    for (const [scheme, ...recipients] of [
      ['gpg', 'age1a', 'age1b'],
      ['age', 'age1a'],
      ['age', 'age1a', 'age1b', 'age1c'],
      ['age'],
    ] as const)
      assert.notEqual(recipientsIdOf(scheme, recipients), id);
  });

  it('is a new one each time', () => {
    const key = { recipientsId: '0'.repeat(16), hmac: 'a'.repeat(64), suffix: '.age' as const };
    assert.equal(new Set(Array.from({ length: 50 }, () => newFileObject(key))).size, 50);
  });
});
