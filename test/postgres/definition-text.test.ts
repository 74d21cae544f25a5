import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Definition,
  type DefinitionDifference,
  compareDefinitions,
  splitDefinitions,
} from '../../src/postgres/definitions.ts';

const said = (differences: readonly DefinitionDifference[]) =>
  differences.map(({ code, object }) => `${code} ${object}`);

/** A text as pg_dump would print it. */
const printed = (pieces: readonly Partial<Definition>[]) =>
  [
    "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET client_encoding = 'UTF8';\n\n",
    ...pieces.map(({ name = 'x', type = 'TABLE', schema = 's', owner = 'o', tablespace = '', text = '' }) => {
      const space = tablespace === '' ? '' : `; Tablespace: ${tablespace}`;
      return `--\n-- Name: ${name}; Type: ${type}; Schema: ${schema}; Owner: ${owner}${space}\n--\n\n${text}\n\n\n`;
    }),
    '--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n',
  ].join('');

const differencesOf = (expected: Partial<Definition>[], found: Partial<Definition>[], options = {}) =>
  compareDefinitions(printed(expected), printed(found), options);

describe('definitions that pg_dump printed', () => {
  const lookalike = fc.constantFrom(
    '\n--\n-- Name: x; Type: TABLE; Schema: s; Owner: o\n--\n',
    '\n\\connect x\n',
    '\n--\n-- PostgreSQL database dump complete\n--\n',
    '\nSET default_table_access_method = heap;\n',
    "it's",
    '"',
    '$$',
    ';\n',
    ') (',
    ' NOT VALID',
  );
  const wild = fc
    .array(fc.oneof(lookalike, fc.string({ unit: 'grapheme' })), { maxLength: 6 })
    .map(all => all.join(''));
  const line = wild.map(text => text.replaceAll(/[\n\r]/g, ' '));
  const type = fc.constantFrom('TABLE', 'FUNCTION', 'VIEW', 'ACL', 'TEXT SEARCH PARSER', 'SOMETHING NEW');
  const statement = fc.tuple(wild, wild, wild).map(([name, text, body]) => {
    const tag = body.includes('$') ? `$t${[...body].filter(one => one === '$').length}$` : '$$';
    return `CREATE "${name.replaceAll('"', '""')}" (\n    E'${text.replaceAll("'", "''")}',\n    1\n) AS ${tag}${body}${tag};`;
  });
  const piece = fc.record({
    name: line,
    type,
    schema: line,
    owner: line.filter(text => !text.includes(';')),
    text: statement,
  });
  const pieces = fc.array(piece, { minLength: 1, maxLength: 12 });

  it('are split as they were put together', () => {
    fc.assert(
      fc.property(pieces, all => {
        const split = splitDefinitions(printed(all));
        assert.deepEqual(
          split.map(({ text }) => text),
          all.map(({ text }) => text),
        );
      }),
    );
    const [odd] = splitDefinitions(printed([{ name: 'x; Type: ACL; Schema: -; Owner: y', tablespace: 'fast' }]));
    assert.deepEqual(odd, {
      name: 'x; Type: ACL; Schema: -; Owner: y',
      type: 'TABLE',
      schema: 's',
      owner: 'o',
      tablespace: 'fast',
      accessMethod: '',
      text: '',
    });
  });

  it('are the same in any order', () => {
    const shuffled = pieces.chain(all =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
    );
    fc.assert(fc.property(shuffled, ([one, other]) => assert.deepEqual(differencesOf(one, other), [])));
  });

  it('are not the same when one character is another', () => {
    fc.assert(
      fc.property(
        pieces,
        fc.nat(),
        fc.nat(),
        fc.constantFrom(...'xX1 \n;,\'"$()-\\'),
        (all, which, where, character) => {
          const damaged = all[which % all.length] ?? assert.fail();
          const at = where % damaged.text.length;
          // at the ends a blank would not be seen
          fc.pre(damaged.text[at] !== character && at > 0 && at < damaged.text.length - 1);
          const text = damaged.text.slice(0, at) + character + damaged.text.slice(at + 1);
          const differences = differencesOf(
            all,
            all.map(one => (one === damaged ? { ...one, text } : one)),
          );
          assert.ok(differences.length > 0);
          for (const { expected, found } of differences) assert.notEqual(expected, found);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are not the same when a piece is lost, doubled or under another heading', () => {
    fc.assert(
      fc.property(pieces, piece, (all, more) => {
        assert.ok(differencesOf([...all, more], all).length > 0);
        assert.ok(differencesOf(all, [...all, more]).length > 0);
        const renamed = { ...more, name: `${more.name}x` };
        assert.equal(differencesOf([...all, more], [...all, renamed]).length, 2);
      }),
    );
    const twice = { text: 'CREATE TABLE s.x ();' };
    assert.deepEqual(said(differencesOf([twice, twice], [twice])), ['TABLE_MISSING table s.x']);
  });

  it('of one heading meet those that are equal first', () => {
    const [a, b, c] = ['a', 'b', 'c'].map(name => ({ text: `CREATE TABLE s."${name}" ();` })) as [
      object,
      object,
      object,
    ];
    assert.deepEqual(differencesOf([a, b], [b, a]), []);
    const [only, ...more] = differencesOf([a, b, b], [b, c, b]);
    assert.deepEqual(more, []);
    assert.deepEqual([only?.expected, only?.found], ['CREATE TABLE s."a" ()', 'CREATE TABLE s."c" ()']);
  });

  it('of the default privileges of one role are not held against those of another', () => {
    const of = (owner: string, right: string) => ({
      name: 'DEFAULT PRIVILEGES FOR TABLES',
      type: 'DEFAULT ACL',
      owner,
      text: `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA s GRANT ${right} ON TABLES TO x;`,
    });
    assert.deepEqual(said(differencesOf([of('a', 'SELECT'), of('b', 'SELECT')], [of('b', 'INSERT')])), [
      'DEFAULT_PRIVILEGES_MISSING default privileges of a for tables in schema s',
      'DEFAULT_PRIVILEGES_DIFFERS default privileges of b for tables in schema s',
    ]);
  });

  it('of a type that nobody knows are compared', () => {
    const made = (text: string) => ({ type: 'SOMETHING NEW', text });
    assert.deepEqual(said(differencesOf([made('CREATE x;')], [made('CREATE y;')])), [
      'DEFINITION_DIFFERS something new s.x',
    ]);
  });

  it('show a short piece of what is long', () => {
    const body = (last: string) => `CREATE FUNCTION f AS $$${'x'.repeat(5000)}${last}${'y'.repeat(5000)}$$;`;
    const [long] = differencesOf([{ text: body('a') }], [{ text: body('b') }]);
    assert.ok(long !== undefined && long.expected !== long.found && long.expected.length < 1010);
    const lines = (word: string) => Array.from({ length: 500 }, (_, n) => `  ${word} ${n};`).join('\n');
    const [many] = differencesOf([{ text: `$$${lines('a')}$$;` }], [{ text: `$$${lines('b')}$$;` }]);
    assert.equal(many?.expected.split('\n').length, 11);
    const indented = (blank: string) => ({ type: 'FUNCTION', text: `CREATE FUNCTION f AS $$\n${blank}x\n$$;` });
    assert.deepEqual(
      differencesOf([indented(' ')], [indented('  ')]).map(({ expected, found }) => [expected, found]),
      [[' x', '  x']],
    );
  });

  it('of the database are left out, and of what is only called so are not', () => {
    const of = (name: string, kind: string, text: string) => [{ name, type: kind, schema: '-', text }];
    const ofDatabase = [
      ...of('shop', 'DATABASE', 'CREATE DATABASE shop;'),
      ...of('shop', 'DATABASE PROPERTIES', `ALTER DATABASE shop SET work_mem TO '5MB';`),
      ...of('DATABASE shop', 'COMMENT', `COMMENT ON DATABASE shop IS 'x';`),
      ...of('DATABASE shop', 'ACL', 'REVOKE CONNECT,TEMPORARY ON DATABASE shop FROM PUBLIC;'),
      ...of('DATABASE shop', 'SECURITY LABEL', `SECURITY LABEL FOR dummy ON DATABASE shop IS 'x';`),
    ];
    assert.deepEqual(differencesOf(ofDatabase, []), []);
    // a table in a schema that is called `s; Type: ACL; Schema: -`
    const odd = of(
      'DATABASE shop; Type: TABLE; Schema: s',
      'ACL',
      'CREATE TABLE "s; Type: ACL; Schema: -"."DATABASE shop" ();',
    );
    assert.equal(differencesOf(odd, []).length, 1);
  });

  it('leave out what the caller skips, and tablespaces if told so', () => {
    const here = { tablespace: 'fast', text: 'CREATE TABLE s.x ();' };
    const there = { ...here, tablespace: '' };
    assert.deepEqual(said(differencesOf([here], [there])), ['TABLE_DIFFERS table s.x']);
    assert.deepEqual(differencesOf([here], [there], { ignoreTablespaces: true }), []);
    const skip = ({ schema }: Definition) => schema === 's';
    assert.deepEqual(differencesOf([here], [], { skip }), []);
    assert.deepEqual(differencesOf([], [here], { skip }), []);
    assert.equal(differencesOf([here], [], { skip: ({ schema }: Definition) => schema === 't' }).length, 1);
  });

  it('of a table know its access method wherever it was set', () => {
    const set = (method: string, name: string, after = '') =>
      `SET default_table_access_method = ${method};\n\n--\n-- Name: ${name}; Type: TABLE; Schema: s; Owner: o\n--\n\nCREATE TABLE s.${name} (\n)${after};\n\n\n`;
    const heap = set('heap', 'a') + set('heap', 'b') + set('mine', 'c');
    assert.deepEqual(compareDefinitions(heap, set('mine', 'c') + set('heap', 'b') + set('heap', 'a')), []);
    assert.deepEqual(said(compareDefinitions(heap, set('heap', 'a') + set('mine', 'b') + set('mine', 'c'))), [
      'TABLE_DIFFERS table s.b',
    ]);
    const parted = '\nPARTITION BY RANGE (id)';
    assert.deepEqual(compareDefinitions(set('heap', 'a', parted), set('mine', 'a', parted)), []);
  });
});
