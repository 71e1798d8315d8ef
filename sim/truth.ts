/** What the own nodes themselves say has happened, whoever was told of it. */
import type { Cursor, NodeEvent } from '../src/nodes/node.ts';
import type { World } from './world.ts';

export interface Truth {
  /** Settled parts by their tokens. */
  readonly settled: ReadonlyMap<
    string,
    { readonly node: string; readonly hash: string; readonly feeMsat: bigint }
  >;
  /** Paid invoices by their hashes. */
  readonly received: ReadonlyMap<string, { readonly node: string; readonly msat: bigint }>;
  /** Fees earned by forwarding. msat. */
  earnedMsat(): bigint;
}

export function watchNodes(world: World): Truth {
  const settled = new Map<string, { node: string; hash: string; feeMsat: bigint }>();
  const received = new Map<string, { node: string; msat: bigint }>();
  let earned = 0n;
  const take = (node: string, event: NodeEvent): void => {
    const { story } = world;
    if (event.kind === 'part_settled') {
      settled.set(event.token, { node, hash: event.paymentHash, feeMsat: event.feeMsat });
      story.tell(node, `settled part ${event.token.slice(0, 8)} of ${event.paymentHash.slice(0, 8)}`);
    } else if (event.kind === 'part_failed') {
      story.tell(node, `part ${event.token.slice(0, 8)} failed: ${event.reason}`);
    } else if (event.kind === 'invoice_settled') {
      const before = received.get(event.paymentHash)?.msat ?? 0n;
      received.set(event.paymentHash, { node, msat: before + event.receivedMsat });
      story.tell(node, `was paid ${event.receivedMsat} msat for ${event.paymentHash.slice(0, 8)}`);
    } else if (event.kind === 'forwarded') earned += event.feeMsat;
  };
  const follow = (name: string, after: Cursor | null): void => {
    let last = after;
    const subscription = world.network.open(name).subscribe(after, async (batch) => {
      for (const event of batch) take(name, event);
      last = batch.at(-1)?.cursor ?? last;
    });
    // A fault that ends streams ends this one, too.
    void subscription.ended.then(() => follow(name, last));
  };
  for (const name of world.plan.nodes) follow(name, null);
  return { settled, received, earnedMsat: () => earned };
}
