/** A world that is stopped, or never finished, and started again. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../kit/clock.ts';
import { decodeBolt11 } from '../lightning/bolt11.ts';
import { fromSat } from '../money/msat.ts';
import type { LightningNode } from '../nodes/node.ts';
import { payAsPerson } from './people.ts';
import { startWorld, type World } from './world.ts';

let folder: string;
let world: World | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'argosy-world-'));
});
afterEach(async () => {
  await world?.stop();
  world = null;
  rmSync(folder, { recursive: true, force: true });
});

const start = async (seed?: string): Promise<World> => {
  world = await startWorld({ folder: join(folder, 'world'), ...(seed === undefined ? {} : { seed }) });
  return world;
};
const everybody = ({ nodes, people }: World): [string, LightningNode][] => [
  ...nodes.map(({ id, node }): [string, LightningNode] => [id, node]),
  ...people,
];
/** Who everybody is, what he has, and where his stream stands. */
async function portrait(of: World): Promise<object> {
  const each = everybody(of).map(async ([name, node]) => {
    const [{ pubkey }, channels, { cursor: _, ...balances }] = await Promise.all([
      node.info(),
      node.channels(),
      node.balances(),
    ]);
    const ids = channels.map(({ id, localMsat, scid }) => `${id} ${localMsat} ${scid}`);
    return [name, { pubkey, balances, channels: ids.sort() }];
  });
  return Object.fromEntries(await Promise.all(each));
}
async function pay(from: LightningNode, to: LightningNode): Promise<void> {
  const order = { amountMsat: fromSat(1_000n), description: '', expirySeconds: 600 };
  const decoded = decodeBolt11((await to.invoice(order)).bolt11);
  if (decoded.kind !== 'invoice') throw new Error('no invoice');
  expect(await payAsPerson(from, systemClock, decoded.invoice, order.amountMsat)).toMatchObject({
    kind: 'settled',
  });
}
const find = (of: World, name: string): LightningNode => {
  const found = everybody(of).find(([each]) => each === name);
  if (found === undefined) throw new Error(`nobody is called ${name}`);
  return found[1];
};

describe('a practice world', () => {
  it('comes back with the same nodes, channels, coins and events, and goes on', async () => {
    const first = await start();
    expect(first.resumed).toBe(false);
    await pay(find(first, 'merchant'), find(first, 'asia'));
    const asked = await find(first, 'us').invoice({ amountMsat: null, description: '', expirySeconds: 600 });
    await expect.poll(() => find(first, 'asia').pendingHtlcs()).toEqual([]);
    const before = await portrait(first);
    const [height, { cursor }] = [first.height(), await find(first, 'asia').balances()];
    await first.stop();

    const second = await start();
    expect(second.resumed).toBe(true);
    expect(second.height()).toBeGreaterThanOrEqual(height);
    await expect.poll(() => portrait(second), { timeout: 10_000 }).toEqual(before);
    expect(await find(second, 'us').lookupInvoice(asked.paymentHash)).toEqual({ kind: 'pending' });
    // What was told before is told again to whoever asks from an earlier place.
    const told: string[] = [];
    const subscription = find(second, 'asia').subscribe(null, async (batch) => {
      told.push(...batch.map((event) => event.cursor));
    });
    await expect.poll(() => told).toContain(cursor);
    await subscription.stop();
    await pay(find(second, 'asia'), find(second, 'merchant'));
    await pay(find(second, 'exchange'), find(second, 'us'));
  }, 60_000);

  it('is made anew when it was never finished', async () => {
    mkdirSync(join(folder, 'world'));
    writeFileSync(join(folder, 'world', 'chain.db'), 'half a chain');
    expect((await start()).resumed).toBe(false);
  }, 60_000);

  it('keeps its seed, and is refused under another one', async () => {
    await (await start('harbour')).stop();
    await expect(start('lighthouse')).rejects.toThrow(
      /^seed: .* made with the seed "harbour".*practice reset/,
    );
    expect((await start('harbour')).resumed).toBe(true);
    await world?.stop();
    expect((await start()).resumed).toBe(true);
  }, 60_000);
});
