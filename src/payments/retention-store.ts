/** Why nodes were chosen is kept for a time only: see `kit/retention.ts`. */
import type { Tx } from '../kit/db.ts';

/** Of the oldest `limit` plans (ids of payments grow with time) those made before this go. Gives how many. */
export const dropOldPlans = async (tx: Tx, olderThanMs: number, limit: number): Promise<number> =>
  (
    await tx.query(
      `delete from attempt where (payment_id, attempt) in (
         select payment_id, attempt
         from (select payment_id, attempt, planned_at from attempt order by payment_id, attempt limit $2) as oldest
         where planned_at < now() - $1 * interval '1 millisecond') returning attempt`,
      [olderThanMs, limit],
    )
  ).length;
