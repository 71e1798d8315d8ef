/** The facet `holdInvoices`. */
import assert from 'node:assert/strict';
import type { PaymentHash } from '../../lightning/ids.ts';
import type { HoldState } from '../facets.ts';
import { facetOf, keep } from './facet.ts';
import { readInvoice } from './invoice.ts';
import {
  type Bill,
  expectFailed,
  expectReceived,
  expectSettled,
  freshSecret,
  orderOf,
  sat,
  sendAccepted,
  untilFree,
} from './payment.ts';
import { watching } from './watch.ts';
import type { Case, World } from './world.ts';

const AMOUNT = sat(1_500);
const holdOrder = (paymentHash: PaymentHash) => ({
  amountMsat: AMOUNT,
  description: 'conformance',
  expirySeconds: 3600,
  paymentHash,
  finalCltvDelta: 100,
});

/** Sends the whole to a hold invoice of the payee's, and waits until it is held. */
async function payHeld(world: World, hash: PaymentHash) {
  const hold = facetOf(world.payee, 'holdInvoices');
  const states = keep<HoldState>();
  const watch = hold.watch(hash, states.take);
  const made = await hold.issue(holdOrder(hash));
  const owed: Bill = { ...made, ...readInvoice(made.bolt11) };
  assert.equal(owed.paymentHash, hash);
  const order = await orderOf(world, world.sender, owed, AMOUNT);
  await sendAccepted(world.sender, order);
  await world.eventually('the payment to be held', async () =>
    states.items.some(({ kind }) => kind === 'accepted'),
  );
  return { hold, watch, states: states.items, owed, order };
}

export const holdCases: readonly Case[] = [
  {
    name: 'holds the payment of a hold invoice, says until when, and takes it when it is told the preimage',
    run: (world) =>
      watching(world, async (watches) => {
        const { preimage, paymentHash } = freshSecret();
        const { hold, watch, states, owed, order } = await payHeld(world, paymentHash);
        const held = states.find((state) => state.kind === 'accepted');
        assert(held?.kind === 'accepted');
        assert.equal(held.heldMsat, AMOUNT);
        assert(held.expiryHeight >= (await world.payee.info()).blockHeight + 100, 'it expires too soon');
        assert.deepEqual(await world.sender.lookup(order), { kind: 'in_flight' });
        assert.deepEqual(await world.payee.lookupInvoice(paymentHash), { kind: 'accepted' });
        assert.deepEqual(await hold.settle(preimage), { kind: 'settled' });
        await expectSettled(watches.sender, order);
        await expectReceived(watches.payee, owed, AMOUNT);
        assert.equal(await watch.ended, null);
        assert.deepEqual(states.at(-1), { kind: 'settled', receivedMsat: AMOUNT });
        assert.deepEqual(await hold.settle(preimage), { kind: 'settled' });
        assert.deepEqual(await hold.cancel(paymentHash), { kind: 'settled' });
        await untilFree(world, paymentHash);
      }),
  },
  {
    name: 'gives back what a hold invoice holds when it is cancelled',
    run: (world) =>
      watching(world, async (watches) => {
        const { preimage, paymentHash } = freshSecret();
        const { hold, watch, states, order } = await payHeld(world, paymentHash);
        assert.deepEqual(await hold.cancel(paymentHash), { kind: 'cancelled' });
        assert.equal(await expectFailed(watches.sender, order), 'payee_refused');
        assert.equal(await watch.ended, null);
        assert.deepEqual(states.at(-1), { kind: 'cancelled' });
        assert.deepEqual(await hold.cancel(paymentHash), { kind: 'cancelled' });
        assert.deepEqual(await hold.settle(preimage), { kind: 'cancelled' });
        await untilFree(world, paymentHash);
      }),
  },
  {
    name: 'gives the same hold invoice for the same hash, takes nothing that is not held, and knows its own',
    async run({ payee }) {
      const hold = facetOf(payee, 'holdInvoices');
      const { preimage, paymentHash } = freshSecret();
      assert.deepEqual(await hold.settle(preimage), { kind: 'not_found' });
      assert.deepEqual(await hold.cancel(paymentHash), { kind: 'not_found' });
      const made = await hold.issue(holdOrder(paymentHash));
      assert.deepEqual(await hold.issue(holdOrder(paymentHash)), made);
      await assert.rejects(hold.issue({ ...holdOrder(paymentHash), amountMsat: sat(2_000) }));
      assert.deepEqual(await hold.settle(preimage), { kind: 'pending' });
      assert.deepEqual(await hold.cancel(paymentHash), { kind: 'cancelled' });
    },
  },
];
