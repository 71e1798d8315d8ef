/** Test only: drivers that are wrong on purpose, each in one way. The conformance suite must catch every one. */
import { createHash } from 'node:crypto';
import { partToken, preimage } from '../../lightning/ids.ts';
import { type Hop, sentMsat } from '../../lightning/route.ts';
import { MAX_MSAT, MSAT_PER_SAT, type Msat, msat, ZERO_MSAT } from '../../money/msat.ts';
import type { Cursor, LightningNode, NodeBalances, NodeEvent, PartOrder } from '../node.ts';

export interface BrokenDriver {
  /** What is wrong with it, as a sentence without its subject. */
  readonly fault: string;
  /** The words of a case that is there to catch it. */
  readonly caughtBy: string;
  wrap(node: LightningNode, name: string): LightningNode;
}

const another = (token: string): string => createHash('sha256').update(token).digest('hex');
const withToken = (order: PartOrder): PartOrder => ({ ...order, token: partToken(another(order.token)) });
const more = (cursor: Cursor): Cursor => `${cursor}+`;

/** The same node with other events: `change` makes of each what is delivered in its place. */
function withEvents(node: LightningNode, change: (event: NodeEvent) => readonly NodeEvent[]): LightningNode {
  return {
    ...node,
    subscribe: (after, deliver) =>
      node.subscribe(after === null ? null : after.replaceAll('+', ''), async (batch) => {
        await deliver(batch.flatMap(change));
      }),
  };
}

const withBalances = (node: LightningNode, change: (b: NodeBalances) => NodeBalances): LightningNode => ({
  ...node,
  balances: async () => change(await node.balances()),
});

/** As the broken drivers are made, but right: what they are caught by is their fault, not the wrapping. */
export const wrapped = (node: LightningNode): LightningNode =>
  withBalances(
    withEvents(node, (event) => [event]),
    (balances) => balances,
  );

const sends: readonly BrokenDriver[] = [
  {
    fault: 'sends a token twice',
    caughtBy: 'takes a token once while its part is in flight',
    wrap: (node) => ({
      ...node,
      async sendPart(order) {
        const answer = await node.sendPart(order);
        return answer.kind === 'duplicate' ? node.sendPart(withToken(order)) : answer;
      },
    }),
  },
  {
    fault: 'sends a token twice, and says duplicate all the same',
    caughtBy: 'takes a token once while its part is in flight',
    wrap: (node) => ({
      ...node,
      async sendPart(order) {
        const answer = await node.sendPart(order);
        if (answer.kind === 'duplicate') await node.sendPart(withToken(order));
        return answer;
      },
    }),
  },
  {
    fault: 'forgets the token of a part that failed',
    caughtBy: 'after its part failed a second send is a duplicate',
    wrap: (node) => ({
      ...node,
      async sendPart(order) {
        const failed = (await node.lookup(order)).kind === 'failed';
        return node.sendPart(failed ? withToken(order) : order);
      },
    }),
  },
  {
    fault: 'says refused of a part that it has sent',
    caughtBy: 'pays an invoice in one part',
    wrap: (node) => ({
      ...node,
      async sendPart(order) {
        const answer = await node.sendPart(order);
        if (answer.kind !== 'accepted') return answer;
        return { kind: 'refused', reason: 'no_route', detail: (await node.info()).alias };
      },
    }),
  },
  {
    fault: 'says accepted of a part that it has not sent',
    caughtBy: 'moves nothing when the amount is more than its channels hold',
    wrap: (node) => ({
      ...node,
      async sendPart(order) {
        const answer = await node.sendPart(order);
        return answer.kind === 'refused' ? { kind: 'accepted' } : answer;
      },
    }),
  },
  {
    fault: 'delivers 1 msat too much',
    caughtBy: 'pays an invoice in one part',
    wrap: (node) => ({
      ...node,
      sendPart(order) {
        const raised = (hop: Hop): Hop => ({ ...hop, amountMsat: msat(hop.amountMsat + 1n) });
        const [first, ...rest] = order.route.hops;
        const route = { hops: [raised(first), ...rest.map(raised)] as const };
        return node.sendPart({ ...order, route, totalMsat: msat(order.totalMsat + 1n) });
      },
    }),
  },
  {
    fault: 'takes its part for the whole total, and its payee settles at that',
    caughtBy: 'neither part settles before the total is there',
    wrap: (node) => ({
      ...node,
      sendPart: (order) =>
        node.sendPart({ ...order, totalMsat: order.route.hops.at(-1)?.amountMsat ?? order.totalMsat }),
      invoice: (order) => node.invoice({ ...order, amountMsat: null }),
    }),
  },
];

const lookups: readonly BrokenDriver[] = [
  {
    fault: 'says failed of a part in flight',
    caughtBy: 'shows a part in flight while it is',
    wrap: (node) => ({
      ...node,
      async lookup(part) {
        const status = await node.lookup(part);
        return status.kind === 'in_flight' ? { kind: 'failed', reason: 'no_route' } : status;
      },
    }),
  },
  {
    fault: 'says not_found of a part in flight, whose HTLC its pending HTLCs lack',
    caughtBy: 'shows the HTLCs of a held part at both ends',
    wrap: (node) => ({
      ...node,
      async lookup(part) {
        const status = await node.lookup(part);
        return status.kind === 'in_flight' ? { kind: 'not_found' } : status;
      },
      pendingHtlcs: async () => (await node.pendingHtlcs()).filter((htlc) => htlc.direction === 'in'),
    }),
  },
  {
    fault: 'shows no pending HTLCs at the sender',
    caughtBy: 'shows the HTLCs of a held part at both ends',
    wrap: (node, name) => (name === 'sender' ? { ...node, pendingHtlcs: async () => [] } : node),
  },
  {
    fault: 'says failed of a part that it never sent',
    caughtBy: 'knows nothing of a part that it never sent',
    wrap: (node) => ({
      ...node,
      async lookup(part) {
        const status = await node.lookup(part);
        return status.kind === 'not_found' ? { kind: 'failed', reason: 'no_route' } : status;
      },
    }),
  },
];

const invoices: readonly BrokenDriver[] = [
  {
    fault: 'says cancelled and does not cancel',
    caughtBy: 'refuses the payment of a cancelled invoice',
    wrap: (node) => ({
      ...node,
      async cancelInvoice(hash) {
        const { kind } = await node.lookupInvoice(hash);
        return kind === 'pending' ? { kind: 'cancelled', preimage: null } : node.cancelInvoice(hash);
      },
    }),
  },
  {
    fault: 'says cancelled of what has been paid',
    caughtBy: 'says settled when it is asked to cancel',
    wrap: (node) => ({
      ...node,
      async cancelInvoice(hash) {
        const answer = await node.cancelInvoice(hash);
        return answer.kind === 'settled' ? { kind: 'cancelled', preimage: null } : answer;
      },
    }),
  },
  {
    fault: 'calls an unknown invoice expired',
    caughtBy: 'knows nothing of an invoice that it never made',
    wrap: (node) => ({
      ...node,
      async lookupInvoice(hash) {
        const status = await node.lookupInvoice(hash);
        return status.kind === 'not_found' ? { kind: 'expired' } : status;
      },
    }),
  },
  {
    fault: 'counts what it receives in whole satoshis',
    caughtBy: 'pays an invoice in one part',
    wrap: (node) =>
      withEvents(node, (event) =>
        event.kind === 'invoice_settled'
          ? [{ ...event, receivedMsat: msat(event.receivedMsat - (event.receivedMsat % MSAT_PER_SAT)) }]
          : [event],
      ),
  },
];

const events: readonly BrokenDriver[] = [
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

const streams: readonly BrokenDriver[] = [
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
        return { stop: async () => {} };
      },
    }),
  },
];

const balances: readonly BrokenDriver[] = [
  {
    fault: 'answers with the amounts of its last answer and the cursor of now',
    caughtBy: 'holds at the sender, at every cursor',
    wrap(node) {
      let last: NodeBalances | null = null;
      return withBalances(node, (now) => {
        const answer = { ...(last ?? now), cursor: now.cursor };
        last = now;
        return answer;
      });
    },
  },
  {
    fault: 'leaves the fee out of what is in flight',
    caughtBy: 'itemises what is in flight',
    wrap: (node) =>
      withBalances(node, (now) => ({
        ...now,
        inFlight: now.inFlight.map((htlc) => ({ ...htlc, amountMsat: msat(htlc.amountMsat - 1n) })),
      })),
  },
  {
    fault: 'counts what is in flight as its own',
    caughtBy: 'itemises what is in flight',
    wrap: (node) =>
      withBalances(node, (now) => {
        const held = now.inFlight.reduce((total, htlc) => total + htlc.amountMsat, 0n);
        return { ...now, channelsMsat: msat(now.channelsMsat + held) };
      }),
  },
  {
    fault: 'keeps in flight what has failed',
    caughtBy: 'frees everything when the payee does not know the payment hash',
    wrap(node) {
      const sent = new Map<string, PartOrder>();
      const stuck: { paymentHash: PartOrder['paymentHash']; amountMsat: Msat }[] = [];
      const watched = withEvents(node, (event) => {
        const order = event.kind === 'part_failed' ? sent.get(event.token) : undefined;
        if (order) stuck.push({ paymentHash: order.paymentHash, amountMsat: sentMsat(order.route) });
        return [event];
      });
      return {
        ...withBalances(watched, (now) => ({ ...now, inFlight: [...now.inFlight, ...stuck] })),
        sendPart(order) {
          sent.set(order.token, order);
          return node.sendPart(order);
        },
      };
    },
  },
];

const facets: readonly BrokenDriver[] = [
  {
    fault: 'lacks a facet that it is known to have',
    caughtBy: 'declares every facet',
    wrap: (node) => ({ ...node, facets: node.facets.routes ? { routes: node.facets.routes } : {} }),
  },
  {
    fault: 'does not look at the fee limit',
    caughtBy: 'finds routes whose fees are within the limit',
    wrap: (node) => ({
      ...node,
      facets: {
        ...node.facets,
        routes: {
          find: async (question) =>
            (await node.facets.routes?.find({ ...question, feeLimitMsat: MAX_MSAT })) ?? {
              kind: 'none',
              reason: 'no_route',
            },
        },
      },
    }),
  },
  {
    fault: 'splits into more parts than asked for',
    caughtBy: 'finds no more routes than asked for',
    wrap: (node) => ({
      ...node,
      facets: {
        ...node.facets,
        routes: {
          find: async (question) =>
            (await node.facets.routes?.find({ ...question, maxParts: 16 })) ?? {
              kind: 'none',
              reason: 'no_route',
            },
        },
      },
    }),
  },
  {
    fault: 'spends coins twice for one token',
    caughtBy: 'sends coins once for one token',
    wrap(node) {
      let calls = 0;
      return {
        ...node,
        sendOnchain: (order) => node.sendOnchain({ ...order, token: another(order.token + calls++) }),
      };
    },
  },
  {
    fault: 'opens channels for nothing',
    caughtBy: 'opens a channel that becomes active',
    wrap: (node) => withBalances(node, (now) => ({ ...now, onchainMsat: ZERO_MSAT })),
  },
  {
    fault: 'gives values that cannot cross a thread',
    caughtBy: 'gives values that cross a thread unchanged',
    wrap: (node) => ({
      ...node,
      info: async () => Object.assign(await node.info(), { toString: () => 'a node' }),
    }),
  },
  {
    fault: 'gives values that lose their class in another thread',
    caughtBy: 'gives values that cross a thread unchanged',
    wrap(node) {
      class Balances {}
      return withBalances(node, (now) => Object.assign(new Balances(), now));
    },
  },
  {
    fault: 'goes on after it was stopped',
    caughtBy: 'ends its subscriptions when it is stopped',
    wrap: (node) => ({ ...node, stop: async () => {} }),
  },
];

export const BROKEN_DRIVERS: readonly BrokenDriver[] = [
  ...sends,
  ...lookups,
  ...invoices,
  ...events,
  ...streams,
  ...balances,
  ...facets,
];
