/** The world around the own nodes, as `/v1/practice/map` shows it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ServedFleet, startServedFleet } from '../../test/support/served-fleet.ts';
import { type Argosy, createArgosy, sat } from '../sdk/index.ts';

let fleet: ServedFleet;
let argosy: Argosy;
beforeAll(async () => {
  fleet = await startServedFleet('map');
  argosy = createArgosy(fleet);
});
afterAll(() => fleet.stop());

it('names the people, and each of their channels once, with both sides', async () => {
  const { people, channels } = await argosy.practice.map();
  expect(people.map(({ name }) => name)).toEqual(['merchant', 'exchange']);
  expect(channels.map(({ owner, peer }) => [owner, peer])).toEqual([
    [fleet.network.pubkey('merchant'), fleet.network.pubkey('hub')],
    [fleet.network.pubkey('merchant'), fleet.network.pubkey('eu')],
    [fleet.network.pubkey('exchange'), fleet.network.pubkey('hub')],
  ]);
  for (const { capacity_msat, local_msat, remote_msat } of channels) {
    expect(BigInt(local_msat) + BigInt(remote_msat)).toBe(BigInt(capacity_msat));
  }
});

it('tells which own nodes are broken, and how', async () => {
  await argosy.practice.breakNode('eu', { how: 'slow', delay_ms: 5 });
  expect((await argosy.practice.map()).faults).toEqual([{ node: 'eu', how: 'slow', delay_ms: 5 }]);
  await argosy.practice.healNode('eu');
  expect((await argosy.practice.map()).faults).toEqual([]);
});

it('tells which way went what a person has paid', async () => {
  const { invoice, payment_hash } = await argosy.invoice({ amount_msat: sat(100n), region: 'eu' });
  await argosy.practice.payAs('exchange', { invoice });
  const { paid } = await argosy.practice.map();
  expect(paid).toMatchObject([{ payer: 'exchange', payment_hash }]);
  expect(paid[0]?.routes.map((hops) => hops.map(({ pubkey }) => pubkey))).toEqual([
    [fleet.network.pubkey('hub'), fleet.network.pubkey('eu')],
  ]);
});
