import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Cursor, LightningNode, NodeEvent } from '../node.ts';
import type { World } from './world.ts';

/** Everything that one subscription has delivered; what came again (same cursor) counts once. */
export interface Watch {
  readonly events: readonly NodeEvent[];
  /** Waits until an event of this kind fulfils `which`, and gives it. */
  until<Kind extends NodeEvent['kind']>(
    what: string,
    kind: Kind,
    which: (event: Extract<NodeEvent, { kind: Kind }>) => boolean,
  ): Promise<Extract<NodeEvent, { kind: Kind }>>;
  of<Kind extends NodeEvent['kind']>(kind: Kind): Extract<NodeEvent, { kind: Kind }>[];
  /** Waits until the stream has come to `cursor`, and gives the events up to and including it. */
  upTo(cursor: Cursor): Promise<readonly NodeEvent[]>;
  stop(): Promise<void>;
}

/** The place in its stream where the node stands now. */
export const standingAt = async (node: LightningNode): Promise<Cursor> => (await node.balances()).cursor;

/** Whoever sends a part is told that it is its own; all else is the same for everybody. */
function asToAnybody(event: NodeEvent): NodeEvent {
  if (event.kind !== 'part_found') return event;
  const { own: _, ...rest } = event;
  return rest;
}

export function watchFrom(world: World, node: LightningNode, after: Cursor | null): Watch {
  const events: NodeEvent[] = [];
  const seen = new Map<Cursor, NodeEvent>();
  const faults: unknown[] = [];
  const subscription = node.subscribe(after, async (batch) => {
    for (const event of batch.map(asToAnybody)) {
      const before = seen.get(event.cursor);
      if (before === undefined) events.push(event);
      else if (!isDeepStrictEqual(before, event)) faults.push([before, event]);
      seen.set(event.cursor, event);
    }
  });
  const of = <Kind extends NodeEvent['kind']>(kind: Kind) =>
    events.filter((event): event is Extract<NodeEvent, { kind: Kind }> => event.kind === kind);
  return {
    events,
    of,
    async until(what, kind, which) {
      await world.eventually(what, async () => of(kind).some(which));
      const found = of(kind).find(which);
      if (found === undefined) throw new Error(`gone again: ${what}`);
      return found;
    },
    async upTo(cursor) {
      const place = () => (cursor === after ? 0 : events.findIndex((event) => event.cursor === cursor) + 1);
      await world.eventually(
        `an event with the cursor ${cursor} of balances()`,
        async () => cursor === after || place() > 0,
      );
      return events.slice(0, place());
    },
    async stop() {
      await subscription.stop();
      assert.deepEqual(faults, [], 'two events with one cursor');
    },
  };
}

export const watchNow = async (world: World, node: LightningNode): Promise<Watch> =>
  watchFrom(world, node, await standingAt(node));

/** The three ends of a payment, watched from now until `run` is over. */
export interface Watches {
  readonly sender: Watch;
  readonly second: Watch;
  readonly payee: Watch;
}
export async function watching(world: World, run: (watches: Watches) => Promise<void>): Promise<void> {
  const watches = {
    sender: await watchNow(world, world.sender),
    second: await watchNow(world, world.second),
    payee: await watchNow(world, world.payee),
  };
  try {
    await run(watches);
  } finally {
    await Promise.all([watches.sender.stop(), watches.second.stop(), watches.payee.stop()]);
  }
}
