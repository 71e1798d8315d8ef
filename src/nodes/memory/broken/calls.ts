/** Wrong in what they do, or in what they answer. */
import type { Hop } from '../../../lightning/route.ts';
import { MSAT_PER_SAT, msat } from '../../../money/msat.ts';
import { another, type BrokenDriver, withEvents, withToken } from './driver.ts';

export const sends: readonly BrokenDriver[] = [
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
    fault: 'sends what comes too late',
    caughtBy: 'refuses a part that comes too late',
    wrap: (node) => ({
      ...node,
      sendPart: (order) => node.sendPart({ ...order, expiresAt: Number.POSITIVE_INFINITY }),
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

export const lookups: readonly BrokenDriver[] = [
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

export const invoices: readonly BrokenDriver[] = [
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

export const standings: readonly BrokenDriver[] = [
  {
    fault: 'gives the hash of another block than its newest',
    caughtBy: 'names the newest block as its neighbours',
    wrap: (node, name) => ({
      ...node,
      async info() {
        const info = await node.info();
        return name === 'payee' ? { ...info, blockHash: another(info.blockHash) } : info;
      },
    }),
  },
  {
    fault: 'says that it has no peers',
    caughtBy: 'counts the peers',
    wrap: (node) => ({ ...node, info: async () => ({ ...(await node.info()), peers: 0 }) }),
  },
];
