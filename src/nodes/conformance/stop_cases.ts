/** The end: these cases come last, because the node is gone afterwards. */
import assert from 'node:assert/strict';
import { bill, orderOf, sat } from './payment.ts';
import { standingAt } from './watch.ts';
import type { Case } from './world.ts';

export const stopCases: readonly Case[] = [
  {
    name: 'ends its subscriptions when it is stopped, and answers nothing any more',
    async run(world) {
      const { second } = world;
      const owed = await bill(world, sat(1_000));
      const order = await orderOf(world, second, owed, sat(1_000));
      let delivered = 0;
      const subscription = second.subscribe(await standingAt(second), async (batch) => {
        delivered += batch.length;
      });
      let ended: Error | null | 'not yet' = 'not yet';
      void subscription.ended.then((error) => {
        ended = error;
      });
      await second.stop();
      const before = delivered;
      await assert.rejects(second.sendPart(order), 'a stopped node has sent a part');
      await assert.rejects(second.balances());
      await assert.rejects(second.info());
      assert.deepEqual(await world.payee.lookupInvoice(owed.paymentHash), { kind: 'pending' });
      assert.equal(delivered, before);
      assert.equal(ended, null, 'a stream that was stopped is over, and has not failed');
    },
  },
];
