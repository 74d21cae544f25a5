import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { csvTable, plainCell } from '../../src/report/csv.ts';
import { parseCsv } from './csv-reader.ts';

describe('CSV', () => {
  it('is a header and lines that end with CR LF', () => {
    assert.equal(csvTable(['a', 'b'], [['x', 1]]), 'a,b\r\nx,1\r\n');
    assert.equal(csvTable(['a'], []), 'a\r\n');
  });

  it('quotes only what must be', () => {
    assert.equal(csvTable(['a', 'b'], [['say "hi", you', 'two\nlines']]), 'a,b\r\n"say ""hi"", you","two\nlines"\r\n');
    assert.equal(csvTable(['a', 'b', 'c'], [[null, true, 0]]), 'a,b,c\r\n,true,0\r\n');
  });

  it('comes back as it was, whatever is in it', () => {
    const cell = fc.string({
      unit: fc.oneof(
        fc.constantFrom(...'",\r\n\t=+-@\'; '),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
      ),
      maxLength: 12,
    });
    const table = fc
      .integer({ min: 1, max: 5 })
      .chain(width => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }));
    fc.assert(
      fc.property(table, ([header = [], ...rows]) => {
        assert.deepEqual(parseCsv(csvTable(header, rows)), [header, ...rows]);
      }),
    );
  });

  it('has no text that a spreadsheet takes for a formula', () => {
    for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])
      assert.equal(plainCell(text), `'${text}`, JSON.stringify(text));
    for (const text of ['', 'before the move', 'a=b', ' =1', "'=1", '1-2'])
      assert.equal(plainCell(text), text, JSON.stringify(text));
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => !/^[=+\-@\t\r]/.test(plainCell(text))));
  });
});
