/** Payments that LND makes and its driver has not sent: by other software, or by a driver whose journal was put back. */
import assert from 'node:assert/strict';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { readInvoice } from '../../src/nodes/conformance/invoice.ts';
import {
  type Bill,
  bill,
  orderOf,
  sat,
  sendAccepted,
  untilHeld,
} from '../../src/nodes/conformance/payment.ts';
import { openAccount } from './faults/account.ts';
import { type Bed, keptInMemory, openBed } from './faults/bed.ts';
import { copyOf } from './faults/mortal.ts';
import { cancelHeld, hangingHtlcs, newHold, settleHeld } from './faults/truth.ts';
import { missingDaemons } from './net/daemons.ts';
import { pay } from './net/lnd_verbs.ts';
import { until } from './net/until.ts';

const PATIENCE_MS = 120_000;
const missing = missingDaemons('lnd', 'btcd');

describe.skipIf(missing !== null)(
  `LND's payments by other hands${missing === null ? '' : `: ${missing}`}`,
  { timeout: PATIENCE_MS },
  () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed();
    }, PATIENCE_MS);
    afterAll(() => bed?.close(), PATIENCE_MS);
    const holds: string[] = [];
    afterEach(async () => {
      for (const hash of holds.splice(0)) await cancelHeld(lnd('payee'), hash).catch(() => undefined);
      await until('no HTLC to hang', async () =>
        (await Promise.all(bed.network.nodes.map(hangingHtlcs))).every((count) => count === 0),
      );
    });
    const lnd = (name: 'sender' | 'payee') => bed.network.node(name);
    type Account = Awaited<ReturnType<typeof openAccount>>;
    /** What was found of a hash, and how it ended. */
    const story = async (account: Account, owed: Bill) =>
      (await account.told()).flatMap((event) => {
        if (!('token' in event) || event.paymentHash !== owed.paymentHash) return [];
        return event.kind === 'part_found' ? [`found ${event.amountMsat}`] : [event.kind];
      });

    test('are found, followed and explained while they are made', async () => {
      const account = await openAccount(bed, 'sender');
      const owed = await bill(bed.world, sat(4_100));
      await pay(lnd('sender'), owed.bolt11);
      await until('it is told', async () => (await story(account, owed)).length === 2);
      assert.deepEqual(await story(account, owed), [`found ${sat(4_100)}`, 'part_settled']);
      await account.expectExact();
    });

    test('are found when they were made while nobody drove the node', async () => {
      const account = await openAccount(bed, 'sender');
      bed.driven('sender').die();
      const owed = await bill(bed.world, sat(4_200));
      await pay(lnd('sender'), owed.bolt11);
      bed.replace('sender');
      await account.expectExact();
      assert.deepEqual(await story(account, owed), [`found ${sat(4_200)}`, 'part_settled']);
    });

    test('are found after the journal was put back: what was paid, and what is under way, with its end', async () => {
      const { sender } = bed.world;
      const account = await openAccount(bed, 'sender');
      const earlier = await copyOf(bed.driven('sender').journal());
      const paid = await bill(bed.world, sat(4_300));
      await sendAccepted(sender, await orderOf(bed.world, sender, paid, sat(4_300)));
      await until('it is paid', async () => (await story(account, paid)).length === 1);
      const { hash, preimage, bolt11 } = await newHold(lnd('payee'), sat(4_400));
      holds.push(hash);
      const held: Bill = { ...readInvoice(bolt11), bolt11, paymentHash: hash };
      const order = await orderOf(bed.world, sender, held, sat(4_400));
      await sendAccepted(sender, order);
      await untilHeld(bed.world, order);
      bed.replace('sender', keptInMemory(earlier));
      assert.deepEqual(await story(account, paid), [`found ${sat(4_300)}`, 'part_settled']);
      assert.deepEqual(await story(account, held), [`found ${sat(4_400)}`]);
      assert.equal((await account.expectExact()).inFlight.length, 1);
      await settleHeld(lnd('payee'), preimage);
      await until('its end is told', async () => (await story(account, held)).length === 2);
      assert.deepEqual(await story(account, held), [`found ${sat(4_400)}`, 'part_settled']);
      await account.expectExact();
      // Another driver by the same journal tells nothing a second time.
      bed.replace('sender');
      await account.expectExact();
      assert.equal((await story(account, held)).length + (await story(account, paid)).length, 4);
    });

    test('are found when LND adds an HTLC to a payment that the journal had read and left under way', async () => {
      const account = await openAccount(bed, 'sender');
      const { sender } = bed.world;
      const owed = await bill(bed.world, sat(4_500));
      // The rest never comes: LND keeps the payment under way, also when this part has failed.
      const half = await orderOf(bed.world, sender, owed, sat(2_000), sat(4_500));
      await sendAccepted(sender, half);
      await untilHeld(bed.world, half);
      const earlier = await copyOf(bed.driven('sender').journal());
      const rest = await orderOf(bed.world, sender, owed, sat(2_500), sat(4_500));
      await sendAccepted(sender, rest);
      await until('it is paid', async () => (await story(account, owed)).length === 2);
      bed.replace('sender', keptInMemory(earlier));
      await until('all is told', async () => (await story(account, owed)).length === 3);
      assert.deepEqual((await story(account, owed)).toSorted(), [
        `found ${sat(2_500)}`,
        'part_settled',
        'part_settled',
      ]);
      await account.expectExact([half]);
    });
  },
);
