/** The facets `policies`, `aliases` and `zeroConf`: what a channel asks for, is called, and when it counts. */
import assert from 'node:assert/strict';
import { channelId, shortChannelId } from '../../lightning/ids.ts';
import { ZERO_MSAT } from '../../money/msat.ts';
import { channelWith, facetOf, forwarderOf } from './facet.ts';
import { bill, expectSettled, freshToken, orderOf, sat, sendAccepted, untilFree } from './payment.ts';
import { watching } from './watch.ts';
import type { Case } from './world.ts';

const NO_CHANNEL = channelId(`${'0'.repeat(64)}:0`);

export const policyCases: readonly Case[] = [
  {
    name: 'sets what it asks for forwarding over a channel, and the other end sees it',
    async run(world) {
      const policies = facetOf(world.sender, 'policies');
      const { id } = await channelWith(world.sender, forwarderOf(world));
      const before = (await policies.list()).find(({ channel }) => channel === id);
      assert(before?.own && before.peer, 'a channel in use has a policy at both ends');
      const { disabled: _, ...own } = before.own;
      const other = { ...own, feePpm: own.feePpm + 11, cltvDelta: own.cltvDelta + 1 };
      assert.deepEqual(await policies.set(id, other), { kind: 'set' });
      const after = (await policies.list()).find(({ channel }) => channel === id);
      assert.deepEqual(after?.own, { ...other, disabled: false });
      const seen = facetOf(forwarderOf(world), 'policies');
      await world.eventually('the other end to see it', async () =>
        (await seen.list()).some(({ channel, peer }) => channel === id && peer?.feePpm === other.feePpm),
      );
      assert.deepEqual(await policies.set(id, own), { kind: 'set' });
    },
  },
  {
    name: 'refuses a policy that the channel cannot have, and one for no channel, with the reason',
    async run(world) {
      const policies = facetOf(world.sender, 'policies');
      const { id, capacityMsat } = await channelWith(world.sender, forwarderOf(world));
      const its = (await policies.list()).find(({ channel }) => channel === id)?.own;
      assert(its);
      const { disabled: _, ...own } = its;
      const beyond = { ...own, htlcMinMsat: capacityMsat, htlcMaxMsat: capacityMsat };
      const refused = await policies.set(id, beyond);
      assert(refused.kind === 'refused' && refused.reason === 'bad_value' && refused.detail.length > 0);
      const nowhere = await policies.set(NO_CHANNEL, own);
      assert(nowhere.kind === 'refused' && nowhere.reason === 'no_channel');
      assert.deepEqual((await policies.list()).find(({ channel }) => channel === id)?.own, its);
    },
  },
];

const ALIAS = shortChannelId('16200000x3x1');

export const aliasCases: readonly Case[] = [
  {
    name: 'forwards over a channel by the alias that it was given',
    run: (world) =>
      watching(world, async ({ sender }) => {
        const forwarder = forwarderOf(world);
        const aliases = facetOf(forwarder, 'aliases');
        const onward = await channelWith(forwarder, world.payee);
        const other = await channelWith(forwarder, world.second);
        assert.deepEqual(await aliases.add(NO_CHANNEL, ALIAS), { kind: 'no_channel' });
        assert.deepEqual(await aliases.add(onward.id, ALIAS), { kind: 'added' });
        assert.deepEqual(await aliases.add(onward.id, ALIAS), { kind: 'added' });
        assert.deepEqual(await aliases.add(other.id, ALIAS), { kind: 'taken' });
        const owed = await bill(world, sat(1_200));
        const order = await orderOf(world, world.sender, owed, sat(1_200));
        const [first, last] = order.route.hops;
        assert(last, 'the way leads over the forwarder');
        const renamed = { ...order, route: { hops: [first, { ...last, scid: ALIAS }] } } as const;
        await sendAccepted(world.sender, renamed);
        await expectSettled(sender, renamed);
        await untilFree(world, owed.paymentHash);
        assert.deepEqual(await aliases.remove(other.id, ALIAS), { kind: 'not_found' });
        assert.deepEqual(await aliases.remove(onward.id, ALIAS), { kind: 'removed' });
        assert.deepEqual(await aliases.remove(onward.id, ALIAS), { kind: 'not_found' });
      }),
  },
];

export const zeroConfCases: readonly Case[] = [
  {
    name: 'takes a channel before it is confirmed from whom it is told to, and from nobody else',
    async run(world) {
      const { open } = facetOf(world.sender, 'open');
      const forwarder = forwarderOf(world);
      const peer = (await forwarder.info()).pubkey;
      const order = {
        peer,
        capacityMsat: sat(100_000),
        pushMsat: ZERO_MSAT,
        private: true,
        zeroConf: true,
      };
      const asking = () => open({ ...order, token: freshToken() });
      assert.equal((await asking()).kind, 'refused', 'nobody has asked for it');
      const { acceptFrom } = facetOf(forwarder, 'zeroConf');
      const strangers = acceptFrom([(await world.second.info()).pubkey]);
      assert.equal((await asking()).kind, 'refused', 'another was named');
      await strangers.stop();
      const friends = acceptFrom([(await world.sender.info()).pubkey]);
      const opened: string[] = [];
      await world.eventually('the channel to be taken', async () => {
        const answer = await asking();
        return answer.kind === 'opened' && opened.push(answer.channel) > 0;
      });
      await world.eventually('the channel to be active', async () =>
        (await world.sender.channels()).some(({ id, active }) => id === opened[0] && active),
      );
      await friends.stop();
      assert.equal(await friends.ended, null);
    },
  },
];
