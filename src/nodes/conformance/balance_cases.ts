/** The proof of the books rests on these: balances are exact at their cursor. */
import assert from 'node:assert/strict';
import type { PaymentHash } from '../../lightning/ids.ts';
import { deliveredMsat, feeMsat } from '../../lightning/route.ts';
import type { LightningNode, NodeBalances, NodeEvent, PartOrder } from '../node.ts';
import {
  bill,
  expectSettled,
  holdings,
  orderOf,
  payWhole,
  sat,
  sendAccepted,
  untilFree,
  untilHeld,
} from './payment.ts';
import { type Watch, watching, watchNow } from './watch.ts';
import type { Case, World } from './world.ts';

/** What a node holds after these events, if it held `start` before them. */
function booked(start: bigint, events: readonly NodeEvent[], orders: readonly PartOrder[]): bigint {
  let held = start;
  for (const event of events) {
    if (event.kind === 'invoice_settled') held += event.receivedMsat;
    if (event.kind === 'forwarded') held += event.feeMsat;
    if (event.kind !== 'part_settled') continue;
    const order = orders.find((candidate) => candidate.token === event.token);
    assert(order, 'an end of a part that was never sent');
    held -= deliveredMsat(order.route) + event.feeMsat;
  }
  return held;
}

/** Once every event up to the cursor of a snapshot is booked, the books say what the snapshot says. */
async function expectExact(
  snapshot: NodeBalances,
  start: bigint,
  watch: Watch,
  orders: readonly PartOrder[],
): Promise<void> {
  const events = await watch.upTo(snapshot.cursor);
  const inFlight = snapshot.inFlight.reduce((total, htlc) => total + htlc.amountMsat, 0n);
  assert.equal(
    snapshot.channelsMsat + inFlight,
    booked(start, events, orders),
    `not exact at cursor ${snapshot.cursor}`,
  );
  const ended = new Set(
    events.flatMap((event) =>
      event.kind === 'part_settled' || event.kind === 'part_failed' ? [event.paymentHash] : [],
    ),
  );
  const late = snapshot.inFlight.filter((htlc) => ended.has(htlc.paymentHash));
  assert.deepEqual(late, [], 'a part that has ended at the cursor is not in flight');
}

const PAYMENTS = 8;
const READS_AT_MOST = 200;

/** Sends payments one after another, some doomed, and reads the node all the while. */
async function traffic(world: World, read: LightningNode): Promise<[PartOrder[], NodeBalances[]]> {
  const orders: PartOrder[] = [];
  const snapshots: NodeBalances[] = [];
  const sends = async () => {
    for (let sent = 0; sent < PAYMENTS; sent += 1) {
      const owed = await bill(world, sat(1_000 + sent));
      if (sent % 4 === 3) await world.payee.cancelInvoice(owed.paymentHash);
      const order = await orderOf(world, world.sender, owed, sat(1_000 + sent));
      orders.push(order);
      await world.sender.sendPart(order);
    }
  };
  let sending = true;
  const reads = async () => {
    while (sending && snapshots.length < READS_AT_MOST) snapshots.push(await read.balances());
  };
  await Promise.all([sends().finally(() => (sending = false)), reads()]);
  const free = new Set<PaymentHash>(orders.map((order) => order.paymentHash));
  for (const hash of free) {
    snapshots.push(await read.balances());
    await untilFree(world, hash);
  }
  snapshots.push(await read.balances());
  return [orders, snapshots];
}

async function expectExactUnderTraffic(world: World, node: LightningNode): Promise<void> {
  const start = await holdings(node);
  const watch = await watchNow(world, node);
  try {
    const [orders, snapshots] = await traffic(world, node);
    const mine = node === world.sender ? orders : [];
    for (const snapshot of snapshots) await expectExact(snapshot, start, watch, mine);
    assert.deepEqual(snapshots.at(-1)?.inFlight, []);
  } finally {
    await watch.stop();
  }
}

export const balanceCases: readonly Case[] = [
  {
    name: 'holds at the sender, at every cursor, what its events say',
    run: (world) => expectExactUnderTraffic(world, world.sender),
  },
  {
    name: 'holds at the payee, at every cursor, what its events say',
    run: (world) => expectExactUnderTraffic(world, world.payee),
  },
  {
    name: 'holds at the forwarding node, at every cursor, what its events say',
    async run(world) {
      if (world.forwarder) await expectExactUnderTraffic(world, world.forwarder);
    },
  },
  {
    name: 'counts at the forwarding node what is out in a forward until it is through',
    async run(world) {
      const { forwarder } = world;
      if (forwarder === undefined) return;
      const before = await holdings(forwarder);
      await watching(world, async ({ sender }) => {
        const owed = await bill(world, sat(6_000));
        const half = await orderOf(world, world.sender, owed, sat(3_000), sat(6_000));
        await sendAccepted(world.sender, half);
        await untilHeld(world, half);
        assert.equal(await holdings(forwarder), before, 'a forward under way moves nothing');
        const rest = await orderOf(world, world.second, owed, sat(3_000), sat(6_000));
        await sendAccepted(world.second, rest);
        await expectSettled(sender, half);
        await untilFree(world, owed.paymentHash);
        assert.equal(await holdings(forwarder), before + feeMsat(half.route) + feeMsat(rest.route));
      });
    },
  },
  {
    name: 'tells of what it forwarded, and what it earned',
    async run(world) {
      const { forwarder } = world;
      if (forwarder === undefined) return;
      const watch = await watchNow(world, forwarder);
      const before = await holdings(forwarder);
      await watching(world, async ({ sender, payee }) => {
        const { owed, order } = await payWhole(world, world.sender, { from: sender, payee }, sat(5_000));
        const [first, second] = order.route.hops;
        assert(second, 'the payment crosses the forwarding node');
        const earned = first.amountMsat - second.amountMsat;
        const forward = await watch.until('the forward', 'forwarded', () => true);
        const told = { amountMsat: forward.amountMsat, feeMsat: forward.feeMsat };
        assert.deepEqual(told, { amountMsat: second.amountMsat, feeMsat: earned });
        await untilFree(world, owed.paymentHash);
        assert.equal(await holdings(forwarder), before + earned);
      });
      await watch.stop();
    },
  },
];
