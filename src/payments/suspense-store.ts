/** What is on the suspense accounts of the nodes, item by item. */
import type { Statements } from '../kit/db.ts';
import type { NodeId } from '../lightning/ids.ts';

export interface SuspenseItem {
  readonly node_id: NodeId;
  /** Above zero: paid out; below: received. */
  readonly amount_msat: bigint;
  /** `settled`: a part that is not Argosy's; `received`: for no invoice of ours; `explained`: a payment turned up for it. */
  readonly reason: string;
  readonly payment_hash: string;
  /** ms since 1970. */
  readonly at: number;
}

/** Newest first. */
export const readSuspense = (read: Statements, limit: number): Promise<SuspenseItem[]> =>
  read.query<SuspenseItem>(
    `select split_part(case when transfer.debit like 'node:%:suspense' then transfer.debit else transfer.credit end, ':', 2)
              as node_id,
            case when transfer.debit like 'node:%:suspense' then transfer.amount_msat else -transfer.amount_msat end
              as amount_msat,
            reason, coalesce(foreign_part.payment_hash, split_part(source, ':', 2)) as payment_hash, at
     from transfer left join foreign_part on source = 'foreign:' || token
     where transfer.debit like 'node:%:suspense' or transfer.credit like 'node:%:suspense'
     order by transfer.id desc limit $1`,
    [limit],
  );
