/**
 * What is kept for a time only goes piece by piece, the oldest first, so that it never takes long and never grows with
 * the history. Money is not among it: see docs/decisions/0011-what-is-kept.md.
 */
import type { Clock } from './clock.ts';
import type { Db, Tx } from './db.ts';
import type { Log } from './log.ts';

/** In days. */
export interface RetentionDays {
  /** So far back goes `/v1/events`. */
  readonly events: number;
  /** So long the same `Idempotency-Key` has the stored answer repeated; what was paid under it stays paid for ever. */
  readonly answers: number;
  /** So long a payment explains why its node was chosen. */
  readonly plans: number;
}

export const DEFAULT_RETENTION: RetentionDays = { events: 90, answers: 90, plans: 365 };

const PASS_MS = 3_600_000;
const PIECE = 1_000;
/** In one pass, of one kind; the next pass goes on. */
const PIECES_MAX = 1_000;

/** What is kept for `keepMs`, and how up to `limit` rows of what is older go: answers how many went. */
export interface Kept {
  readonly what: string;
  readonly keepMs: number;
  readonly drop: (tx: Tx, olderThanMs: number, limit: number) => Promise<number>;
}

export interface Retention {
  stop(): Promise<void>;
}

/** Of a process that leaves it to others. */
export const noRetention: Retention = { stop: async () => {} };

/** Any number of processes may do this on one database. */
export function startRetention(db: Db, clock: Clock, log: Log, kept: readonly Kept[]): Retention {
  const stopping = new AbortController();
  const pass = async ({ keepMs, drop }: Kept): Promise<void> => {
    for (let piece = 0; piece < PIECES_MAX && !stopping.signal.aborted; piece++) {
      if ((await db.tx((tx) => drop(tx, keepMs, PIECE))) < PIECE) return;
    }
  };
  const done = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(PASS_MS, stopping.signal);
      for (const each of kept) {
        await pass(each).catch((error: unknown) => {
          log.warn(
            { error },
            `${each.what} that are kept no longer could not be removed; trying again in an hour`,
          );
        });
      }
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
