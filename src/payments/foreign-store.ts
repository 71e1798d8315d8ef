/** Parts at own nodes that are of no payment here. */
import type { Statements, Tx } from '../kit/db.ts';
import type { NodeId, PartToken, PaymentHash, Preimage } from '../lightning/ids.ts';
import type { Msat } from '../money/msat.ts';

export interface ForeignPart {
  readonly token: PartToken;
  readonly node_id: NodeId;
  readonly network: string;
  readonly payment_hash: PaymentHash;
  readonly amount_msat: Msat;
  readonly fee_msat: Msat;
}

/** Of a payment, or foreign and told before. */
export const isKnownPart = async (read: Statements, token: PartToken): Promise<boolean> =>
  (
    await read.one<{ known: boolean }>(
      `select exists (select from part where token = $1) or exists (select from foreign_part where token = $1) as known`,
      [token],
    )
  ).known;

export async function insertForeign(tx: Tx, part: ForeignPart): Promise<void> {
  await tx.query(
    `insert into foreign_part (token, node_id, network, payment_hash, amount_msat, fee_msat, state)
     values ($1, $2, $3, $4, $5, $6, 'in_flight')`,
    [part.token, part.node_id, part.network, part.payment_hash, part.amount_msat, part.fee_msat],
  );
}

/** Null: there is no such part, or it has ended already. */
export const endForeignPart = (
  tx: Tx,
  token: PartToken,
  state: 'settled' | 'failed',
  preimage: Preimage | null,
): Promise<ForeignPart | null> =>
  tx.maybe<ForeignPart>(
    `update foreign_part set state = $2, preimage = $3, ended_at = now() where token = $1 and state = 'in_flight'
     returning token, node_id, network, payment_hash, amount_msat, fee_msat`,
    [token, state, preimage],
  );

/** A part whose token its node has forgotten, or never had, goes by another from here on. */
export async function renamePart(tx: Tx, from: PartToken, to: PartToken): Promise<void> {
  await tx.query('update part set token = $2 where token = $1', [from, to]);
  await tx.query(`delete from effect where kind in ('part.send', 'part.resolve') and key = $1`, [from]);
}

/** The parts of a hash together: whether one is under way, and what is settled. */
export const sumForeign = (
  read: Statements,
  network: string,
  hash: PaymentHash,
): Promise<{ open: boolean; preimage: Preimage | null; amount_msat: bigint; fee_msat: bigint }> =>
  read.one(
    `select coalesce(bool_or(state = 'in_flight'), false) as open, max(preimage) as preimage,
            coalesce(sum(amount_msat) filter (where state = 'settled'), 0)::bigint as amount_msat,
            coalesce(sum(fee_msat) filter (where state = 'settled'), 0)::bigint as fee_msat
     from foreign_part where network = $1 and payment_hash = $2`,
    [network, hash],
  );

/** Oldest first. */
export const settledForeign = (
  read: Statements,
  network: string,
  hash: PaymentHash,
): Promise<ForeignPart[]> =>
  read.query<ForeignPart>(
    `select token, node_id, network, payment_hash, amount_msat, fee_msat from foreign_part
     where network = $1 and payment_hash = $2 and state = 'settled' order by found_at, token`,
    [network, hash],
  );
