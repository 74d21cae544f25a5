import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openInBrowser } from '../support/browser.ts';

/** What a browser finds in a page. */
export interface PageMeasures {
  /** Pixels that the content needs, in a window of the width that was asked for. */
  contentWidth: number;
  /** Tables that can be read only by scrolling sideways. */
  scrolledTables: string[];
  ground: string;
  /** The lowest contrast of any text with what is behind it, and where. */
  contrast: number;
  palest: string;
  headings: string[];
  text: string;
  tags: string[];
  attributes: string[];
  unlabelledPictures: number;
  unscopedHeaders: number;
  console: string[];
}

/** Runs in the page, so it may use nothing from outside. */
const script = `addEventListener('load', () => {
  const all = [...document.querySelectorAll('body, body *:not(script)')];
  const channels = color => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, index) => sum + c * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = element => {
    const color = getComputedStyle(element).backgroundColor;
    return channels(color)[3] === 0 ? behind(element.parentElement) : color;
  };
  let contrast = 21, palest = '';
  for (const element of all) {
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim() !== '')) continue;
    if (element.tagName === 'title') continue;
    const style = getComputedStyle(element);
    const ink = luminance(channels(element instanceof SVGElement ? style.fill : style.color));
    const ground = luminance(channels(behind(element)));
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    if (ratio < contrast) [contrast, palest] = [ratio, element.outerHTML.slice(0, 200)];
  }
  const isLabelled = svg => svg.closest('[aria-hidden=true]') !== null || svg.closest('[role=img][aria-label]') !== null;
  parent.postMessage(JSON.stringify({
    contentWidth: document.documentElement.scrollWidth,
    scrolledTables: [...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent.slice(0, 60)),
    ground: getComputedStyle(document.body).backgroundColor,
    contrast, palest,
    headings: [...document.querySelectorAll('h1, h2')].map(one => one.tagName + ' ' + one.textContent.trim()),
    text: document.querySelector('main').textContent,
    tags: [...new Set(all.map(({ localName }) => localName))].sort(),
    attributes: [...new Set(all.flatMap(one => one.getAttributeNames()))].sort(),
    unlabelledPictures: [...document.querySelectorAll('svg')].filter(svg => !isLabelled(svg)).length,
    unscopedHeaders: document.querySelectorAll('th:not([scope])').length,
  }), '*');
});`;

/** Opens a page in a frame `width` pixels wide, with its own policy, which is only opened for the script that measures. */
export async function measurePage(
  chromium: string,
  folder: string,
  page: string,
  { width, scheme }: { width: number; scheme: 'light' | 'dark' },
): Promise<PageMeasures> {
  const opened = page
    .replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';")
    .replace('</body>', () => `<script>${script}</script></body>`);
  await writeFile(join(folder, 'measured.html'), opened);
  await writeFile(
    join(folder, 'frame.html'),
    `<!doctype html><pre></pre><script>
      addEventListener('message', ({ data }) => (document.querySelector('pre').textContent = encodeURIComponent(data)));
    </script><iframe src="measured.html" style="width: ${width}px; height: 800px; border: 0"></iframe>`,
  );
  const { dom, console } = await openInBrowser(chromium, join(folder, 'frame.html'), scheme);
  const [, written = ''] = /<pre>(.*?)<\/pre>/s.exec(dom) ?? [];
  if (written === '') throw new Error(`the page was not measured: ${console.join(' ')}`);
  return { ...(JSON.parse(decodeURIComponent(written)) as Omit<PageMeasures, 'console'>), console };
}

/** The words of a page, without its style. */
export function wordsOf(page: string): string {
  return page
    .replace(/<style>.*<\/style>/s, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** The tags of a page in their order, without the values of their attributes. */
export function tagsOf(page: string): string[] {
  return (page.match(/<[^>]*>/g) ?? []).map(tag => tag.replaceAll(/"[^"]*"/g, '""'));
}

/** A browser shows a page as it is written, and blocks nothing of it. */
export async function assertShown(chromium: string, folder: string, page: string): Promise<void> {
  const file = join(folder, 'shown.html');
  await writeFile(file, page);
  const { dom, console } = await openInBrowser(chromium, file, 'light');
  assert.deepEqual(console, []);
  assert.deepEqual(
    tagsOf(dom).filter(tag => /script|link|iframe|img|object/.test(tag)),
    [],
  );
  assert.deepEqual(wordsOf(dom).split(' '), wordsOf(page).split(' '));
}

/** A page fits a window, is not scrolled sideways, and can be read by all; gives the colour of its ground. */
export async function assertReadable(
  chromium: string,
  folder: string,
  page: string,
  window: { width: number; scheme: 'light' | 'dark' },
): Promise<string> {
  const measures = await measurePage(chromium, folder, page, window);
  const { contentWidth, scrolledTables, contrast, unlabelledPictures, unscopedHeaders, console } = measures;
  assert.deepEqual(
    { contentWidth, scrolledTables, unlabelledPictures, unscopedHeaders, console },
    { contentWidth: window.width, scrolledTables: [], unlabelledPictures: 0, unscopedHeaders: 0, console: [] },
  );
  assert.ok(contrast >= 4.5, `${contrast}: ${measures.palest}`);
  return measures.ground;
}
