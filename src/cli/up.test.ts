/** `up` for real: the practice world, started, used, told to stop. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ended, runCli, spawnCli } from '../../test/support/cli.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'argosy-up-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const UP = ['up', '--json', '--listen', '127.0.0.1:0'];
const WAIT_MS = 60_000;

interface Event {
  readonly event: string;
  readonly state?: string;
  readonly step?: string;
  readonly api?: string;
  readonly key?: string;
}
const eventsOf = (stdout: string): Event[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);

/** Resolves once stdout has said so. */
const said = (child: ReturnType<typeof spawnCli>, words: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (more: Buffer) => {
      text += more.toString();
      if (text.includes(words)) resolve();
    });
    child.on('close', (code) => reject(new Error(`up ended early with ${code}: ${text}`)));
  });

describe('argosy up', () => {
  it(
    'starts, pays once unasked, is found by the other commands, and stops cleanly when told',
    async () => {
      const child = spawnCli([...UP, '--data', folder]);
      const done = ended(child);
      await said(child, '"event":"ready"');
      const books = await runCli(['books', 'check', '--json', '--data', folder]);
      expect(JSON.parse(books.stdout)).toMatchObject({ difference_msat: '0' });
      const second = await runCli([...UP, '--data', folder]);
      expect(second).toMatchObject({ code: 2 });
      expect(JSON.parse(second.stdout)).toMatchObject({ code: 'folder_in_use' });
      child.kill('SIGTERM');
      const { code, stdout, stderr } = await done;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const events = eventsOf(stdout);
      expect(events.filter(({ event }) => event === 'payment')).toMatchObject([
        { state: 'settled', amount_msat: '25000000' },
      ]);
      expect(events.find(({ event }) => event === 'books')).toMatchObject({ difference_msat: '0' });
      expect(events.at(-1)).toMatchObject({
        event: 'ready',
        api: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        key: expect.stringMatching(/^argosy_[0-9a-f]{48}$/),
        map: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#key=argosy_[0-9a-f]{48}$/),
        invoice: expect.stringMatching(/^lnbcrt/),
      });
      expect((await runCli(['nodes', '--data', folder])).code).toBe(5);
    },
    WAIT_MS,
  );

  it(
    'told to stop while it is starting, stops as cleanly',
    async () => {
      const child = spawnCli([...UP, '--data', folder]);
      const done = ended(child);
      await said(child, '"event":"step"');
      child.kill('SIGINT');
      const { code, stdout } = await done;
      expect(code).toBe(0);
      expect(stdout).not.toContain('"event":"ready"');
    },
    WAIT_MS,
  );

  it(
    'stops when nobody reads any more',
    async () => {
      const child = spawnCli([...UP, '--data', folder]);
      const closed = new Promise((resolve) => child.on('exit', resolve));
      await said(child, '"event":"step"');
      child.stdout?.destroy();
      expect(await closed).toBe(0);
    },
    WAIT_MS,
  );

  it('says which address is taken, and which to use instead', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const ran = await runCli(['up', '--listen', address, '--data', folder]);
    other.close();
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('code: listen_address_in_use');
    expect(ran.stderr.trim()).toMatch(/try: .*up --listen 127\.0\.0\.1:0$/);
  });

  it('runs under an older Node as well, by the one that npm brought', async () => {
    const ran = await runCli(['config', 'check'], { node: 'node', cwd: folder });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect((await runCli(['nosuch'], { node: 'node' })).code).toBe(2);
  });
});
