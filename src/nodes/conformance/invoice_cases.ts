/** Invoices: made, read, cancelled, expired. */
import assert from 'node:assert/strict';
import type { PartOrder } from '../node.ts';
import { readInvoice } from './invoice.ts';
import {
  type Bill,
  bill,
  expectFailed,
  expectReceived,
  expectSettled,
  freshHash,
  holdings,
  orderOf,
  payWhole,
  sat,
  sendAccepted,
  sha256,
  untilFree,
  untilHeld,
} from './payment.ts';
import { type Watches, watching } from './watch.ts';
import type { Case, World } from './world.ts';

/** Sends a part that the payee must not take; whatever way it is declined, all of it is free again afterwards. */
async function expectDeclined(world: World, watches: Watches, owed: Bill, order: PartOrder): Promise<void> {
  const before = [await holdings(world.sender), await holdings(world.payee)];
  const answer = await world.sender.sendPart(order);
  assert.notEqual(answer.kind, 'duplicate');
  const reason = answer.kind === 'refused' ? answer.reason : await expectFailed(watches.sender, order);
  assert.equal(reason, 'payee_refused');
  await untilFree(world, owed.paymentHash);
  assert.deepEqual([await holdings(world.sender), await holdings(world.payee)], before);
}

export const invoiceCases: readonly Case[] = [
  {
    name: 'makes an invoice of a fixed amount that names node, hash, amount, description and expiry',
    async run({ payee }) {
      const description = 'Grüße, 3 × café';
      const made = await payee.invoice({ amountMsat: sat(1_234), description, expirySeconds: 600 });
      const read = readInvoice(made.bolt11);
      assert.equal(read.payee, (await payee.info()).pubkey, 'not signed by the node');
      assert.equal(read.amountMsat, sat(1_234));
      assert.equal(read.description, description);
      assert.equal(read.expirySeconds, 600);
      assert.equal(read.paymentHash, made.paymentHash);
      assert.equal(read.expiresAt, made.expiresAt);
      assert.deepEqual(await payee.lookupInvoice(made.paymentHash), { kind: 'pending' });
    },
  },
  {
    name: 'makes an invoice without an amount, for the payer to choose',
    run: (world) =>
      watching(world, async (watches) => {
        const owed = await bill(world, null);
        assert.equal(owed.amountMsat, null);
        const order = await orderOf(world, world.sender, owed, sat(777));
        await sendAccepted(world.sender, order);
        await expectSettled(watches.sender, order);
        await expectReceived(watches.payee, owed, sat(777));
        await untilFree(world, owed.paymentHash);
      }),
  },
  {
    name: 'gives every invoice a hash and a secret of its own',
    async run(world) {
      const [one, two] = [await bill(world, sat(5)), await bill(world, sat(5))];
      assert.notEqual(one.paymentHash, two.paymentHash);
      assert.notEqual(one.paymentSecret, two.paymentSecret);
    },
  },
  {
    name: 'knows nothing of an invoice that it never made',
    async run({ payee }) {
      const hash = freshHash();
      assert.deepEqual(await payee.lookupInvoice(hash), { kind: 'not_found' });
      assert.deepEqual(await payee.cancelInvoice(hash), { kind: 'not_found' });
    },
  },
  {
    name: 'refuses the payment of a cancelled invoice, and says cancelled as often as it is asked',
    run: (world) =>
      watching(world, async (watches) => {
        const owed = await bill(world, sat(900));
        const order = await orderOf(world, world.sender, owed, sat(900));
        const answer = await world.payee.cancelInvoice(owed.paymentHash);
        assert.equal(answer.kind, 'cancelled');
        if (answer.kind === 'cancelled' && answer.preimage !== null) {
          assert.equal(sha256(answer.preimage), owed.paymentHash);
        }
        assert.deepEqual(await world.payee.cancelInvoice(owed.paymentHash), answer);
        assert.deepEqual(await world.payee.lookupInvoice(owed.paymentHash), { kind: 'cancelled' });
        await expectDeclined(world, watches, owed, order);
        assert.deepEqual(await world.payee.lookupInvoice(owed.paymentHash), { kind: 'cancelled' });
        assert.deepEqual(watches.payee.of('invoice_settled'), []);
      }),
  },
  {
    name: 'says settled when it is asked to cancel what has been paid',
    run: (world) =>
      watching(world, async ({ sender, payee }) => {
        const { owed } = await payWhole(world, world.sender, { from: sender, payee }, sat(800));
        const answer = await world.payee.cancelInvoice(owed.paymentHash);
        assert.deepEqual(answer, { kind: 'settled', receivedMsat: sat(800) });
        const status = await world.payee.lookupInvoice(owed.paymentHash);
        assert.equal(status.kind, 'settled');
        if (status.kind !== 'settled') return;
        assert.equal(status.receivedMsat, sat(800));
        assert.equal(sha256(status.preimage), owed.paymentHash);
        await untilFree(world, owed.paymentHash);
      }),
  },
  {
    name: 'gives back an incomplete total when its invoice is cancelled, or says that it is too late',
    run: (world) =>
      watching(world, async (watches) => {
        const owed = await bill(world, sat(2_000));
        const half = await orderOf(world, world.sender, owed, sat(1_000), sat(2_000));
        await sendAccepted(world.sender, half);
        await untilHeld(world, half);
        const { kind } = await world.payee.cancelInvoice(owed.paymentHash);
        assert(kind === 'cancelled' || kind === 'accepted', `cancelInvoice says ${kind}`);
        if (kind === 'accepted') await world.outlastParts();
        await expectFailed(watches.sender, half);
        await untilFree(world, owed.paymentHash);
      }),
  },
  {
    name: 'says expired once time is up; a late payment is then taken whole or declined whole',
    run: (world) =>
      watching(world, async (watches) => {
        const owed = await bill(world, sat(700), 2);
        const order = await orderOf(world, world.sender, owed, sat(700));
        await world.passSeconds(3);
        await world.eventually(
          'the invoice to expire',
          async () => (await world.payee.lookupInvoice(owed.paymentHash)).kind === 'expired',
        );
        const before = await holdings(world.payee);
        const answer = await world.sender.sendPart(order);
        if (answer.kind === 'accepted') {
          await world.eventually('an end of the late part', async () =>
            watches.sender.events.some((event) => 'token' in event && event.token === order.token),
          );
        }
        await untilFree(world, owed.paymentHash);
        const status = await world.payee.lookupInvoice(owed.paymentHash);
        const paid = watches.sender.of('part_settled').length === 1;
        assert.equal(status.kind, paid ? 'settled' : 'expired');
        assert.equal(await holdings(world.payee), before + (paid ? sat(700) : 0n));
      }),
  },
];
