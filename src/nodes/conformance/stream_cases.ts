/** The event stream: in order, without loss, by cursor. */
import assert from 'node:assert/strict';
import type { Cursor, NodeEvent } from '../node.ts';
import { bill, expectSettled, orderOf, payWhole, sat, sendAccepted, untilFree } from './payment.ts';
import { standingAt, type Watch, watchFrom, watching } from './watch.ts';
import type { Case, World } from './world.ts';

const cursors = (events: readonly NodeEvent[]): Cursor[] => events.map((event) => event.cursor);

/** The part of a stream after `after` and up to `last`, as a fresh subscription delivers it. */
async function replay(world: World, after: Cursor | null, last: Cursor): Promise<readonly NodeEvent[]> {
  const watch = watchFrom(world, world.sender, after);
  try {
    return await watch.upTo(last);
  } finally {
    await watch.stop();
  }
}

async function payments(world: World, from: Watch, payee: Watch, count: number): Promise<void> {
  for (let paid = 0; paid < count; paid += 1) {
    const { owed } = await payWhole(world, world.sender, { from, payee }, sat(1_000 + paid));
    await untilFree(world, owed.paymentHash);
  }
}

/** Pays once, without any help of a watch of the sender. */
async function payUnseen(world: World, payee: Watch, amount: number): Promise<void> {
  const owed = await bill(world, sat(amount));
  await sendAccepted(world.sender, await orderOf(world, world.sender, owed, sat(amount)));
  await payee.until('the payee to be paid', 'invoice_settled', (event) => {
    return event.paymentHash === owed.paymentHash;
  });
  await untilFree(world, owed.paymentHash);
}

const lastOf = (watch: Watch): Cursor => {
  const last = watch.events.at(-1);
  assert(last, 'payments make events');
  return last.cursor;
};

export const streamCases: readonly Case[] = [
  {
    name: 'delivers the same events in the same order from every cursor, none skipped and none invented',
    run: (world) =>
      watching(world, async ({ sender, payee }) => {
        const start = await standingAt(world.sender);
        await payments(world, sender, payee, 3);
        const last = lastOf(sender);
        const live = await sender.upTo(last);
        const settled = live.filter((event) => event.kind === 'part_settled');
        assert.equal(settled.length, 3, 'three payments are three ends');
        assert.equal(new Set(cursors(live)).size, live.length, 'a cursor names one place');
        assert.deepEqual(await replay(world, start, last), live);
        for (const [index, event] of live.slice(0, -1).entries()) {
          assert.deepEqual(
            await replay(world, event.cursor, last),
            live.slice(index + 1),
            `resumed after event ${index + 1} of ${live.length}`,
          );
        }
      }),
  },
  {
    name: 'delivers from the beginning when no cursor is given',
    run: (world) =>
      watching(world, async ({ sender, payee }) => {
        await payments(world, sender, payee, 2);
        const last = lastOf(sender);
        const live = cursors(await sender.upTo(last));
        const all = cursors(await replay(world, null, last));
        assert.deepEqual(all.slice(-live.length), live);
      }),
  },
  {
    name: 'counts blocks upwards',
    run: (world) =>
      watching(world, async ({ sender, payee }) => {
        await payments(world, sender, payee, 1);
        const all = await replay(world, null, lastOf(sender));
        const heights = all.flatMap((event) => (event.kind === 'block' ? [event.height] : []));
        assert.deepEqual(
          heights,
          [...heights].sort((a, b) => a - b),
        );
      }),
  },
  {
    name: 'brings the same batch again when it could not be delivered',
    run: (world) =>
      watching(world, async ({ payee }) => {
        const batches: Cursor[][] = [];
        const subscription = world.sender.subscribe(await standingAt(world.sender), async (batch) => {
          batches.push(cursors(batch));
          if (batches.length <= 2) throw new Error('the database is away');
        });
        try {
          await payUnseen(world, payee, 1_100);
          await world.eventually('the third try', async () => batches.length >= 3);
          const [first, second, third] = batches;
          assert(first !== undefined && first.length > 0, 'an empty batch says nothing');
          assert.deepEqual(
            second?.slice(0, first.length),
            first,
            'the second try begins where the first did',
          );
          assert.deepEqual(third?.slice(0, first.length), first, 'the third try begins where the first did');
        } finally {
          await subscription.stop();
        }
      }),
  },
  {
    name: 'waits until a batch is delivered before it brings the next, and loses nothing meanwhile',
    run: (world) =>
      watching(world, async ({ sender, payee }) => {
        const delivered: Cursor[] = [];
        let open = 0;
        let most = 0;
        const gate = Promise.withResolvers<void>();
        const subscription = world.sender.subscribe(await standingAt(world.sender), async (batch) => {
          open += 1;
          most = Math.max(most, open);
          await gate.promise;
          delivered.push(...cursors(batch));
          open -= 1;
        });
        try {
          await payUnseen(world, payee, 1_200);
          await world.eventually('the first batch', async () => open > 0);
          await payUnseen(world, payee, 1_300);
          await payUnseen(world, payee, 1_400);
          await world.eventually('all three ends', async () => sender.of('part_settled').length === 3);
          assert.equal(delivered.length, 0);
          gate.resolve();
          const last = lastOf(sender);
          await world.eventually('the rest', async () => delivered.includes(last));
          assert.equal(most, 1, 'one batch at a time');
          assert.deepEqual([...new Set(delivered)], cursors(sender.events));
        } finally {
          gate.resolve();
          await subscription.stop();
        }
      }),
  },
  {
    name: 'serves two subscribers at two places of its stream',
    run: (world) =>
      watching(world, async ({ sender, payee }) => {
        await payments(world, sender, payee, 1);
        const middle = lastOf(sender);
        const late = watchFrom(world, world.sender, middle);
        try {
          await payments(world, sender, payee, 1);
          const last = lastOf(sender);
          const all = cursors(await sender.upTo(last));
          assert.deepEqual(cursors(await late.upTo(last)), all.slice(all.indexOf(middle) + 1));
        } finally {
          await late.stop();
        }
      }),
  },
  {
    name: 'delivers nothing more once a subscription has stopped',
    run: (world) =>
      watching(world, async ({ sender, payee }) => {
        let after = 0;
        let stopped = false;
        const subscription = world.sender.subscribe(await standingAt(world.sender), async () => {
          if (stopped) after += 1;
        });
        await payments(world, sender, payee, 1);
        await subscription.stop();
        stopped = true;
        const owed = await bill(world, sat(1_000));
        const order = await orderOf(world, world.sender, owed, sat(1_000));
        await sendAccepted(world.sender, order);
        await expectSettled(sender, order);
        await untilFree(world, owed.paymentHash);
        assert.equal(after, 0);
      }),
  },
];
