/** What is kept for a time only, and its end: see `retention.ts`. */
import type { Db, Tx } from './db.ts';

/** The oldest event that is kept; null: there is none. */
export const oldestEventId = async (db: Db): Promise<bigint | null> =>
  (await db.read.maybe<{ id: bigint }>('select id from event order by id limit 1'))?.id ?? null;

/** Of the oldest `limit` events those older than this go. Gives how many. */
export const dropOldEvents = async (tx: Tx, olderThanMs: number, limit: number): Promise<number> =>
  (
    await tx.query(
      `delete from event where id in (
         select id from (select id, at from event order by id limit $2) as oldest
         where at < now() - $1 * interval '1 millisecond') returning id`,
      [olderThanMs, limit],
    )
  ).length;

/** Up to `limit` answers older than this go. Gives how many. What was paid under their keys stays paid. */
export const dropOldAnswers = async (tx: Tx, olderThanMs: number, limit: number): Promise<number> =>
  (
    await tx.query(
      `delete from idempotency where (principal_id, key) in (
         select principal_id, key from idempotency where created_at < now() - $1 * interval '1 millisecond'
         order by created_at limit $2 for update skip locked) returning key`,
      [olderThanMs, limit],
    )
  ).length;
