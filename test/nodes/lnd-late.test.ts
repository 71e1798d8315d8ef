/** A send that comes late is refused by LND itself: whoever had it sent may have drawn conclusions. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { bill, orderOf, sat } from '../../src/nodes/conformance/payment.ts';
import { connectLnd } from '../../src/nodes/lnd/client.ts';
import { readClock } from '../../src/nodes/lnd/clock.ts';
import { addressOf, type Bed, openBed } from './faults/bed.ts';
import { hangingHtlcs, paidMsat } from './faults/truth.ts';
import { missingDaemons } from './net/daemons.ts';

const PATIENCE_MS = 120_000;
const FROZEN_MS = 3_000;
const missing = missingDaemons('lnd', 'btcd');

describe.skipIf(missing !== null)(
  `a send to LND that comes late${missing === null ? '' : `: ${missing}`}`,
  { timeout: PATIENCE_MS },
  () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed();
    }, PATIENCE_MS);
    afterAll(() => bed?.close(), PATIENCE_MS);

    test('is refused when LND gets to it, and nothing is paid', async () => {
      const { sender } = bed.world;
      const lnd = bed.network.node('sender');
      const owed = await bill(bed.world, sat(3_100));
      const order = await orderOf(bed.world, sender, owed, sat(3_100));
      lnd.pause();
      const sending = sender.sendPart({ ...order, expiresAt: Date.now() + 1_000 });
      await sleep(FROZEN_MS);
      lnd.resume();
      const { kind, reason } = (await sending) as { kind: string; reason?: string };
      assert.deepEqual({ kind, reason }, { kind: 'refused', reason: 'timeout' });
      assert.equal(await paidMsat(bed.network.node('payee'), owed.paymentHash), 0n);
      assert.equal(await hangingHtlcs(lnd), 0);
      assert.deepEqual(await sender.lookup(order), { kind: 'failed', reason: 'timeout' });
      // In time it is taken, under another name.
      const again = await orderOf(bed.world, sender, owed, sat(3_100));
      assert.deepEqual(await sender.sendPart({ ...again, expiresAt: Date.now() + 20_000 }), {
        kind: 'accepted',
      });
    });

    test("is told by LND's clock: whether it agrees with ours, is ahead or behind", async () => {
      const client = connectLnd(addressOf(bed.network.node('sender')));
      const now = Date.now;
      try {
        assert.equal(await readClock(client), 'agrees');
        Date.now = () => now() - 60_000;
        assert.equal(await readClock(client), 'ahead');
        Date.now = () => now() + 60_000;
        assert.equal(await readClock(client), 'behind');
      } finally {
        Date.now = now;
        client.close();
      }
    });
  },
);
