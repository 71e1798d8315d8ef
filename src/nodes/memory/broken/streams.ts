/** Wrong in what they tell, or in how. */
import { preimage } from '../../../lightning/ids.ts';
import { msat } from '../../../money/msat.ts';
import type { LightningNode, NodeEvent } from '../../node.ts';
import { type BrokenDriver, more, withEvents } from './driver.ts';

export const events: readonly BrokenDriver[] = [
  {
    fault: 'loses every fourth event',
    caughtBy: 'delivers the same events in the same order from every cursor',
    wrap(node) {
      let count = 0;
      return withEvents(node, (event) => (++count % 4 === 0 ? [] : [event]));
    },
  },
  {
    fault: 'tells twice that an invoice was settled',
    caughtBy: 'pays an invoice in one part',
    wrap: (node) =>
      withEvents(node, (event) =>
        event.kind === 'invoice_settled' ? [event, { ...event, cursor: more(event.cursor) }] : [event],
      ),
  },
  {
    fault: 'tells of a success after it has told of a failure',
    caughtBy: 'pays an invoice in one part',
    wrap: (node) =>
      withEvents(node, (event) => {
        if (event.kind !== 'part_settled') return [event];
        const { token, paymentHash, cursor } = event;
        const failed = { kind: 'part_failed', token, paymentHash, reason: 'timeout' } as const;
        return [{ ...failed, cursor: more(cursor) }, event];
      }),
  },
  {
    fault: 'tells a fee that is 1 msat too high',
    caughtBy: 'pays an invoice in one part',
    wrap: (node) =>
      withEvents(node, (event) =>
        event.kind === 'part_settled' ? [{ ...event, feeMsat: msat(event.feeMsat + 1n) }] : [event],
      ),
  },
  {
    fault: 'tells a wrong preimage',
    caughtBy: 'pays an invoice in one part',
    wrap: (node) =>
      withEvents(node, (event) =>
        event.kind === 'part_settled' ? [{ ...event, preimage: preimage('00'.repeat(32)) }] : [event],
      ),
  },
  {
    fault: 'tells of no forwards',
    caughtBy: 'tells of what it forwarded',
    wrap: (node) => withEvents(node, (event) => (event.kind === 'forwarded' ? [] : [event])),
  },
];

type Deliver = (batch: readonly NodeEvent[]) => Promise<void>;
const withDelivery = (node: LightningNode, change: (deliver: Deliver) => Deliver): LightningNode => ({
  ...node,
  subscribe: (after, deliver) => node.subscribe(after, change(deliver)),
});

export const streams: readonly BrokenDriver[] = [
  {
    fault: 'skips an event when it resumes from a cursor',
    caughtBy: 'delivers the same events in the same order from every cursor',
    wrap: (node) => ({
      ...node,
      subscribe(after, deliver) {
        let skip = after === null ? 0 : 1;
        return node.subscribe(after, async (batch) => {
          const rest = batch.slice(skip);
          if (rest.length > 0) await deliver(rest);
          skip = Math.max(0, skip - batch.length);
        });
      },
    }),
  },
  {
    fault: 'begins at the beginning whatever the cursor',
    caughtBy: 'delivers the same events in the same order from every cursor',
    wrap: (node) => ({ ...node, subscribe: (_, deliver) => node.subscribe(null, deliver) }),
  },
  {
    fault: 'delivers the events of a batch in the wrong order',
    caughtBy: 'delivers the same events in the same order from every cursor',
    wrap: (node) => withDelivery(node, (deliver) => (batch) => deliver([...batch].reverse())),
  },
  {
    fault: 'drops a batch that could not be delivered',
    caughtBy: 'brings the same batch again',
    wrap: (node) => withDelivery(node, (deliver) => (batch) => deliver(batch).catch(() => {})),
  },
  {
    fault: 'does not wait until a batch is delivered',
    caughtBy: 'waits until a batch is delivered',
    wrap: (node) =>
      withDelivery(node, (deliver) => async (batch) => {
        deliver(batch).catch(() => {});
      }),
  },
  {
    fault: 'goes on delivering to a subscription that has stopped',
    caughtBy: 'delivers nothing more once a subscription has stopped',
    wrap: (node) => ({
      ...node,
      subscribe(after, deliver) {
        node.subscribe(after, deliver);
        return { ended: Promise.resolve(null), stop: async () => {} };
      },
    }),
  },
];
