import { expect, it } from 'vitest';
import { startNetwork } from '../../practice/world_network.ts';

const FEE = { baseMsat: 1_000, ppm: 0 };
const channel = (from: 'us' | 'hub' | 'shop', to: 'us' | 'hub' | 'shop') => ({
  from,
  to,
  capacitySat: 1_000_000,
  pushSat: 500_000,
  fromFee: FEE,
  toFee: FEE,
});

it('a channel that is closed is forgotten by everybody, at either end of it or not', async () => {
  const network = await startNetwork({
    groups: [['us'], ['hub', 'shop']],
    aliases: { us: 'us', hub: 'hub', shop: 'shop' },
    channels: [channel('us', 'hub'), channel('hub', 'shop'), channel('us', 'hub')],
    spareSat: 100_000,
  });
  try {
    const known = async () => (await network.knowledge()).map(({ channels }) => channels);
    expect(await known()).toEqual([3, 3]);
    const [first] = await network.node('shop').channels();
    if (first === undefined) throw new Error('the shop has a channel');
    await network.node('shop').facets.close?.close({ channel: first.id, force: false });
    await expect.poll(known, { timeout: 10_000 }).toEqual([2, 2]);
  } finally {
    await network.stop();
  }
}, 60_000);
