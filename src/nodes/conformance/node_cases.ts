/** What a node says of itself. */
import assert from 'node:assert/strict';
import { nodePubkey } from '../../lightning/ids.ts';
import { sum } from '../../money/msat.ts';
import { type Channel, capabilities, type LightningNode } from '../node.ts';
import { KNOWN_FACETS } from './known_facets.ts';
import { bill, freshHash, freshToken, orderOf, sat, sendAccepted, untilFree } from './payment.ts';
import { watching } from './watch.ts';
import type { Case } from './world.ts';

const CORE = [
  'info',
  'balances',
  'channels',
  'invoice',
  'lookupInvoice',
  'cancelInvoice',
  'sendPart',
  'lookup',
  'pendingHtlcs',
  'connect',
  'address',
  'sendOnchain',
  'confirmations',
  'subscribe',
  'stop',
] as const satisfies readonly (keyof LightningNode)[];

/** A value that crosses a thread whole: no functions, no class instances, no getters. */
function expectCloneable(what: string, value: unknown): void {
  assert.deepStrictEqual(structuredClone(value), value, `${what} does not cross a thread unchanged`);
}

function expectSound(channel: Channel): void {
  const { id, capacityMsat, localMsat, remoteMsat, spendableMsat, receivableMsat } = channel;
  assert(localMsat + remoteMsat <= capacityMsat, `channel ${id} holds more than its capacity`);
  assert(spendableMsat <= localMsat, `channel ${id} could send more than it has`);
  assert(receivableMsat <= remoteMsat, `channel ${id} could receive more than the other side has`);
}

export const nodeCases: readonly Case[] = [
  {
    name: 'has every verb of the core',
    async run(world) {
      for (const node of [world.sender, world.second, world.payee]) {
        for (const verb of CORE) assert.equal(typeof node[verb], 'function', `no ${verb}()`);
      }
    },
  },
  {
    name: 'declares every facet that its daemon is known to have',
    async run(world, harness) {
      const declared = capabilities(world.sender);
      for (const facet of KNOWN_FACETS[harness.driver]) assert(declared.has(facet), `no facet ${facet}`);
      assert.deepEqual(
        [...declared].filter((facet) => world.sender.facets[facet] === undefined),
        [],
        'a facet is declared by having it',
      );
    },
  },
  {
    name: 'says who it is, on which network and at which height',
    async run({ sender, second, payee }) {
      const infos = await Promise.all([sender.info(), second.info(), payee.info()]);
      for (const info of infos) {
        assert.equal(nodePubkey(info.pubkey), info.pubkey);
        assert(Number.isSafeInteger(info.blockHeight) && info.blockHeight > 0, 'no block height');
        assert.match(info.blockHash, /^[0-9a-f]{64}$/, 'no hash of the newest block');
        assert.equal(info.synced, true);
        assert.equal(info.network, infos[0].network);
      }
      assert.equal(new Set(infos.map((info) => info.pubkey)).size, 3, 'three nodes have three keys');
    },
  },
  {
    name: 'names the newest block as its neighbours on the same chain do',
    async run({ sender, second, payee, eventually }) {
      await eventually('one tip at all nodes', async () => {
        const infos = await Promise.all([sender.info(), second.info(), payee.info()]);
        const [{ blockHeight, blockHash }] = infos;
        return infos.every((info) => info.blockHeight === blockHeight && info.blockHash === blockHash);
      });
    },
  },
  {
    name: 'counts the peers that it is connected to',
    async run({ sender, payee }) {
      for (const node of [sender, payee]) {
        const active = (await node.channels()).filter((channel) => channel.active);
        const { peers } = await node.info();
        const least = new Set(active.map((channel) => channel.peer)).size;
        assert(
          Number.isSafeInteger(peers) && peers >= least,
          `${peers} peers, and active channels with ${least}`,
        );
      }
    },
  },
  {
    name: 'shows channels whose amounts fit their capacity and add up to the balance',
    async run({ sender, second, payee }, { wholeSats = false }) {
      for (const node of [sender, second, payee]) {
        const channels = await node.channels();
        assert(
          channels.some((channel) => channel.active && channel.scid !== null),
          'no active channel',
        );
        channels.forEach(expectSound);
        const balances = await node.balances();
        assert.deepEqual(balances.inFlight, []);
        const untold = balances.channelsMsat - sum(channels.map((channel) => channel.localMsat));
        const most = wholeSats ? BigInt(channels.length) * 1_000n - 1n : 0n;
        assert(untold >= 0n && untold <= most, `${untold} msat are in no channel`);
      }
    },
  },
  {
    name: 'gives values that cross a thread unchanged',
    run: (world) =>
      watching(world, async (watches) => {
        const { sender, payee } = world;
        const owed = await bill(world, sat(1_000));
        const order = await orderOf(world, sender, owed, sat(1_000));
        expectCloneable('a route', order.route);
        expectCloneable('the answer of sendPart', await sender.sendPart(order));
        await watches.sender.until('the end', 'part_settled', (event) => event.token === order.token);
        await untilFree(world, owed.paymentHash);
        expectCloneable('an event', watches.sender.events);
        expectCloneable('an event of the payee', watches.payee.events);
        expectCloneable('info', await sender.info());
        expectCloneable('balances', await sender.balances());
        expectCloneable('channels', await sender.channels());
        expectCloneable('lookup', await sender.lookup(order));
        expectCloneable('lookupInvoice', await payee.lookupInvoice(owed.paymentHash));
        expectCloneable('cancelInvoice', await payee.cancelInvoice(owed.paymentHash));
        const { bolt11, paymentHash, expiresAt } = owed;
        expectCloneable('invoice', { bolt11, paymentHash, expiresAt });
      }),
  },
  {
    name: 'gives pending HTLCs and what is in flight as values that cross a thread unchanged',
    async run(world) {
      const owed = await bill(world, sat(2_000));
      const first = await orderOf(world, world.sender, owed, sat(1_000), sat(2_000));
      await sendAccepted(world.sender, first);
      expectCloneable('pendingHtlcs', await world.sender.pendingHtlcs());
      expectCloneable('balances', await world.sender.balances());
      await sendAccepted(world.second, await orderOf(world, world.second, owed, sat(1_000), sat(2_000)));
      await untilFree(world, owed.paymentHash);
    },
  },
  {
    name: 'knows nothing of a part that it never sent',
    async run({ sender }) {
      const part = { token: freshToken(), paymentHash: freshHash() };
      assert.deepEqual(await sender.lookup(part), { kind: 'not_found' });
    },
  },
];
