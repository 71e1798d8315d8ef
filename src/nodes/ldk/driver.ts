/** The port, spoken to one node of a worker. */
import type { LightningNode, NodeEvent } from '../node.ts';
import type { CallWorker } from './host.ts';
import { createSubscription } from './subscription.ts';

export interface DriverOptions {
  readonly name: string;
  readonly call: CallWorker;
  /** Of the chain that the nodes are fed. */
  newestHeight(): number;
}

const EVENTS_AT_ONCE = 256;

export function createDriver({ name, call: callWorker, newestHeight }: DriverOptions): LightningNode {
  const stops = new Set<() => Promise<void>>();
  let stopped = false;
  /** The node itself runs on: only this way to it ends. */
  const call: CallWorker = (node, verb, takes, patienceMs) => {
    if (!stopped) return callWorker(node, verb, takes, patienceMs);
    return { answer: Promise.reject(new Error(`${node} has been stopped`)), forget() {} };
  };

  return {
    facets: {
      routes: { find: (question) => call(name, 'findRoutes', question).answer },
      open: { open: (order) => call(name, 'open', order).answer },
      close: { close: (order) => call(name, 'close', order).answer },
    },
    async info() {
      const info = await call(name, 'info', null).answer;
      return { ...info, synced: info.blockHeight === newestHeight() };
    },
    balances: () => call(name, 'balances', null).answer,
    channels: () => call(name, 'channels', null).answer,
    invoice: (order) => call(name, 'invoice', order).answer,
    lookupInvoice: (hash) => call(name, 'lookupInvoice', hash).answer,
    cancelInvoice: (hash) => call(name, 'cancelInvoice', hash).answer,
    sendPart: (order) => call(name, 'sendPart', order).answer,
    lookup: ({ token }) => call(name, 'lookup', token).answer,
    pendingHtlcs: () => call(name, 'pendingHtlcs', null).answer,
    async connect(peer, address) {
      await call(name, 'connect', { peer, address }).answer;
    },
    address: () => call(name, 'address', null).answer,
    sendOnchain: (order) => call(name, 'sendOnchain', order).answer,
    confirmations: (txid) => call(name, 'confirmations', txid).answer,
    subscribe(after, deliver) {
      const read = (cursor: NodeEvent['cursor'] | null) =>
        call(name, 'events', { after: cursor, limit: EVENTS_AT_ONCE }, Number.POSITIVE_INFINITY);
      const subscription = createSubscription(read, after, deliver);
      stops.add(subscription.stop);
      return {
        ended: subscription.ended,
        async stop() {
          stops.delete(subscription.stop);
          await subscription.stop();
        },
      };
    },
    async stop() {
      stopped = true;
      await Promise.all([...stops].map((stop) => stop()));
      stops.clear();
    },
  };
}
