/** Reads a node's events batch by batch; the next is asked for once the last has been delivered. */
import type { Cursor, NodeEvent, Subscription } from '../node.ts';
import type { Calling } from './host.ts';

/** ms before a batch that was not taken comes again. */
const RETRY_MS = 50;

/** @param read answers once there are events after the cursor */
export function createSubscription(
  read: (after: Cursor | null) => Calling<readonly NodeEvent[]>,
  after: Cursor | null,
  deliver: (batch: readonly NodeEvent[]) => Promise<void>,
): Subscription {
  let stopped = false;
  const stopping = Promise.withResolvers<null>();

  /** The next batch; null when stopped meanwhile. */
  async function next(cursor: Cursor | null): Promise<readonly NodeEvent[] | null> {
    const reading = read(cursor);
    const batch = await Promise.race([reading.answer, stopping.promise]);
    if (batch === null) reading.forget();
    return batch;
  }

  async function deliverAtLeastOnce(batch: readonly NodeEvent[]): Promise<void> {
    while (!stopped) {
      try {
        await deliver(batch);
        return;
      } catch {
        await Promise.race([new Promise((wake) => setTimeout(wake, RETRY_MS)), stopping.promise]);
      }
    }
  }

  async function run(): Promise<void> {
    let cursor = after;
    while (!stopped) {
      const batch = await next(cursor);
      if (batch === null) return;
      await deliverAtLeastOnce(batch);
      cursor = batch.at(-1)?.cursor ?? cursor;
    }
  }

  const ended = run().then(
    () => null,
    (error: unknown) => (stopped ? null : toError(error)),
  );
  return {
    ended,
    async stop() {
      stopped = true;
      stopping.resolve(null);
      await ended;
    },
  };
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
