/** A node's event stream, taken up again from where the books are whenever it ends for good. */
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { Cursor, LightningNode, NodeEvent, Subscription } from '../nodes/node.ts';

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 15_000;
/** A new stream that does not end within so long is taken to be alive. */
const SETTLED_MS = 500;
/** A stream that has lived so long begins its retries anew. */
const LONG_LIVED_MS = 60_000;

/** `error`: why it ended; null while it is alive. `since`: ms since 1970. */
export interface StreamHealth {
  readonly error: string | null;
  readonly since: number;
}

export interface Stream {
  health(): StreamHealth;
  stop(): Promise<void>;
}

interface Followed {
  readonly clock: Clock;
  readonly log: Log;
  readonly id: NodeId;
  readonly node: Pick<LightningNode, 'subscribe'>;
  /** Where the books are now. */
  readonly readCursor: () => Promise<Cursor | null>;
  readonly deliver: (batch: readonly NodeEvent[]) => Promise<void>;
  /** The stream has ended, or is back. */
  readonly changed: () => void;
}

export function followStream(
  { clock, log, id, node, readCursor, deliver, changed }: Followed,
  first: Cursor | null,
): Stream {
  const stopping = new AbortController();
  let subscription: Subscription | null = null;
  let health: StreamHealth = { error: null, since: clock.now() };

  async function untilItEnds(after: () => Promise<Cursor | null>): Promise<Error> {
    try {
      const from = await after();
      if (stopping.signal.aborted) throw new Error('stopped');
      subscription = node.subscribe(from, deliver);
      const settled = new AbortController();
      if (health.error !== null) void clock.sleep(SETTLED_MS, settled.signal).then(() => backUnless(settled));
      const ended = await subscription.ended;
      settled.abort();
      // What it is delivering still is booked before a new stream may bring the same.
      await subscription.stop();
      return ended ?? new Error('the driver has been stopped');
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  function backUnless({ signal }: AbortController): void {
    if (signal.aborted) return;
    health = { error: null, since: clock.now() };
    log.info({ node: id }, 'the event stream of this node is back');
    changed();
  }

  async function run(): Promise<void> {
    for (let failures = 0; ; failures++) {
      const began = clock.elapsed();
      const error = await untilItEnds(failures === 0 ? async () => first : readCursor);
      if (stopping.signal.aborted) return;
      if (clock.elapsed() - began > LONG_LIVED_MS) failures = 0;
      if (health.error === null) {
        log.error({ node: id, error }, 'the event stream of this node has ended; it is taken up again');
        health = { error: error.message, since: clock.now() };
        changed();
      }
      const wait = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 10));
      await clock.sleep(wait, stopping.signal);
      if (stopping.signal.aborted) return;
    }
  }

  const done = run();
  return {
    health: () => health,
    async stop() {
      stopping.abort();
      await subscription?.stop();
      await done;
    },
  };
}
