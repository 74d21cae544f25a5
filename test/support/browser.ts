import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

/** A page as a browser made it of a file: its DOM as HTML, and what the browser's console said. */
export interface OpenedPage {
  dom: string;
  console: string[];
}

const options = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--enable-logging=stderr',
  // the DOM is written once all that the page started has ended, however slow the machine
  '--virtual-time-budget=10000',
];

/** Opens a local file in Chromium, with a profile of its own that is gone afterwards. */
export async function openInBrowser(chromium: string, file: string, scheme: 'light' | 'dark'): Promise<OpenedPage> {
  const profile = await mkdtemp(join(tmpdir(), 'lifeboat-chromium-'));
  try {
    const args = [
      ...options,
      `--user-data-dir=${profile}`,
      `--blink-settings=preferredColorScheme=${scheme === 'dark' ? 0 : 1}`,
      '--dump-dom',
      pathToFileURL(file).href,
    ];
    const { stdout, stderr } = await promisify(execFile)(chromium, args, {
      maxBuffer: 2 ** 28,
      timeout: 120_000,
      env: { ...process.env, HOME: profile },
    });
    return { dom: stdout, console: stderr.split('\n').filter(line => line.includes('CONSOLE')) };
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}
