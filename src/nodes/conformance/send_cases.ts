/** One part that is the whole payment. */
import assert from 'node:assert/strict';
import { paymentSecret } from '../../lightning/ids.ts';
import { feeMsat, type Hop, type Route } from '../../lightning/route.ts';
import { type Msat, msat } from '../../money/msat.ts';
import type { PartOrder } from '../node.ts';
import {
  bill,
  ends,
  expectFailed,
  expectOneEnd,
  expectReceived,
  expectSettled,
  findRouteTo,
  freshHash,
  freshToken,
  holdings,
  htlcsOf,
  leavesMsat,
  orderOf,
  part,
  payWhole,
  sat,
  sendAccepted,
  untilFree,
  untilHeld,
} from './payment.ts';
import { type Watches, watching } from './watch.ts';
import type { Case, World } from './world.ts';

/** The same way with `extra` msat more on every channel. */
function raised(route: Route, extra: bigint): Route {
  const [first, ...rest] = route.hops;
  const more = (hop: Hop): Hop => ({ ...hop, amountMsat: msat(hop.amountMsat + extra) });
  return { hops: [more(first), ...rest.map(more)] };
}

/** Sends what must not arrive; afterwards both ends have what they had, to the millisatoshi. */
async function expectNothingMoves(world: World, watches: Watches, order: PartOrder): Promise<string> {
  const before = [await holdings(world.sender), await holdings(world.payee)];
  const answer = await world.sender.sendPart(order);
  assert.notEqual(answer.kind, 'duplicate');
  const reason = answer.kind === 'refused' ? answer.reason : await expectFailed(watches.sender, order);
  await untilFree(world, order.paymentHash);
  assert.deepEqual([await holdings(world.sender), await holdings(world.payee)], before);
  if (answer.kind === 'refused') assert.deepEqual(ends(watches.sender, order), []);
  else expectOneEnd(watches.sender, order, 'part_failed');
  assert.deepEqual(watches.payee.of('invoice_settled'), []);
  return reason;
}

export const sendCases: readonly Case[] = [
  {
    name: "pays an invoice in one part: one settled event, the right preimage, the route's fee, once at the payee",
    run: (world) =>
      watching(world, async ({ sender, payee }) => {
        const before = [await holdings(world.sender), await holdings(world.payee)] as const;
        const { owed, order } = await payWhole(
          world,
          world.sender,
          { from: sender, payee },
          msat(10_000_321n),
        );
        await untilFree(world, owed.paymentHash);
        expectOneEnd(sender, order, 'part_settled');
        assert.equal(payee.of('invoice_settled').length, 1, 'an invoice is settled once');
        assert(feeMsat(order.route) > 0n, 'the world of the suite has a forwarding node that charges');
        assert.equal(await holdings(world.sender), before[0] - leavesMsat(order));
        assert.equal(await holdings(world.payee), before[1] + msat(10_000_321n));
        assert.deepEqual((await world.sender.balances()).inFlight, []);
      }),
  },
  {
    name: 'pays 1 msat to the millisatoshi, or not at all',
    run: (world) =>
      watching(world, async (watches) => {
        const owed = await bill(world, null);
        const route = await findRouteTo(world, world.sender, owed, msat(1n));
        if (route === null) return; // less than some channel takes
        const order = part(owed, msat(1n), route);
        const before = await holdings(world.payee);
        const answer = await world.sender.sendPart(order);
        if (answer.kind === 'accepted') {
          await world.eventually('an end', async () => ends(watches.sender, order).length > 0);
        }
        await untilFree(world, owed.paymentHash);
        const settled = ends(watches.sender, order)[0] === 'part_settled';
        if (settled) await expectReceived(watches.payee, owed, msat(1n));
        assert.equal(await holdings(world.payee), before + (settled ? 1n : 0n));
      }),
  },
  {
    name: 'moves nothing when the amount is more than its channels hold',
    run: (world) =>
      watching(world, async (watches) => {
        const channels = await world.sender.channels();
        const all = channels.reduce((total, channel) => total + channel.capacityMsat, 0n);
        const owed = await bill(world, null);
        const small = await orderOf(world, world.sender, owed, sat(1_000));
        const route = raised(small.route, all);
        const total: Msat = msat(sat(1_000) + all);
        await expectNothingMoves(world, watches, { ...small, route, totalMsat: total });
      }),
  },
  {
    name: 'moves nothing over a channel that it does not have',
    run: (world) =>
      watching(world, async (watches) => {
        const owed = await bill(world, sat(1_000));
        const order = await orderOf(world, world.sender, owed, sat(1_000));
        const [, ...rest] = order.route.hops;
        const [next, ...others] = rest;
        assert(next, 'the world of the suite has a forwarding node');
        await expectNothingMoves(world, watches, { ...order, route: { hops: [next, ...others] } });
      }),
  },
  {
    name: 'refuses a part that comes too late, though all else is right; nothing moves',
    run: (world) =>
      watching(world, async (watches) => {
        const owed = await bill(world, sat(3_000));
        const order = { ...(await orderOf(world, world.sender, owed, sat(3_000))), expiresAt: 1_000 };
        assert.equal(await expectNothingMoves(world, watches, order), 'timeout');
        const status = await world.sender.lookup(order);
        if (status.kind !== 'not_found') assert.deepEqual(status, { kind: 'failed', reason: 'timeout' });
      }),
  },
  {
    name: 'frees everything when the payee does not know the payment hash, and says payee_refused',
    run: (world) =>
      watching(world, async (watches) => {
        const owed = await bill(world, sat(3_000));
        const order = await orderOf(world, world.sender, owed, sat(3_000));
        const unknown = { ...order, paymentHash: freshHash() };
        assert.equal(await expectNothingMoves(world, watches, unknown), 'payee_refused');
        const status = await world.sender.lookup(unknown);
        if (status.kind !== 'not_found') {
          assert.deepEqual(status, { kind: 'failed', reason: 'payee_refused' });
        }
      }),
  },
  {
    name: 'frees everything when the payment secret is wrong, and leaves the invoice payable',
    run: (world) =>
      watching(world, async (watches) => {
        const owed = await bill(world, sat(3_000));
        const order = await orderOf(world, world.sender, owed, sat(3_000));
        const wrong = { ...order, token: freshToken(), paymentSecret: paymentSecret('5e'.repeat(32)) };
        assert.equal(await expectNothingMoves(world, watches, wrong), 'payee_refused');
        assert.deepEqual(await world.payee.lookupInvoice(owed.paymentHash), { kind: 'pending' });
      }),
  },
  {
    name: 'takes a token once while its part is in flight: one HTLC, one payment',
    run: (world) =>
      watching(world, async (watches) => {
        const owed = await bill(world, sat(4_000));
        const half = await orderOf(world, world.sender, owed, sat(2_000), sat(4_000));
        const before = await holdings(world.sender);
        const answers = await Promise.all([world.sender.sendPart(half), world.sender.sendPart(half)]);
        assert.deepEqual(answers.map((answer) => answer.kind).sort(), ['accepted', 'duplicate']);
        await untilHeld(world, half);
        assert.deepEqual(await world.sender.sendPart(half), { kind: 'duplicate' });
        const out = await htlcsOf(world.sender, owed.paymentHash);
        assert.deepEqual(
          out.map((htlc) => htlc.amountMsat),
          [leavesMsat(half)],
          'one token, one HTLC',
        );
        const rest = await orderOf(world, world.second, owed, sat(2_000), sat(4_000));
        await sendAccepted(world.second, rest);
        await expectSettled(watches.sender, half);
        await expectReceived(watches.payee, owed, sat(4_000));
        await untilFree(world, owed.paymentHash);
        expectOneEnd(watches.sender, half, 'part_settled');
        assert.equal(await holdings(world.sender), before - leavesMsat(half));
      }),
  },
  {
    name: 'takes a token once: after it settled a second send is a duplicate that moves nothing',
    run: (world) =>
      watching(world, async ({ sender, payee }) => {
        const { owed, order } = await payWhole(world, world.sender, { from: sender, payee }, sat(1_500));
        await untilFree(world, owed.paymentHash);
        const before = [await holdings(world.sender), await holdings(world.payee)];
        assert.deepEqual(await world.sender.sendPart(order), { kind: 'duplicate' });
        await untilFree(world, owed.paymentHash);
        assert.deepEqual([await holdings(world.sender), await holdings(world.payee)], before);
        assert.equal((await world.sender.lookup(order)).kind, 'settled');
        expectOneEnd(sender, order, 'part_settled');
      }),
  },
  {
    name: 'takes a token once: after its part failed a second send is a duplicate that moves nothing',
    run: (world) =>
      watching(world, async (watches) => {
        const owed = await bill(world, sat(1_500));
        const order = await orderOf(world, world.sender, owed, sat(1_500));
        const doomed = { ...order, paymentSecret: paymentSecret('5e'.repeat(32)) };
        await sendAccepted(world.sender, doomed);
        await expectFailed(watches.sender, doomed);
        await untilFree(world, owed.paymentHash);
        assert.deepEqual(await world.sender.sendPart(order), { kind: 'duplicate' });
        await untilFree(world, owed.paymentHash);
        expectOneEnd(watches.sender, order, 'part_failed');
        assert.deepEqual(watches.payee.of('invoice_settled'), []);
      }),
  },
  {
    name: 'shows a part in flight while it is, and settled with preimage and fee afterwards',
    run: (world) =>
      watching(world, async (watches) => {
        const owed = await bill(world, sat(6_000));
        const half = await orderOf(world, world.sender, owed, sat(3_000), sat(6_000));
        await sendAccepted(world.sender, half);
        assert.deepEqual(await world.sender.lookup(half), { kind: 'in_flight' });
        await untilHeld(world, half);
        assert.deepEqual(await world.sender.lookup(half), { kind: 'in_flight' });
        const rest = await orderOf(world, world.second, owed, sat(3_000), sat(6_000));
        await sendAccepted(world.second, rest);
        await expectSettled(watches.sender, half);
        const [event] = watches.sender.of('part_settled');
        assert.deepEqual(await world.sender.lookup(half), {
          kind: 'settled',
          preimage: event?.preimage,
          feeMsat: feeMsat(half.route),
        });
        await untilFree(world, owed.paymentHash);
      }),
  },
];
