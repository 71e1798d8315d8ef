/**
 * Events for the outside (SSE, later webhooks). They are written in the transactions that they tell of, and
 * numbered afterwards under one row's lock: whoever reads `id > last` never misses one that committed late.
 */
import type { Clock } from './clock.ts';
import type { Db, Tx } from './db.ts';
import type { Log } from './log.ts';

export interface PublicEvent {
  /** Gapless and in order; equals SSE's `Last-Event-ID`. */
  readonly id: bigint;
  /** `payment.settled` */
  readonly type: string;
  /** The id of what it is about: `pay_...`. */
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** ms since 1970. */
  readonly at: number;
}

export async function announce(tx: Tx, type: string, subject: string, data: unknown): Promise<void> {
  await tx.query('insert into outbox (type, subject, data) values ($1, $2, $3)', [
    type,
    subject,
    JSON.stringify(data),
  ]);
}

export const readEvents = (db: Db, after: bigint, limit: number): Promise<PublicEvent[]> =>
  db.read.query<PublicEvent>(
    'select id, type, subject, data, at from event where id > $1 order by id limit $2',
    [after, limit],
  );

export const lastEventId = async (db: Db): Promise<bigint> =>
  (await db.read.one<{ last_id: bigint }>('select last_id from event_head')).last_id;

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
        moved = await db.tx(number);
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
    kick: () => wake.abort(),
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

async function number(tx: Tx): Promise<number> {
  const head = await tx.one<{ last_id: bigint }>('select last_id from event_head for update');
  const rows = await tx.query<{ id: bigint }>(
    `with taken as (
       delete from outbox where id in (select id from outbox order by id limit ${BATCH} for update skip locked)
       returning id, type, subject, data, at)
     insert into event (id, type, subject, data, at)
     select $1::bigint + row_number() over (order by id), type, subject, data, at from taken returning id`,
    [head.last_id],
  );
  if (rows.length > 0) {
    await tx.query('update event_head set last_id = last_id + $1', [rows.length]);
  }
  return rows.length;
}
