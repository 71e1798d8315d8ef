/** The facets `open` and `close`: channels come once, and go once. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { channelId, type NodePubkey } from '../../lightning/ids.ts';
import { msat, sum, ZERO_MSAT } from '../../money/msat.ts';
import type { NodeBalances, NodeEvent } from '../node.ts';
import { facetOf, openWith } from './facet.ts';
import { freshToken, sat } from './payment.ts';
import { type Watch, watchFrom } from './watch.ts';
import type { Case, World } from './world.ts';

const NOWHERE = channelId(`${'0'.repeat(64)}:0`);

async function peerOf({ sender }: World): Promise<NodePubkey> {
  const peer = (await sender.channels()).find((channel) => channel.active)?.peer;
  assert(peer, 'the sender has a peer');
  return peer;
}

export const openCases: readonly Case[] = [
  {
    name: 'opens a channel that becomes active, paid for with coins',
    async run(world) {
      const peer = await peerOf(world);
      const before = await world.sender.balances();
      const capacityMsat = sat(100_000);
      const id = await openWith(world.sender, { peer, capacityMsat, pushMsat: ZERO_MSAT, private: false });
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
    name: 'opens one channel for one token, however often it is asked',
    async run(world) {
      const { sender } = world;
      const { open } = facetOf(sender, 'open');
      const before = await sender.channels();
      const amounts = { capacityMsat: sat(60_000), pushMsat: ZERO_MSAT };
      const order = { token: freshToken(), peer: await peerOf(world), ...amounts, private: false };
      const first = await open(order);
      assert(first.kind === 'opened', inspect(first));
      assert.deepEqual(await Promise.all([open(order), open(order)]), [first, first]);
      const opened = async () =>
        (await sender.channels()).filter(({ id }) => before.every((known) => known.id !== id));
      const isActive = async () => (await opened()).some(({ id, active }) => id === first.channel && active);
      await world.eventually('the channel to be active', isActive);
      assert.deepEqual(await open(order), first);
      assert.deepEqual(
        (await opened()).map(({ id }) => id),
        [first.channel],
      );
    },
  },
  {
    name: 'refuses a channel that its coins do not pay for, and never opens it under that token',
    async run(world) {
      const { sender } = world;
      const { open } = facetOf(sender, 'open');
      const before = await sender.balances();
      const order = { token: freshToken(), peer: await peerOf(world), pushMsat: ZERO_MSAT, private: false };
      const beyond = msat((before.onchainMsat / 1_000n) * 1_000n + 1_000n);
      const poor = await open({ ...order, capacityMsat: beyond });
      assert.equal(poor.kind === 'refused' && poor.reason, 'insufficient_funds', inspect(poor));
      assert.deepEqual(await open({ ...order, capacityMsat: sat(60_000) }), poor);
      assert.equal((await sender.balances()).onchainMsat, before.onchainMsat);
    },
  },
];

export const closeCases: readonly Case[] = [
  {
    name: 'explains by events what opening a channel and closing it does to its channels and coins',
    async run(world) {
      const { close } = facetOf(world.sender, 'close');
      const peer = await peerOf(world);
      const before = await world.sender.balances();
      const watch = watchFrom(world, world.sender, before.cursor);
      const order = { peer, capacityMsat: sat(120_000), pushMsat: sat(20_000), private: false };
      const id = await openWith(world.sender, order);
      const isActive = async () =>
        (await world.sender.channels()).some((channel) => channel.id === id && channel.active);
      await world.eventually('the channel to be active', isActive);
      await expectExplained(world, watch, before);
      assert.deepEqual(await close({ channel: id, force: false }), { kind: 'closing' });
      assert.deepEqual(await close({ channel: id, force: false }), { kind: 'closing' });
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
  {
    name: 'closes no channel that it does not have',
    async run({ sender }) {
      const answer = await facetOf(sender, 'close').close({ channel: NOWHERE, force: false });
      assert.equal(answer.kind === 'refused' && answer.reason, 'no_channel', inspect(answer));
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
  return event.kind === 'coins_returned' || event.kind === 'coins_moved' ? event.amountMsat : 0n;
}
