/** A real browser for the pages: Debian's Chromium, or the one that CHROMIUM names. */
import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const PATH = process.env.CHROMIUM || '/usr/bin/chromium';
export const hasBrowser = existsSync(PATH);
/** For the name of what is skipped without it. */
export const BRING_BROWSER = 'apt-get install chromium';

/** Nobody's own tabs are in it: the sandbox would only keep it from running as root. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: PATH, chromiumSandbox: false, args: ['--disable-gpu'] });

export interface Visit {
  readonly page: Page;
  /** What the browser complained of: errors of the page and of its security policy. */
  readonly complaints: string[];
  /** What was asked of anybody but the server itself. */
  readonly strangers: string[];
  close(): Promise<void>;
}

/** A page in a window of its own, with its eyes open. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const strangers: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) strangers.push(request.url());
  });
  await page.goto(url);
  return { page, complaints, strangers, close: () => context.close() };
}

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly target: unknown; readonly failureSummary?: string }[];
}

/** Nothing that axe knows of keeps anybody out: all of its rules, the best practices among them. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const found = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as Finding[];
  expect(
    found.map(({ id, nodes }) => [id, nodes.map(({ target, failureSummary }) => [target, failureSummary])]),
  ).toEqual([]);
}
