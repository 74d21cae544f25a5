import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { markdownTable, textTable } from '../../src/report/table.ts';

describe('a table', () => {
  it('for a terminal is aligned, numbers to the right', () => {
    assert.equal(
      textTable(
        ['Name', 'Rows', 'By'],
        [
          ['orders', '12', 'me'],
          ['x', '1,234', ''],
        ],
        [1],
      ),
      ['Name     Rows  By', '------  -----  --', 'orders     12  me', 'x       1,234'].join('\n'),
    );
  });

  it('for a terminal has every column at one place', () => {
    const cells = fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,12}$/), fc.stringMatching(/^[a-z]{1,12}$/)));
    fc.assert(
      fc.property(cells, rows => {
        const width = Math.max(5, ...rows.map(([first]) => first.length));
        const lines = textTable(['First', 'Second'], rows).split('\n');
        assert.equal(lines.length, rows.length + 2);
        for (const line of lines.slice(2)) assert.match(line.slice(width), /^ {2}[a-z]/);
      }),
    );
  });

  it('without rows still has its header', () => {
    assert.equal(textTable(['A', 'Be'], []), 'A  Be\n-  --');
  });

  it('for Markdown says which columns are numbers', () => {
    assert.equal(markdownTable(['A', 'B'], [['a', '1']], [1]), '| A | B |\n| :-- | --: |\n| a | 1 |');
  });
});
