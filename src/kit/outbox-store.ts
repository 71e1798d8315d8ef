/** Events for the outside as they are stored: see `outbox.ts`. */
import type { Db, Tx } from './db.ts';
import { writeTogether } from './together.ts';

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

export const announce = (tx: Tx, type: string, subject: string, data: unknown): Promise<void> =>
  insertEvent(tx, { type, subject, data: JSON.stringify(data) });

type NewEvent = { readonly type: string; readonly subject: string; readonly data: string };

const insertEvent = writeTogether(async (tx: Tx, events: readonly NewEvent[]) => {
  await tx.query(
    `insert into outbox (type, subject, data)
     select type, subject, data::jsonb from unnest($1::text[], $2::text[], $3::text[])
       with ordinality as fresh (type, subject, data, place) order by place`,
    [
      events.map((event) => event.type),
      events.map((event) => event.subject),
      events.map((event) => event.data),
    ],
  );
});

export const readEvents = (db: Db, after: bigint, limit: number): Promise<PublicEvent[]> =>
  db.read.query<PublicEvent>(
    'select id, type, subject, data, at from event where id > $1 order by id limit $2',
    [after, limit],
  );

export const lastEventId = async (db: Db): Promise<bigint> =>
  (await db.read.one<{ last_id: bigint }>('select last_id from event_head')).last_id;

/** Numbers up to `limit` of what was announced, in order. Gives how many. */
export async function numberEvents(tx: Tx, limit: number): Promise<number> {
  const head = await tx.one<{ last_id: bigint }>('select last_id from event_head for update');
  const rows = await tx.query<{ id: bigint }>(
    `with taken as (
       delete from outbox where id in (select id from outbox order by id limit $2 for update skip locked)
       returning id, type, subject, data, at)
     insert into event (id, type, subject, data, at)
     select $1::bigint + row_number() over (order by id), type, subject, data, at from taken returning id`,
    [head.last_id, limit],
  );
  if (rows.length > 0) {
    await tx.query('update event_head set last_id = last_id + $1', [rows.length]);
  }
  return rows.length;
}
