/** The facet `interception`, tried at the forwarder. */
import assert from 'node:assert/strict';
import type { HeldHtlc, Listening } from '../facets.ts';
import { facetOf, forwarderOf, keep } from './facet.ts';
import {
  bill,
  expectFailed,
  expectSettled,
  htlcsOf,
  orderOf,
  sat,
  sendAccepted,
  untilFree,
} from './payment.ts';
import { watching } from './watch.ts';
import type { Case, World } from './world.ts';

const AMOUNT = sat(1_300);

async function intercepting(world: World) {
  const offered = keep<Listening | ({ readonly kind: 'htlc' } & HeldHtlc)>();
  const interceptor = facetOf(forwarderOf(world), 'interception').intercept(offered.take);
  await world.eventually('it to listen', async () => offered.items.length > 0);
  return {
    interceptor,
    /** Sends a part that the forwarder then holds. */
    async send() {
      const owed = await bill(world, AMOUNT);
      const order = await orderOf(world, world.sender, owed, AMOUNT);
      await sendAccepted(world.sender, order);
      const find = () =>
        offered.items.find((it) => it.kind === 'htlc' && it.paymentHash === owed.paymentHash);
      await world.eventually('the HTLC to be offered', async () => find() !== undefined);
      const held = find();
      assert(held?.kind === 'htlc');
      return { owed, order, held };
    },
  };
}

export const interceptionCases: readonly Case[] = [
  {
    name: 'holds what it would forward until it is told to resume it',
    run: (world) =>
      watching(world, async (watches) => {
        const { interceptor, send } = await intercepting(world);
        const { owed, order, held } = await send();
        const [first, last] = order.route.hops;
        assert.equal(held.incomingMsat, first.amountMsat);
        assert.equal(held.outgoingMsat, last?.amountMsat);
        assert.equal(held.outgoing, last?.scid);
        assert(held.incomingExpiry > held.outgoingExpiry);
        const { blockHeight } = await world.sender.info();
        assert(held.failsAtHeight > blockHeight && held.failsAtHeight < held.incomingExpiry);
        assert.deepEqual(await htlcsOf(world.payee, owed.paymentHash), []);
        assert.deepEqual(await world.sender.lookup(order), { kind: 'in_flight' });
        assert.deepEqual(await interceptor.resolve(held.id, { kind: 'resume' }), { kind: 'handed_over' });
        await expectSettled(watches.sender, order);
        assert.deepEqual(await interceptor.resolve(held.id, { kind: 'fail' }), { kind: 'not_held' });
        await untilFree(world, owed.paymentHash);
        await interceptor.stop();
        assert.equal(await interceptor.ended, null);
      }),
  },
  {
    name: 'gives back what it holds when it is told to fail it, and lets all pass when nobody intercepts',
    run: (world) =>
      watching(world, async (watches) => {
        const { interceptor, send } = await intercepting(world);
        const { owed, order, held } = await send();
        await interceptor.resolve(held.id, { kind: 'fail' });
        assert.equal(await expectFailed(watches.sender, order), 'no_liquidity');
        await untilFree(world, owed.paymentHash);
        await interceptor.stop();
        const again = await orderOf(world, world.second, owed, AMOUNT);
        await sendAccepted(world.second, again);
        await expectSettled(watches.second, again);
        await untilFree(world, owed.paymentHash);
      }),
  },
];
