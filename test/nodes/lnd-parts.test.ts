/** Parts through the death of LND, of its driver, of its memory: each has one end, and is paid once. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { readInvoice } from '../../src/nodes/conformance/invoice.ts';
import {
  type Bill,
  bill,
  expectFailed,
  expectSettled,
  htlcsOf,
  orderOf,
  part,
  routeTo,
  sat,
  sendAccepted,
  untilFree,
  untilHeld,
} from '../../src/nodes/conformance/payment.ts';
import type { PartOrder } from '../../src/nodes/node.ts';
import { of, openAccount } from './faults/account.ts';
import { type Bed, keptInMemory, openBed, watchAll } from './faults/bed.ts';
import { copyOf } from './faults/mortal.ts';
import { cancelHeld, hangingHtlcs, localMsat, newHold, paidMsat, settleHeld } from './faults/truth.ts';
import { missingDaemons } from './net/daemons.ts';
import { until } from './net/until.ts';

const PATIENCE_MS = 240_000;
const missing = missingDaemons('lnd', 'btcd');

describe.skipIf(missing !== null)(
  `LND's parts through faults${missing === null ? '' : `: ${missing}`}`,
  { timeout: PATIENCE_MS },
  () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed();
    }, PATIENCE_MS);
    afterAll(() => bed?.close(), PATIENCE_MS);
    const holds: string[] = [];
    afterEach(async () => {
      lnd('sender').resume();
      // What a test that failed has left behind.
      for (const hash of holds.splice(0)) await cancelHeld(lnd('payee'), hash).catch(() => undefined);
      await until('no HTLC to hang', async () =>
        (await Promise.all(bed.network.nodes.map(hangingHtlcs))).every((count) => count === 0),
      );
    });
    const lnd = (name: 'sender' | 'payee' | 'forwarder' | 'second') => bed.network.node(name);
    const paid = (owed: Bill) => paidMsat(lnd('payee'), owed.paymentHash);

    interface Held extends Bill {
      readonly preimage: string;
    }
    /** An invoice that the payee settles when it is told to. */
    async function heldBill(amount: number): Promise<Held> {
      const { hash, preimage, bolt11 } = await newHold(lnd('payee'), sat(amount));
      holds.push(hash);
      return { ...readInvoice(bolt11), bolt11, paymentHash: hash, preimage };
    }
    async function sendHeld(amount: number): Promise<{ owed: Held; order: PartOrder }> {
      const owed = await heldBill(amount);
      const order = await orderOf(bed.world, bed.world.sender, owed, sat(amount));
      await sendAccepted(bed.world.sender, order);
      await untilHeld(bed.world, order);
      return { owed, order };
    }

    test('a part that LND never got is not found, and has no end when another of its amount settles', async () => {
      const account = await openAccount(bed, 'sender');
      const owed = await bill(bed.world, sat(3_100));
      const route = await routeTo(bed.world, bed.world.sender, owed, sat(3_100));
      const lost = part(owed, sat(3_100), route);
      await bed.killed('sender', async () => {
        await assert.rejects(bed.world.sender.sendPart(lost));
        await assert.rejects(bed.world.sender.lookup(lost));
        await assert.rejects(bed.world.sender.pendingHtlcs());
      });
      await until('the part to be known as absent', async () => {
        return (await bed.world.sender.lookup(lost)).kind === 'not_found';
      });
      const again = part(owed, sat(3_100), route);
      await sendAccepted(bed.world.sender, again);
      await untilFree(bed.world, owed.paymentHash);
      await account.expectOneEnd(again, 'part_settled');
      const status = await bed.world.sender.lookup(lost);
      assert.notEqual(status.kind, 'settled');
      const told = await account.told();
      assert(!told.some((event) => 'token' in event && event.token === lost.token));
      await account.expectExact([again]);
      assert.equal(await paid(owed), sat(3_100));
    });

    test('a held part of an LND that is killed settles once when the rest comes while it is down', async () => {
      const account = await openAccount(bed, 'sender');
      const owed = await bill(bed.world, sat(8_000));
      const half = await orderOf(bed.world, bed.world.sender, owed, sat(5_000), sat(8_000));
      await sendAccepted(bed.world.sender, half);
      await untilHeld(bed.world, half);
      const before = await localMsat(lnd('payee'));
      await bed.killed('sender', async () => {
        await assert.rejects(bed.world.sender.lookup(half));
        const rest = await orderOf(bed.world, bed.world.second, owed, sat(3_000), sat(8_000));
        await sendAccepted(bed.world.second, rest);
        const watch = watchAll(bed.world, bed.world.second);
        await expectSettled(watch, rest);
        await watch.stop();
      });
      const watch = watchAll(bed.world, bed.world.sender);
      await expectSettled(watch, half);
      await watch.stop();
      await untilFree(bed.world, owed.paymentHash);
      assert.equal((await bed.world.sender.lookup(half)).kind, 'settled');
      await account.expectOneEnd(half, 'part_settled');
      await account.expectExact([half]);
      assert.equal(await paid(owed), sat(8_000));
      assert.equal(await localMsat(lnd('payee')), before + sat(8_000));
    });

    test('parts that the driver leaves behind are taken up by the next; their ends are told once, from any memory', async () => {
      const account = await openAccount(bed, 'sender');
      const one = await sendHeld(4_100);
      const two = await sendHeld(4_200);
      const earlier = keptInMemory(await copyOf(bed.driven('sender').journal()));
      bed.replace('sender');
      assert.equal((await bed.world.sender.lookup(one.order)).kind, 'in_flight');
      assert.deepEqual(await bed.world.sender.sendPart(one.order), { kind: 'duplicate' });
      await account.expectExact();
      await settleHeld(lnd('payee'), one.owed.preimage);
      const watch = watchAll(bed.world, bed.world.sender);
      await expectSettled(watch, one.order);
      await watch.stop();
      await account.expectOneEnd(one.order, 'part_settled');
      await account.expectExact([one.order]);
      // Its database was set back to before that settlement: told again, and booked as it was.
      bed.replace('sender', earlier);
      const again = watchAll(bed.world, bed.world.sender);
      await expectSettled(again, one.order);
      await again.stop();
      await settleHeld(lnd('payee'), two.owed.preimage);
      await untilFree(bed.world, two.owed.paymentHash);
      for (const { order } of [one, two]) await account.expectOneEnd(order, 'part_settled');
      await account.expectExact([one.order, two.order]);
    });

    test('an LND that is frozen proves nothing; thawed, all is as it was', async () => {
      const account = await openAccount(bed, 'sender');
      const { owed, order } = await sendHeld(4_300);
      const late = await bill(bed.world, sat(2_700));
      const sent = await orderOf(bed.world, bed.world.sender, late, sat(2_700));
      lnd('sender').pause();
      const answered: string[] = [];
      const send = bed.world.sender.sendPart(sent).then(
        ({ kind }) => kind,
        () => 'no answer',
      );
      const looks = [order, sent].map((each) =>
        bed.world.sender.lookup(each).then(
          ({ kind }) => answered.push(kind),
          () => undefined,
        ),
      );
      const balances = bed.world.sender.balances().then(
        () => answered.push('balances'),
        () => undefined,
      );
      await sleep(6_000);
      assert.equal(answered.length, 0, answered.join());
      lnd('sender').resume();
      await Promise.all([...looks, balances]);
      assert.notEqual(await send, 'refused');
      assert(!answered.includes('not_found') && !answered.includes('failed'), answered.join());
      await settleHeld(lnd('payee'), owed.preimage);
      await untilFree(bed.world, owed.paymentHash);
      await until('the late part to settle', async () => {
        return (await bed.world.sender.lookup(sent)).kind === 'settled';
      });
      await untilFree(bed.world, late.paymentHash);
      for (const each of [order, sent]) await account.expectOneEnd(each, 'part_settled');
      await account.expectExact([order, sent]);
      assert.equal(await paid(late), sat(2_700));
    });

    test('a send whose connection dies while LND is frozen is not said to be absent before LND is past it', async () => {
      const account = await openAccount(bed, 'sender');
      const owed = await bill(bed.world, sat(2_800));
      const sent = await orderOf(bed.world, bed.world.sender, owed, sat(2_800));
      await bed.world.sender.info();
      lnd('sender').pause();
      bed.world.sender.sendPart(sent).catch(() => undefined);
      await until('the part to be written down', async () => {
        return (await bed.driven('sender').journal().read()).facts.has(`send:${sent.token}`);
      });
      await sleep(500);
      bed.replace('sender');
      const kinds: string[] = [];
      const looking = Array.from({ length: 4 }, async () => {
        const look = await bed.world.sender.lookup(sent).then(
          ({ kind }) => kind,
          () => 'no answer',
        );
        kinds.push(look);
      });
      await sleep(1_000);
      lnd('sender').resume();
      await Promise.all(looking);
      await until('the part to settle', async () => {
        kinds.push(
          await bed.world.sender.lookup(sent).then(
            ({ kind }) => kind,
            () => 'no answer',
          ),
        );
        return kinds.at(-1) === 'settled' || kinds.at(-1) === 'not_found';
      });
      assert.equal(kinds.at(-1), (await paid(owed)) > 0n ? 'settled' : 'not_found', kinds.join());
      assert(kinds.at(-1) === 'not_found' || !kinds.includes('not_found'), kinds.join());
      await untilFree(bed.world, owed.paymentHash);
      await account.expectExact([sent]);
    });

    test('what LND forgets, its driver remembers: settled stays settled, and nothing forgotten has failed', async () => {
      const account = await openAccount(bed, 'sender');
      const owed = await bill(bed.world, sat(1_900));
      const settled = await orderOf(bed.world, bed.world.sender, owed, sat(1_900));
      await sendAccepted(bed.world.sender, settled);
      await untilFree(bed.world, owed.paymentHash);
      await account.expectOneEnd(settled, 'part_settled');
      const held = await sendHeld(2_100);
      await lnd('sender').rest('DELETE', '/v1/payments?all_payments=true&failed_payments_only=false');
      assert.equal((await bed.world.sender.lookup(settled)).kind, 'settled');
      assert.equal((await bed.world.sender.lookup(held.order)).kind, 'in_flight');
      bed.replace('sender');
      assert.equal((await bed.world.sender.lookup(settled)).kind, 'settled');
      await settleHeld(lnd('payee'), held.owed.preimage);
      await untilFree(bed.world, held.owed.paymentHash);
      await account.expectOneEnd(held.order, 'part_settled');
      await account.expectExact([settled, held.order]);
      // An end that nobody was there to hear, and that LND has forgotten since.
      const unseen = await sendHeld(2_200);
      bed.driven('sender').die();
      await settleHeld(lnd('payee'), unseen.owed.preimage);
      await until('it to be free', async () => (await hangingHtlcs(lnd('sender'))) === 0);
      await lnd('sender').rest('DELETE', '/v1/payments?all_payments=true&failed_payments_only=false');
      bed.replace('sender');
      assert.equal((await bed.world.sender.lookup(unseen.order)).kind, 'not_found');
      assert.deepEqual(await htlcsOf(bed.world.sender, unseen.owed.paymentHash), []);
      assert.deepEqual(await bed.world.sender.sendPart(unseen.order), { kind: 'duplicate' });
    });

    /** Six at a time; LND is killed when nine have been answered. @returns what the driver said of each */
    async function sendAmidDeath(orders: readonly PartOrder[]): Promise<ReadonlyMap<PartOrder, string>> {
      const { sender } = bed.world;
      const midst = Promise.withResolvers<void>();
      const answers = new Map<PartOrder, string>();
      const todo = [...orders];
      const sendAll = async () => {
        for (let order = todo.pop(); order !== undefined; order = todo.pop()) {
          const answer = await sender.sendPart(order).catch(() => null);
          answers.set(order, answer?.kind ?? 'no answer');
          if (answers.size === 9) midst.resolve();
        }
      };
      const sending = Promise.all(Array.from({ length: 6 }, sendAll));
      await midst.promise;
      await bed.killed('sender', () => sending.then(() => undefined));
      return answers;
    }

    test('of sends that an LND was killed amid each is paid and settled once, or neither', async () => {
      const { sender } = bed.world;
      const account = await openAccount(bed, 'sender');
      const bills = await Promise.all(
        Array.from({ length: 24 }, (_, at) => bill(bed.world, sat(1_000 + at))),
      );
      const orders: PartOrder[] = [];
      for (const owed of bills)
        orders.push(await orderOf(bed.world, sender, owed, owed.amountMsat ?? sat(0)));
      const answers = await sendAmidDeath(orders);
      assert([...answers.values()].includes('no answer'), 'LND was killed too late');
      // What was settled when LND was killed hangs on until there is something else to sign.
      const next = await bill(bed.world, sat(1_100));
      const nudge = await orderOf(bed.world, sender, next, sat(1_100));
      await sendAccepted(sender, nudge);
      await untilFree(bed.world, next.paymentHash);
      await Promise.all(bills.map((owed) => untilFree(bed.world, owed.paymentHash)));
      orders.push(nudge);
      bills.push(next);
      await account.expectExact(orders);
      const looks = await Promise.all(orders.map((order) => sender.lookup(order)));
      assert(
        looks.every(({ kind }) => kind !== 'failed'),
        'nothing has failed before it has expired',
      );
      // What LND wrote down and did not send, it has in flight for ever: past its expiry that is no HTLC.
      for (let blocks = 0; blocks < 200; blocks += 20) await bed.network.mine(20);
      for (const [at, order] of orders.entries()) {
        const { kind } = await sender.lookup(order);
        assert.notEqual(kind, 'in_flight');
        const owed = bills[at];
        assert(owed);
        assert.equal(
          await paid(owed),
          kind === 'settled' ? owed.amountMsat : 0n,
          `${answers.get(order)}: ${kind}`,
        );
      }
      const events = await account.told();
      const ended = [...of(events, 'part_settled'), ...of(events, 'part_failed')].map(({ token }) => token);
      assert.equal(new Set(ended).size, ended.length, 'one end each');
      await account.expectExact(orders);
    });

    test('halves whose rest never comes fail once, though LND and its driver died meanwhile', async () => {
      const account = await openAccount(bed, 'sender');
      const owed = await bill(bed.world, sat(6_000));
      const half = await orderOf(bed.world, bed.world.sender, owed, sat(2_500), sat(6_000));
      await sendAccepted(bed.world.sender, half);
      await untilHeld(bed.world, half);
      await bed.killed('sender');
      bed.replace('sender');
      const watch = watchAll(bed.world, bed.world.sender);
      await bed.world.outlastParts();
      assert.match(await expectFailed(watch, half), /timeout|payee_refused/);
      await watch.stop();
      await untilFree(bed.world, owed.paymentHash);
      await account.expectOneEnd(half, 'part_failed');
      await account.expectExact([]);
      assert.equal(await paid(owed), 0n);
    });
  },
);
