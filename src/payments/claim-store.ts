/** Who has a payment hash: one payment of ours in the whole fleet, or foreign parts. Let go only by proven failure. */
import type { Statements, Tx } from '../kit/db.ts';
import { together } from '../kit/together.ts';
import type { NodeId, PaymentHash } from '../lightning/ids.ts';
import type { Payment } from './payment.ts';

export interface HashClaim {
  /** Null: foreign parts have the hash. */
  readonly payment_id: string | null;
  readonly settled: boolean;
  /** Of foreign parts: a node that has one. */
  readonly node_id: NodeId | null;
}

interface WantedClaim {
  readonly network: string;
  readonly hash: PaymentHash;
  readonly paymentId: string | null;
}

/** @param paymentId null: for foreign parts. @returns false: somebody has it */
export const claimHash = (
  tx: Tx,
  network: string,
  hash: PaymentHash,
  paymentId: string | null,
): Promise<boolean> => claimHashes(tx, { network, hash, paymentId });

const claimHashes = together(async (tx: Tx, all: readonly WantedClaim[]): Promise<boolean[]> => {
  const rows = await tx.query<{ payment_hash: string; payment_id: string | null }>(
    `insert into hash_claim (network, payment_hash, payment_id)
     select * from unnest($1::text[], $2::text[], $3::text[]) order by 1, 2
     on conflict do nothing returning payment_hash, payment_id`,
    [all.map(({ network }) => network), all.map(({ hash }) => hash), all.map(({ paymentId }) => paymentId)],
  );
  const mine = new Set(rows.map(({ payment_hash, payment_id }) => `${payment_hash} ${payment_id}`));
  return all.map(({ hash, paymentId }) => mine.has(`${hash} ${paymentId}`));
});

export const findClaim = (read: Statements, network: string, hash: PaymentHash): Promise<HashClaim | null> =>
  findClaims(read, { network, hash });

const findClaims = together(
  async (read: Statements, all: readonly { readonly network: string; readonly hash: PaymentHash }[]) => {
    const rows = await read.query<HashClaim & { network: string; payment_hash: string }>(
      `select claim.network, claim.payment_hash, payment_id, foreign_part.node_id,
              coalesce(payment.state, foreign_part.state, '') = 'settled' as settled
       from unnest($1::text[], $2::text[]) as asked (network, payment_hash)
       join hash_claim as claim using (network, payment_hash)
       left join payment on payment.id = payment_id
       left join foreign_part on payment_id is null and foreign_part.state <> 'failed'
         and foreign_part.network = claim.network and foreign_part.payment_hash = claim.payment_hash
       order by foreign_part.state, foreign_part.token`,
      [all.map(({ network }) => network), all.map(({ hash }) => hash)],
    );
    // Of several foreign parts the last counts: a settled one, if there is any.
    const byHash = new Map(
      rows.map(({ network, payment_hash, ...claim }) => [`${network} ${payment_hash}`, claim]),
    );
    return all.map(({ network, hash }) => byHash.get(`${network} ${hash}`) ?? null);
  },
);

export async function releaseHash(tx: Tx, payment: Payment): Promise<void> {
  await tx.query(
    `delete from hash_claim where network = (select network from payment where id = $2)
       and payment_hash = $1 and payment_id = $2`,
    [payment.paymentHash, payment.id],
  );
}

/** Once every foreign part of the hash has failed. */
export async function releaseForeignHash(tx: Tx, network: string, hash: PaymentHash): Promise<void> {
  await tx.query(
    `delete from hash_claim where network = $1 and payment_hash = $2 and payment_id is null and not exists (
       select from foreign_part where network = $1 and payment_hash = $2 and state <> 'failed')`,
    [network, hash],
  );
}
