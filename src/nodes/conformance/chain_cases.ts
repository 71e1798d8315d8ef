/** Coins: addresses, sends that happen once, and the facets `open` and `close`. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { MSAT_PER_SAT, msat, sum, ZERO_MSAT } from '../../money/msat.ts';
import type { NodeBalances, NodeEvent } from '../node.ts';
import { freshToken, sat } from './payment.ts';
import { type Watch, watchFrom } from './watch.ts';
import type { Case, World } from './world.ts';

const coins = async (world: World): Promise<bigint> => (await world.sender.balances()).onchainMsat;

export const chainCases: readonly Case[] = [
  {
    name: 'gives a fresh address every time',
    async run({ sender }) {
      const [one, two] = [await sender.address(), await sender.address()];
      assert(one.length > 0 && one !== two);
    },
  },
  {
    name: 'sends coins once for one token, however often it is asked',
    async run(world) {
      const { sender, payee } = world;
      const before = await coins(world);
      const order = {
        token: freshToken(),
        address: await payee.address(),
        amountMsat: sat(20_000),
        feeRateSatPerVb: 2,
      };
      const first = await sender.sendOnchain(order);
      assert(first.kind === 'sent', inspect(first));
      assert.match(first.txid, /^[0-9a-f]{64}$/);
      assert(first.feeMsat > 0n && first.feeMsat % MSAT_PER_SAT === 0n, `a fee of ${first.feeMsat} msat`);
      const after = before - order.amountMsat - first.feeMsat;
      await world.eventually('the coins to leave', async () => (await coins(world)) === after);
      assert.deepEqual(await sender.sendOnchain(order), first);
      assert.deepEqual(await Promise.all([sender.sendOnchain(order), sender.sendOnchain(order)]), [
        first,
        first,
      ]);
      assert.equal(await coins(world), after);
    },
  },
  {
    name: 'sends coins twice for two tokens',
    async run(world) {
      const address = await world.payee.address();
      const before = await coins(world);
      const answers = [];
      for (let sent = 0; sent < 2; sent += 1) {
        const order = { token: freshToken(), address, amountMsat: sat(10_000), feeRateSatPerVb: 2 };
        answers.push(await world.sender.sendOnchain(order));
      }
      const [one, two] = answers;
      assert(one?.kind === 'sent' && two?.kind === 'sent', inspect(answers));
      assert.notEqual(one.txid, two.txid);
      const after = before - sat(20_000) - one.feeMsat - two.feeMsat;
      await world.eventually('the coins to leave', async () => (await coins(world)) === after);
    },
  },
  {
    name: 'refuses to send coins that it does not have, and to what is no address',
    async run(world) {
      const { sender, payee } = world;
      const before = await coins(world);
      const order = { token: freshToken(), address: await payee.address(), feeRateSatPerVb: 2 };
      const beyond = msat((before / MSAT_PER_SAT) * MSAT_PER_SAT + MSAT_PER_SAT);
      const poor = await sender.sendOnchain({ ...order, amountMsat: beyond });
      assert.equal(poor.kind === 'refused' && poor.reason, 'insufficient_funds');
      const lost = await sender.sendOnchain({
        ...order,
        token: freshToken(),
        address: 'nowhere',
        amountMsat: sat(1_000),
      });
      assert.equal(lost.kind === 'refused' && lost.reason, 'bad_address');
      assert.equal(await coins(world), before);
    },
  },
  {
    name: 'opens a channel that becomes active, paid for with coins',
    async run(world) {
      const { open } = world.sender.facets;
      if (open === undefined) return;
      const peer = (await world.sender.channels()).find((channel) => channel.active)?.peer;
      assert(peer, 'the sender has a peer');
      const before = await world.sender.balances();
      const capacityMsat = sat(100_000);
      const id = await open.open({ peer, capacityMsat, pushMsat: ZERO_MSAT, private: false });
      const opened = async () => (await world.sender.channels()).find((channel) => channel.id === id);
      await world.eventually('the channel to be active', async () => (await opened())?.active === true);
      const channel = await opened();
      assert.equal(channel?.capacityMsat, capacityMsat);
      assert.equal(channel?.peer, peer);
      assert(channel?.scid, 'an active channel has a short channel id');
      const after = await world.sender.balances();
      assert(after.onchainMsat <= before.onchainMsat - capacityMsat, 'the coins are in the channel now');
      assert(after.channelsMsat > before.channelsMsat);
    },
  },
  {
    name: 'explains by events what opening a channel and closing it does to its channels and coins',
    async run(world) {
      const { open, close } = world.sender.facets;
      if (open === undefined || close === undefined) return;
      const peer = (await world.sender.channels()).find((channel) => channel.active)?.peer;
      assert(peer, 'the sender has a peer');
      const before = await world.sender.balances();
      const watch = watchFrom(world, world.sender, before.cursor);
      const order = { peer, capacityMsat: sat(120_000), pushMsat: sat(20_000), private: false };
      const id = await open.open(order);
      const isActive = async () =>
        (await world.sender.channels()).some((channel) => channel.id === id && channel.active);
      await world.eventually('the channel to be active', isActive);
      await expectExplained(world, watch, before);
      await close.close({ channel: id, force: false });
      await watch.until('the channel to close', 'channel_closed', (event) => event.channel === id);
      await expectExplained(world, watch, before);
      await watch.until('nothing more to come', 'channel_resolved', (event) => event.channel === id);
      await watch.until('the coins to come home', 'coins_returned', () => true);
      await expectExplained(world, watch, before);
      const [opened] = watch.of('channel_opened');
      assert.equal(opened?.localMsat, sat(100_000));
      assert.equal(opened?.remoteMsat, sat(20_000));
      const left = sum(watch.of('channel_closed').map((event) => event.localMsat));
      const home = sum(watch.of('coins_returned').map(({ amountMsat, feeMsat }) => amountMsat + feeMsat));
      const cost = watch.of('channel_resolved').reduce((total, { costMsat }) => total + costMsat, 0n);
      assert.equal(left, home + cost, 'what left the channel is home, or was its cost');
      await watch.stop();
    },
  },
];

/** Channels and coins as they were, and everything that the events say of them, are what they are now. */
async function expectExplained(world: World, watch: Watch, before: NodeBalances): Promise<void> {
  const now = await world.sender.balances();
  const held = (balances: NodeBalances) => balances.channelsMsat + balances.onchainMsat;
  const explained = (await watch.upTo(now.cursor)).reduce((total, event) => total + changeOf(event), 0n);
  assert.equal(held(now), held(before) + explained);
}

function changeOf(event: NodeEvent): bigint {
  if (event.kind === 'channel_opened')
    return event.fundingFeeMsat === null ? event.localMsat : -event.remoteMsat - event.fundingFeeMsat;
  if (event.kind === 'channel_closed') return -event.localMsat;
  return event.kind === 'coins_returned' ? event.amountMsat : 0n;
}
