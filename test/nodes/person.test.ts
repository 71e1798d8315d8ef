/** `npm run net`, as its user runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingDaemons } from './net/daemons.ts';

const MAIN = fileURLToPath(new URL('person/main.ts', import.meta.url));
const PATIENCE_MS = 90_000;
const missing = missingDaemons('lnd', 'btcd');

interface Ready {
  readonly folder: string;
  readonly nodes: readonly { readonly name: string; readonly region: string | null; readonly cert: string }[];
}

const place = mkdtempSync(join(tmpdir(), 'argosy-person-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));
const launch = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawn(process.execPath, [MAIN, ...words], {
    env: { ...process.env, ARGOSY_NET_SOCKET: join(place, 'control.sock'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

async function run(words: readonly string[], env?: NodeJS.ProcessEnv) {
  const child = launch(words, env);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, out: out.trim(), err: err.trim() };
}

test('without a network, commands say how to start one', async () => {
  expect(await run(['status'])).toMatchObject({
    code: 5,
    err: 'No network runs. Start one with: npm run net',
  });
});

test('without daemons, it says what brings them', async () => {
  const { code, err } = await run([], { XDG_CACHE_HOME: place });
  expect(code).toBe(1);
  expect(err).toContain('.ci/daemons');
});

describe.skipIf(missing !== null)(
  `a network for a person${missing === null ? '' : `: ${missing}`}`,
  { timeout: PATIENCE_MS },
  () => {
    let running: ChildProcess;
    let ready: Ready;
    beforeAll(async () => {
      const child = launch(['--json']);
      running = child;
      const [line] = await once(createInterface({ input: child.stdout }), 'line');
      ready = JSON.parse(String(line));
    }, PATIENCE_MS);
    afterAll(() => void running?.kill('SIGKILL'));

    test('tells where its nodes are', () => {
      expect(ready.nodes.map(({ name }) => name)).toEqual([
        'us',
        'eu',
        'asia',
        'hub',
        'exchange',
        'merchant',
      ]);
      expect(ready.nodes.filter(({ region }) => region !== null)).toHaveLength(3);
      expect(ready.nodes.every(({ cert }) => existsSync(cert))).toBe(true);
    });

    test('lets strangers pay, and be paid', async () => {
      const { out: invoice } = await run(['invoice', 'asia', '1,000']);
      expect(invoice).toMatch(/^lnbcrt10u1/);
      expect((await run(['pay', 'exchange', invoice])).out).toContain('for a fee of 0 msat');
      expect(await run(['pay', 'exchange', invoice])).toMatchObject({
        code: 1,
        err: expect.stringContaining('already paid'),
      });
    });

    test('mines, kills and starts on demand, and refuses what makes no sense', async () => {
      expect((await run(['mine', '2', '--json'])).out).toMatch(/^\{"height":\d+\}$/);
      expect((await run(['kill', 'us'])).code).toBe(0);
      expect((await run(['status'])).out).toMatch(/^us +does not run$/m);
      expect((await run(['invoice', 'us', '5'])).err).toContain('npm run net -- start us');
      expect((await run(['start', 'us'])).out).toBe('us is back.');
      expect((await run(['mine', '0'])).err).toContain('whole number');
      expect((await run(['invoice', 'nobody', '5'])).err).toContain('us, eu, asia');
      expect((await run([])).err).toContain('A network runs already');
    });

    test('leaves nothing when it is stopped', async () => {
      const exit = once(running, 'exit');
      expect((await run(['stop'])).code).toBe(0);
      expect(await exit).toEqual([0, null]);
      expect(existsSync(ready.folder)).toBe(false);
    });
  },
);
