/** One total out of several parts, out of several nodes. */
import assert from 'node:assert/strict';
import { msat } from '../../money/msat.ts';
import {
  bill,
  ends,
  expectFailed,
  expectOneEnd,
  expectReceived,
  expectSettled,
  holdings,
  htlcsOf,
  leavesMsat,
  orderOf,
  payWhole,
  sat,
  sendAccepted,
  untilFree,
  untilHeld,
} from './payment.ts';
import { watching } from './watch.ts';
import type { Case } from './world.ts';

export const partCases: readonly Case[] = [
  {
    name: 'completes one total out of two nodes: neither part settles before the total is there, then both do',
    run: (world) =>
      watching(world, async ({ sender, second, payee }) => {
        const before = await holdings(world.payee);
        const owed = await bill(world, sat(20_000));
        const large = await orderOf(world, world.sender, owed, sat(12_000), sat(20_000));
        await sendAccepted(world.sender, large);
        await untilHeld(world, large);
        assert.equal((await world.sender.lookup(large)).kind, 'in_flight');
        const status = await world.payee.lookupInvoice(owed.paymentHash);
        assert(status.kind === 'pending' || status.kind === 'accepted', `the invoice is ${status.kind}`);
        assert.deepEqual(ends(sender, large), []);
        assert.deepEqual(payee.of('invoice_settled'), []);
        const small = await orderOf(world, world.second, owed, sat(8_000), sat(20_000));
        await sendAccepted(world.second, small);
        await expectSettled(sender, large);
        await expectSettled(second, small);
        await expectReceived(payee, owed, sat(20_000));
        await untilFree(world, owed.paymentHash);
        expectOneEnd(sender, large, 'part_settled');
        expectOneEnd(second, small, 'part_settled');
        assert.equal(payee.of('invoice_settled').length, 1);
        assert.equal(await holdings(world.payee), before + sat(20_000));
      }),
  },
  {
    name: 'lets two parts of one total leave the same node',
    run: (world) =>
      watching(world, async ({ sender, payee }) => {
        const before = await holdings(world.sender);
        const owed = await bill(world, sat(5_000));
        const one = await orderOf(world, world.sender, owed, sat(2_999), sat(5_000));
        const two = await orderOf(world, world.sender, owed, sat(2_001), sat(5_000));
        await sendAccepted(world.sender, one);
        await sendAccepted(world.sender, two);
        await expectSettled(sender, one);
        await expectSettled(sender, two);
        await expectReceived(payee, owed, sat(5_000));
        await untilFree(world, owed.paymentHash);
        assert.equal(await holdings(world.sender), before - leavesMsat(one) - leavesMsat(two));
      }),
  },
  {
    name: 'gives an incomplete total back in time, and the invoice can be paid afterwards',
    run: (world) =>
      watching(world, async (watches) => {
        const before = [await holdings(world.sender), await holdings(world.payee)];
        const owed = await bill(world, sat(9_000));
        const half = await orderOf(world, world.sender, owed, sat(4_000), sat(9_000));
        await sendAccepted(world.sender, half);
        await untilHeld(world, half);
        await world.outlastParts();
        const reason = await expectFailed(watches.sender, half);
        assert(reason === 'timeout' || reason === 'payee_refused', `failed by ${reason}`);
        await untilFree(world, owed.paymentHash);
        expectOneEnd(watches.sender, half, 'part_failed');
        assert.deepEqual([await holdings(world.sender), await holdings(world.payee)], before);
        assert.deepEqual(await world.sender.lookup(half), { kind: 'failed', reason });
        const whole = await orderOf(world, world.second, owed, sat(9_000));
        await sendAccepted(world.second, whole);
        await expectSettled(watches.second, whole);
        await expectReceived(watches.payee, owed, sat(9_000));
        await untilFree(world, owed.paymentHash);
      }),
  },
  {
    name: 'shows the HTLCs of a held part at both ends, and none once it is over',
    run: (world) =>
      watching(world, async ({ sender, second }) => {
        const owed = await bill(world, sat(7_000));
        const half = await orderOf(world, world.sender, owed, sat(3_000), sat(7_000));
        await sendAccepted(world.sender, half);
        await untilHeld(world, half);
        const { blockHeight } = await world.sender.info();
        const [out, ...more] = await htlcsOf(world.sender, owed.paymentHash);
        assert(out && more.length === 0, 'one part over one channel is one HTLC');
        assert.equal(out.direction, 'out');
        assert.equal(out.origin, 'own');
        assert.equal(out.amountMsat, leavesMsat(half));
        assert(out.cltvExpiry > blockHeight, 'an HTLC expires at a height, not after a number of blocks');
        const own = await world.sender.channels();
        const channel = own.find((candidate) => candidate.id === out.channel);
        assert.equal(channel?.scid, half.route.hops[0].scid);
        const [incoming] = await htlcsOf(world.payee, owed.paymentHash);
        assert.equal(incoming?.direction, 'in');
        assert.equal(incoming?.amountMsat, sat(3_000));
        const rest = await orderOf(world, world.second, owed, sat(4_000), sat(7_000));
        await sendAccepted(world.second, rest);
        await expectSettled(sender, half);
        await expectSettled(second, rest);
        await untilFree(world, owed.paymentHash);
      }),
  },
  {
    name: 'itemises what is in flight, fees included, and takes it off the channels',
    run: (world) =>
      watching(world, async ({ sender }) => {
        const before = await world.sender.balances();
        assert.deepEqual(before.inFlight, []);
        const owed = await bill(world, sat(7_000));
        const half = await orderOf(world, world.sender, owed, sat(3_000), sat(7_000));
        await sendAccepted(world.sender, half);
        await untilHeld(world, half);
        const during = await world.sender.balances();
        assert.deepEqual(during.inFlight, [{ paymentHash: owed.paymentHash, amountMsat: leavesMsat(half) }]);
        assert.equal(during.channelsMsat, msat(before.channelsMsat - leavesMsat(half)));
        assert.equal(during.onchainMsat, before.onchainMsat);
        await sendAccepted(world.second, await orderOf(world, world.second, owed, sat(4_000), sat(7_000)));
        await expectSettled(sender, half);
        await untilFree(world, owed.paymentHash);
        const after = await world.sender.balances();
        assert.deepEqual(after.inFlight, []);
        assert.equal(after.channelsMsat, during.channelsMsat);
      }),
  },
  {
    name: 'says accepted of an invoice whose payment is held, and that it is too late to cancel',
    async run(world) {
      const { hold } = world;
      if (hold === undefined) return;
      await watching(world, async ({ sender, payee }) => {
        await hold.begin();
        const owed = await bill(world, sat(2_500));
        const order = await orderOf(world, world.sender, owed, sat(2_500));
        await sendAccepted(world.sender, order);
        await untilHeld(world, order);
        assert.deepEqual(await world.payee.lookupInvoice(owed.paymentHash), { kind: 'accepted' });
        assert.deepEqual(await world.payee.cancelInvoice(owed.paymentHash), { kind: 'accepted' });
        assert.equal((await world.sender.lookup(order)).kind, 'in_flight');
        await hold.end();
        await expectSettled(sender, order);
        await expectReceived(payee, owed, sat(2_500));
        await untilFree(world, owed.paymentHash);
      });
    },
  },
  {
    name: 'pays from the second node as well',
    run: (world) =>
      watching(world, async ({ second, payee }) => {
        const { owed } = await payWhole(world, world.second, { from: second, payee }, sat(1_000));
        await untilFree(world, owed.paymentHash);
      }),
  },
];
