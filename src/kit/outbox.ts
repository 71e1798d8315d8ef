/**
 * Events for the outside (SSE, later webhooks). They are written in the transactions that they tell of, and
 * numbered afterwards under one row's lock: whoever reads `id > last` never misses one that committed late.
 */
import { type Clock, OVER } from './clock.ts';
import type { Db } from './db.ts';
import type { Log } from './log.ts';
import { lastEventId, numberEvents } from './outbox-store.ts';

export interface Publisher {
  kick(): void;
  /** Calls back after new events were numbered, in this process or another (then within a second). */
  onPublished(listener: () => void): () => void;
  stop(): Promise<void>;
}

const BATCH = 500;
const POLL_MS = 1000;

export function startPublisher(db: Db, clock: Clock, log: Log): Publisher {
  const stopping = new AbortController();
  const listeners = new Set<() => void>();
  let wake = new AbortController();
  let seen = 0n;

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      let moved = 0;
      try {
        moved = await db.tx((tx) => numberEvents(tx, BATCH));
        const last = await lastEventId(db);
        if (last !== seen) for (const listener of listeners) listener();
        seen = last;
      } catch (error) {
        log.warn({ error }, 'events could not be numbered; trying again');
      }
      if (moved < BATCH) await clock.sleep(POLL_MS, wake.signal);
    }
  }

  const done = loop();
  return {
    kick: () => wake.abort(OVER),
    onPublished(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async stop() {
      stopping.abort();
      wake.abort();
      await done;
    },
  };
}
