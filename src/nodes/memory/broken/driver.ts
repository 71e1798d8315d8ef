/** How a driver is broken: one verb or one stream of a good one is replaced. */
import { createHash } from 'node:crypto';
import { partToken } from '../../../lightning/ids.ts';
import type { Cursor, LightningNode, NodeBalances, NodeEvent, PartOrder } from '../../node.ts';

export interface BrokenDriver {
  /** What is wrong with it, as a sentence without its subject. */
  readonly fault: string;
  /** The words of a case that is there to catch it. */
  readonly caughtBy: string;
  wrap(node: LightningNode, name: string): LightningNode;
}

export const another = (token: string): string => createHash('sha256').update(token).digest('hex');
export const withToken = (order: PartOrder): PartOrder => ({
  ...order,
  token: partToken(another(order.token)),
});
export const more = (cursor: Cursor): Cursor => `${cursor}+`;

/** The same node with other events: `change` makes of each what is delivered in its place. */
export function withEvents(
  node: LightningNode,
  change: (event: NodeEvent) => readonly NodeEvent[],
): LightningNode {
  return {
    ...node,
    subscribe: (after, deliver) =>
      node.subscribe(after === null ? null : after.replaceAll('+', ''), async (batch) => {
        await deliver(batch.flatMap(change));
      }),
  };
}

export const withBalances = (
  node: LightningNode,
  change: (b: NodeBalances) => NodeBalances,
): LightningNode => ({
  ...node,
  balances: async () => change(await node.balances()),
});

/** As the broken drivers are made, but right: what they are caught by is their fault, not the wrapping. */
export const wrapped = (node: LightningNode): LightningNode =>
  withBalances(
    withEvents(node, (event) => [event]),
    (balances) => balances,
  );
