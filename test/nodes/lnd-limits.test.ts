/** Amounts at the limits of channels, and many parts at once: every reading of the balances is exact. */
import assert from 'node:assert/strict';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Msat } from '../../src/money/msat.ts';
import { msat } from '../../src/money/msat.ts';
import {
  bill,
  expectSettled,
  findRouteTo,
  orderOf,
  part,
  sat,
  sendAccepted,
  untilFree,
} from '../../src/nodes/conformance/payment.ts';
import type { NodeBalances, PartOrder } from '../../src/nodes/node.ts';
import { openAccount } from './faults/account.ts';
import { type Bed, openBed, watchAll } from './faults/bed.ts';
import { hangingHtlcs, localMsat, paidMsat } from './faults/truth.ts';
import { missingDaemons } from './net/daemons.ts';
import { until } from './net/until.ts';

const PATIENCE_MS = 180_000;
const missing = missingDaemons('lnd', 'btcd');

describe.skipIf(missing !== null)(
  `LND's parts at the limits${missing === null ? '' : `: ${missing}`}`,
  { timeout: PATIENCE_MS },
  () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed();
    }, PATIENCE_MS);
    afterAll(() => bed?.close(), PATIENCE_MS);
    const lnd = (name: 'sender' | 'payee' | 'forwarder') => bed.network.node(name);
    const allFree = () =>
      until('no HTLC to hang', async () =>
        (await Promise.all(bed.network.nodes.map(hangingHtlcs))).every((count) => count === 0),
      );

    /** Pays the forwarding node, which is the sender's peer. */
    async function payPeer(amountMsat: Msat): Promise<{ order: PartOrder; answer: string; end: string }> {
      const { forwarder, sender } = bed.world;
      assert(forwarder);
      const owed = await bill({ payee: forwarder }, amountMsat);
      const [channel] = await sender.channels();
      assert(channel?.scid);
      const hop = { pubkey: owed.payee, scid: channel.scid, amountMsat, cltvDelta: owed.finalCltvDelta + 3 };
      const order = part(owed, amountMsat, { hops: [hop] });
      const answer = await sender.sendPart(order);
      if (answer.kind === 'refused') return { order, answer: answer.kind, end: answer.reason };
      let end = '';
      await until('its end', async () => {
        const status = await sender.lookup(order);
        end = status.kind === 'failed' ? status.reason : status.kind;
        return end !== 'in_flight';
      });
      return { order, answer: answer.kind, end };
    }

    test('the smallest amount arrives to the millisatoshi, at the peer and beyond it', async () => {
      const account = await openAccount(bed, 'sender');
      const { order, end } = await payPeer(msat(1n));
      assert.equal(end, 'settled');
      const owed = await bill(bed.world, msat(1_001n));
      const beyond = await orderOf(bed.world, bed.world.sender, owed, msat(1_001n));
      await sendAccepted(bed.world.sender, beyond);
      const watch = watchAll(bed.world, bed.world.sender);
      await expectSettled(watch, beyond);
      await watch.stop();
      await allFree();
      assert.equal(await paidMsat(lnd('payee'), owed.paymentHash), 1_001n);
      await account.expectExact([order, beyond]);
    });

    test('what is below the least of a forwarder finds no route, or fails there; nothing is lost', async () => {
      const account = await openAccount(bed, 'sender');
      const owed = await bill(bed.world, msat(1n));
      const found = await findRouteTo(bed.world, bed.world.sender, owed, msat(1n));
      const usual = await findRouteTo(bed.world, bed.world.sender, owed, sat(1));
      assert(usual);
      const [first, second] = usual.hops;
      assert(second);
      const tiny = found ?? {
        hops: [
          { ...first, amountMsat: msat(1_002n) },
          { ...second, amountMsat: msat(1n) },
        ] as const,
      };
      const order = part(owed, msat(1n), tiny);
      const answer = await bed.world.sender.sendPart(order);
      await until('its end', async () => (await bed.world.sender.lookup(order)).kind !== 'in_flight');
      await allFree();
      const settled = (await bed.world.sender.lookup(order)).kind === 'settled';
      assert(answer.kind === 'accepted' || answer.kind === 'refused');
      assert.equal(await paidMsat(lnd('payee'), owed.paymentHash), settled ? 1n : 0n);
      await account.expectExact([order]);
    });

    test('what a channel calls spendable goes through in one part, and a satoshi more does not', async () => {
      const account = await openAccount(bed, 'sender');
      const spendable = async () => (await bed.world.sender.channels())[0]?.spendableMsat ?? msat(0n);
      const more = await payPeer(msat((await spendable()) + 1_000n));
      assert.notEqual(more.end, 'settled', 'a satoshi more than it can');
      await allFree();
      await account.expectExact([]);
      const most = await payPeer(await spendable());
      assert.equal(most.end, 'settled');
      await allFree();
      await account.expectExact([most.order]);
    });

    test('sixteen parts of one total at once settle together, each once', async () => {
      const { second } = bed.world;
      const account = await openAccount(bed, 'second');
      const before = await localMsat(lnd('payee'));
      const owed = await bill(bed.world, sat(32_120));
      const amounts = Array.from({ length: 16 }, (_, index) => sat(2_000 + index));
      const orders = await Promise.all(
        amounts.map((amount) => orderOf(bed.world, second, owed, amount, sat(32_120))),
      );
      const answers = await Promise.all(orders.map((order) => second.sendPart(order)));
      assert(answers.every(({ kind }) => kind === 'accepted'));
      const watch = watchAll(bed.world, second);
      for (const order of orders) await expectSettled(watch, order);
      await watch.stop();
      await untilFree(bed.world, owed.paymentHash);
      for (const order of orders) await account.expectOneEnd(order, 'part_settled');
      await account.expectExact(orders);
      assert.equal(await localMsat(lnd('payee')), before + sat(32_120));
    });

    test('forty payments, eight at a time: every reading of all four nodes is exact', async () => {
      const names = ['second', 'forwarder', 'payee'] as const;
      const accounts = await Promise.all(names.map((name) => openAccount(bed, name)));
      const orders: PartOrder[] = [];
      const todo = Array.from({ length: 40 }, (_, index) => sat(1_000 + index));
      const one = async () => {
        for (let amount = todo.pop(); amount !== undefined; amount = todo.pop()) {
          const owed = await bill(bed.world, amount);
          const order = await orderOf(bed.world, bed.world.second, owed, amount);
          orders.push(order);
          await sendAccepted(bed.world.second, order);
          await until('its end', async () => {
            return (await bed.world.second.lookup(order)).kind !== 'in_flight';
          });
        }
      };
      const readings = new Map<(typeof names)[number], NodeBalances[]>(names.map((name) => [name, []]));
      let paying = true;
      const reading = names.map(async (name) => {
        while (paying) {
          const balances = await bed
            .driven(name)
            .node.balances()
            .catch(() => null);
          if (balances !== null) readings.get(name)?.push(balances);
        }
      });
      await Promise.all(Array.from({ length: 8 }, one)).finally(() => (paying = false));
      await Promise.all(reading);
      await allFree();
      for (const [index, name] of names.entries()) {
        for (const balances of readings.get(name) ?? []) await accounts[index]?.expectExact(orders, balances);
        await accounts[index]?.expectExact(orders);
      }
    });
  },
);
