/** Channels and coins by order, as processes, over HTTP, at a fleet of simulated nodes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ran, runCli } from '../../test/support/cli.ts';
import { type ServedFleet, startServedFleet } from '../../test/support/served-fleet.ts';

const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

let fleet: ServedFleet;
beforeAll(async () => {
  fleet = await startServedFleet('chain', 1_000_000n);
});
afterAll(() => fleet.stop());

const argosy = (...args: string[]): Promise<Ran> => runCli(['--data', fleet.folder, ...args]);
const json = async <T = Record<string, unknown>>(...args: string[]): Promise<T> => {
  const ran = await argosy(...args, '--json');
  expect(ran.stdout.trim().split('\n'), ran.stderr).toHaveLength(1);
  return JSON.parse(ran.stdout) as T;
};

describe('on the chain', { timeout: 90_000 }, () => {
  it('opens a channel once for one key, shows the order, and closes the channel again', async () => {
    const peer = fleet.network.pubkey('hub');
    const ask = () => json('channel', 'open', 'eu', peer, '50000', '--idempotency-key', 'channel-1');
    const order = await ask();
    expect(order).toMatchObject({ kind: 'open', state: 'published', amount_msat: '50000000' });
    expect(await ask()).toMatchObject({ id: order.id, channel: order.channel });
    expect(await json('chain-orders', String(order.id))).toMatchObject({ id: order.id });
    expect((await argosy('chain-orders')).stdout).toMatch(/eu opens 50,000 sat .*cho_/);
    const closed = await argosy('channel', 'close', String(order.channel));
    expect(closed, closed.stderr).toMatchObject({ code: 0 });
    expect(closed.stdout).toMatch(/eu closes/);
  });

  it('sends coins once for one key', async () => {
    const ask = () => json('coins', 'send', 'eu', ADDRESS, '20000', '--idempotency-key', 'coins-1');
    const first = await ask();
    expect(first).toMatchObject({ kind: 'send', amount_msat: '20000000', address: ADDRESS });
    expect(await ask()).toMatchObject({ id: first.id, txid: first.txid });
  });

  it('names what is wrong, and the way on', async () => {
    const dust = await argosy('coins', 'send', 'eu', ADDRESS, '5');
    expect(dust).toMatchObject({ code: 2 });
    expect(dust.stderr).toContain('code: amount_not_for_chain');
    const away = await argosy('channel', 'open', 'eu', `02${'ab'.repeat(32)}@127.0.0.1:1`, '50000');
    expect(away).toMatchObject({ code: 1 });
    expect(away.stderr).toContain('peer_offline');
    expect(away.stderr).toMatch(/try: npx argosy --data .* chain-orders cho_\w+$/m);
    expect((await argosy('channel', 'close', '00'.repeat(32))).stderr).toContain('code: channel_unknown');
  });
});
