/**
 * Takes docs/map.png: the map of a practice fleet under traffic, as Chromium shows it. Nothing is made up.
 *
 *   npm run picture:map && pngquant --force --ext .png docs/map.png
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const ARGOSY = fileURLToPath(new URL('../bin/argosy.js', import.meta.url));
const PICTURE = fileURLToPath(new URL('./map.png', import.meta.url));
const SIZE = { width: 1440, height: 900 };
const MARGIN = 20;
const WARM_MS = 6_000;
const TRIES = 100;

const folder = mkdtempSync(join(tmpdir(), 'argosy-map-'));
const argosy = (...args) =>
  spawn(process.execPath, [ARGOSY, '--data', folder, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });

async function end(child) {
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGINT');
  await ended;
}

/** The link to the map, once everything is up. */
async function linkOf(up) {
  for await (const line of createInterface({ input: up.stdout })) {
    const event = JSON.parse(line);
    if (event.event === 'ready') return event.map;
  }
  throw new Error('argosy up did not get ready');
}

/** A moment in which something of every kind is to be seen: paying, being paid, settled, received. */
async function liveliest(page) {
  const kinds = [
    '.dots .out',
    '.dots .in',
    '.mark[data-state=settled]',
    '.mark[data-state=received]',
    '#recent [data-state=settled]',
  ];
  for (let left = TRIES; left > 0; left--) {
    const counts = await Promise.all(kinds.map((kind) => page.locator(kind).count()));
    if (Math.min(...counts) >= 2) return;
    await sleep(50);
  }
}

const up = argosy('up', '--json', '--listen', '127.0.0.1:0');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  chromiumSandbox: false,
});
try {
  const link = await linkOf(up);
  const page = await browser.newPage({ viewport: SIZE, colorScheme: 'dark' });
  await page.goto(link);
  const traffic = argosy('practice', 'traffic', '--per-second', '8', '--for', '20');
  traffic.stdout.resume();
  await sleep(WARM_MS);
  await liveliest(page);
  const { y, height } = await page.locator('#live').boundingBox();
  await page.screenshot({
    path: PICTURE,
    clip: { x: 0, y: 0, width: SIZE.width, height: y + height + MARGIN },
  });
  await end(traffic);
} finally {
  await browser.close();
  await end(up);
  rmSync(folder, { recursive: true, force: true });
}
