/** A node that cannot be opened yet: it is in the fleet by its name, and answers nothing but why. */
import type { LightningNode } from './node.ts';

/** @param reason for the operator, as a sentence */
export function absentNode(reason: string): LightningNode {
  const refuse = (): Promise<never> => Promise.reject(new Error(reason));
  return {
    facets: {},
    info: refuse,
    balances: refuse,
    channels: refuse,
    invoice: refuse,
    lookupInvoice: refuse,
    cancelInvoice: refuse,
    sendPart: refuse,
    lookup: refuse,
    pendingHtlcs: refuse,
    connect: refuse,
    address: refuse,
    sendOnchain: refuse,
    confirmations: refuse,
    subscribe: () => ({ ended: Promise.resolve(new Error(reason)), stop: async () => undefined }),
    stop: async () => undefined,
  };
}
