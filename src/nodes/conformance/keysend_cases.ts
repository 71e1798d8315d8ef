/** The facet `keysend`. */
import assert from 'node:assert/strict';
import { facetOf } from './facet.ts';
import { expectSettled, freshSecret, freshToken, sat, untilFree } from './payment.ts';
import { watching } from './watch.ts';
import type { Case, World } from './world.ts';

const AMOUNT = sat(1_100);

async function keysendOrder(world: World) {
  const answer = await facetOf(world.sender, 'routes').find({
    payee: (await world.payee.info()).pubkey,
    hints: [],
    features: '',
    amountMsat: AMOUNT,
    finalCltvDelta: 80,
    feeLimitMsat: sat(100),
    maxParts: 1,
  });
  assert(answer.kind === 'routes', 'no route to the payee');
  return { ...freshSecret(), token: freshToken(), route: answer.routes[0] };
}

export const keysendCases: readonly Case[] = [
  {
    name: 'pays without an invoice, once for a token',
    run: (world) =>
      watching(world, async (watches) => {
        const keysend = facetOf(world.sender, 'keysend');
        const order = await keysendOrder(world);
        assert.deepEqual(await keysend.send(order), { kind: 'accepted' });
        await expectSettled(watches.sender, order);
        const isIts = ({ paymentHash }: { paymentHash: string }) => paymentHash === order.paymentHash;
        const received = await watches.payee.until('the payee to be paid', 'invoice_settled', isIts);
        assert.equal(received.receivedMsat, AMOUNT);
        assert.equal(received.preimage, order.preimage);
        assert.deepEqual(await keysend.send(order), { kind: 'duplicate' });
        assert.equal((await world.sender.lookup(order)).kind, 'settled');
        await untilFree(world, order.paymentHash);
        assert.equal(watches.payee.of('invoice_settled').filter(isIts).length, 1);
      }),
  },
  {
    name: 'sends no preimage that is not that of the hash',
    async run(world) {
      const order = { ...(await keysendOrder(world)), preimage: freshSecret().preimage };
      await assert.rejects(facetOf(world.sender, 'keysend').send(order));
      assert.deepEqual(await world.sender.lookup(order), { kind: 'not_found' });
    },
  },
];
