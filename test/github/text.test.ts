import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { calmMarkdown, cutMarkdown } from '../../src/github/text.ts';

const shown = (text: string) => text.replaceAll('\u200b', '^');

describe('Markdown for a comment', () => {
  const cases: [text: string, calmed: string][] = [
    ['plain text, no more', 'plain text, no more'],
    ['thanks @octocat', 'thanks @^octocat'],
    ['a\\@octocat', 'a\\@^octocat'],
    ['`@octocat` and <code>@octocat</code>', '`@^octocat` and <code>@^octocat</code>'],
    ['&#64;octocat &#x40;octocat &commat;octocat &#0064;x', '&#64;^octocat &#x40;^octocat &commat;^octocat &#0064;^x'],
    ['@org/team', '@^org/team'],
    ['fixes #12, me/shop#12, GH-12 and gh-7', 'fixes #^12, me/shop#^12, GH-^12 and gh-^7'],
    ['\\#12', '\\#^12'],
    ['# 12 things', '# 12 things'],
    ['## Title', '## Title'],
    ['&#124; stays, &#35;12 does not, nor &num;12', '&#124; stays, &#35;^12 does not, nor &num;^12'],
    ['#&#49;2', '#^&#49;2'],
    ['```mermaid\n%% "#3d84c6" @x\n```\n#3', '```mermaid\n%% "#3d84c6" @^x\n```\n#^3'],
    ['~~~\n#1\n```\n#2\n~~~\n#3', '~~~\n#1\n```\n#2\n~~~\n#^3'],
    ['````\n#1\n```\n#2\n`````\n#3', '````\n#1\n```\n#2\n`````\n#^3'],
    ['```a`b\n#1', '```a`b\n#^1'],
    ['    ```\n#1', '    ```\n#^1'],
    ['LOUGH-12', 'LOUGH-12'],
  ];
  for (const [text, calmed] of cases)
    it(`${JSON.stringify(text)} calls nobody`, () => assert.equal(shown(calmMarkdown(text)), calmed));

  it('is the same to a reader', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('@', '#', '1', 'a', '`', '\n', '&', ';', '\\', 'GH-', '~', ' ') }),
        text => {
          const calmed = calmMarkdown(text);
          assert.equal(calmed.replaceAll('\u200b', ''), text);
          assert.doesNotMatch(calmed, /@(?!\u200b)/);
        },
      ),
    );
  });
});

describe('Markdown that is too long', () => {
  const note = '_This is cut, as GitHub takes no longer comments: the summary of the run has all of it._\n\n';

  it('is left as it is where it fits', () => {
    assert.equal(cutMarkdown('a'.repeat(200), 200), 'a'.repeat(200));
  });

  it('is cut at the end of a line, and says so first', () => {
    const cut = cutMarkdown('a line of text\n'.repeat(100), 200);
    assert.equal(cut, `${note}${'a line of text\n'.repeat(6).trimEnd()}`);
  });

  it('closes the block that it is cut in', () => {
    assert.match(
      cutMarkdown(`~~~~ x\n${'a line of text\n'.repeat(100)}`, 200),
      /\n\n~~~~ x\na line[\s\S]*\na line of text\n~~~~$/,
    );
    const cut = cutMarkdown(`\`\`\`\n${'a line of text\n'.repeat(100)}\`\`\`\n`, 200);
    assert.match(cut, /^_This[\s\S]*\n\n```\na line[\s\S]*\na line of text\n```$/);
  });

  it('never breaks a character in two, and never is longer than asked for', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('😀', 'a', '\n', '```\n'), minLength: 150, maxLength: 400 }),
        fc.integer({ min: 120, max: 300 }),
        (text, most) => {
          const cut = cutMarkdown(text, most);
          assert.ok(cut.length <= most && cut.isWellFormed());
        },
      ),
    );
  });
});
