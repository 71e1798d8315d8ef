import { instant, json, type Statements, type Tx } from '../kit/db.ts';
import {
  type NodeId,
  nodeId,
  type PartToken,
  type PaymentHash,
  type PaymentSecret,
  type Preimage,
  partToken,
} from '../lightning/ids.ts';
import type { Route } from '../lightning/route.ts';
import { msat } from '../money/msat.ts';
import { planToKeep } from './attempt-store.ts';
import {
  type Part,
  type Payment,
  type PaymentFailure,
  type PaymentState,
  partFeeMsat,
  partMsat,
} from './payment.ts';
import type { MadePlan } from './plan.ts';

/** A payment with what the shell needs around the decision. */
export interface StoredPayment {
  readonly payment: Payment;
  readonly accountId: string;
  readonly bolt11: string;
  readonly paymentSecret: PaymentSecret;
  readonly paymentMetadata: string | null;
  readonly internalInvoiceId: string | null;
  readonly preferredRegion: string | null;
  /** ms since 1970, these three. */
  readonly deadlineAt: number;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

interface PaymentRow {
  id: string;
  payment_hash: string;
  amount_msat: bigint;
  fee_limit_msat: bigint;
  state: string;
  failure: string | null;
  preimage: string | null;
  paid_fee_msat: bigint;
  attempt: number;
  account_id: string;
  bolt11: string;
  payment_secret: string;
  payment_metadata: string | null;
  internal_invoice_id: string | null;
  preferred_region: string | null;
  deadline_at: number;
  created_at: number;
  ended_at: number | null;
}

interface PartRow {
  id: string;
  payment_id: string;
  attempt: number;
  node_id: string;
  token: string;
  route: RouteJson;
  state: string;
  failure: string | null;
  send_ms: number | null;
}

interface RouteJson {
  hops: { pubkey: string; scid: string; amount_msat: string; cltv_delta: number }[];
}

export const routeToJson = (route: Route): RouteJson => ({
  hops: route.hops.map((hop) => ({
    pubkey: hop.pubkey,
    scid: hop.scid,
    amount_msat: hop.amountMsat.toString(),
    cltv_delta: hop.cltvDelta,
  })),
});

const routeFromJson = (stored: RouteJson): Route =>
  ({
    hops: stored.hops.map((hop) => ({
      pubkey: hop.pubkey,
      scid: hop.scid,
      amountMsat: msat(BigInt(hop.amount_msat)),
      cltvDelta: hop.cltv_delta,
    })),
  }) as unknown as Route;

const PAYMENT = `select id, payment_hash, amount_msat, fee_limit_msat, state, failure, preimage, attempt,
  account_id, bolt11, payment_secret, payment_metadata, internal_invoice_id, preferred_region, deadline_at, created_at, ended_at, paid_fee_msat from payment`;
const PART = 'select id, payment_id, attempt, node_id, token, route, state, failure, send_ms from part';

function toStored(row: PaymentRow, parts: readonly PartRow[]): StoredPayment {
  return {
    payment: {
      id: row.id,
      paymentHash: row.payment_hash as PaymentHash,
      amountMsat: msat(row.amount_msat),
      feeLimitMsat: msat(row.fee_limit_msat),
      state: row.state as PaymentState,
      failure: row.failure as PaymentFailure | null,
      preimage: row.preimage as Preimage | null,
      feeMsat: msat(row.paid_fee_msat),
      attempt: row.attempt,
      parts: parts.filter((part) => part.payment_id === row.id).map(toPart),
    },
    accountId: row.account_id,
    bolt11: row.bolt11,
    paymentSecret: row.payment_secret as PaymentSecret,
    paymentMetadata: row.payment_metadata,
    internalInvoiceId: row.internal_invoice_id,
    preferredRegion: row.preferred_region,
    deadlineAt: row.deadline_at,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}

const toPart = (row: PartRow): Part => ({
  id: row.id,
  attempt: row.attempt,
  nodeId: nodeId(row.node_id),
  token: partToken(row.token),
  route: routeFromJson(row.route),
  state: row.state as Part['state'],
  failure: row.failure as Part['failure'],
  sendMs: row.send_ms,
});

async function withParts(read: Statements, rows: readonly PaymentRow[]): Promise<StoredPayment[]> {
  if (rows.length === 0) return [];
  const parts = await read.query<PartRow>(`${PART} where payment_id = any($1) order by payment_id, id`, [
    rows.map((row) => row.id),
  ]);
  return rows.map((row) => toStored(row, parts));
}

export async function findPayment(read: Statements, id: string): Promise<StoredPayment | null> {
  const row = await read.maybe<PaymentRow>(`${PAYMENT} where id = $1`, [id]);
  return row === null ? null : ((await withParts(read, [row]))[0] ?? null);
}

export async function findPaymentOfPart(read: Statements, token: PartToken): Promise<StoredPayment | null> {
  const row = await read.maybe<PaymentRow>(
    `${PAYMENT} where id = (select payment_id from part where token = $1)`,
    [token],
  );
  return row === null ? null : ((await withParts(read, [row]))[0] ?? null);
}

/** The payment, locked until the transaction ends. Its parts are read after the lock, so they are the newest. */
export async function lockPayment(tx: Tx, id: string): Promise<StoredPayment | null> {
  const row = await tx.maybe<PaymentRow>(`${PAYMENT} where id = $1 for update`, [id]);
  return row === null ? null : ((await withParts(tx, [row]))[0] ?? null);
}

export async function lockPaymentOfPart(tx: Tx, token: PartToken): Promise<StoredPayment | null> {
  const row = await tx.maybe<PaymentRow>(
    `${PAYMENT} where id = (select payment_id from part where token = $1) for update`,
    [token],
  );
  return row === null ? null : ((await withParts(tx, [row]))[0] ?? null);
}

/** Newest first; `before` is the last one of the page before. */
export async function listPayments(
  read: Statements,
  page: { readonly before: { at: number; id: string } | null; readonly limit: number },
): Promise<StoredPayment[]> {
  const rows = await read.query<PaymentRow>(
    `${PAYMENT} where (created_at, id) < ($1::timestamptz, $2) order by created_at desc, id desc limit $3`,
    [page.before === null ? 'infinity' : instant(page.before.at), page.before?.id ?? '', page.limit],
  );
  return withParts(read, rows);
}

export interface NewPayment {
  readonly obligationId: string;
  /** Names the debt: unique for ever. */
  readonly obligationSource: string;
  readonly network: string;
  readonly stored: Omit<StoredPayment, 'endedAt'>;
  /** Of the first attempt; null: no node is needed. */
  readonly plan: MadePlan | null;
}

/** Obligation, payment and the plan of its first attempt. @throws on a source that has a live payment (unique violation) */
export async function insertPayment(tx: Tx, fresh: NewPayment): Promise<void> {
  const { payment, accountId } = fresh.stored;
  await tx.query(
    `with owed as (
       insert into obligation (id, source, account_id, amount_msat) values ($1, $2, $3, $4) returning id),
     begun as (
       insert into payment (id, obligation_id, account_id, network, payment_hash, bolt11, amount_msat, fee_limit_msat,
                            state, attempt, preferred_region, internal_invoice_id, deadline_at, created_at,
                            payment_secret, payment_metadata, epoch)
       select $5, owed.id, $3, $6, $7, $8, $4, $9, 'pending', 0, $10, $11, $12, $13, $14, $15, past.epoch
       from owed, past returning id)
     insert into attempt (payment_id, attempt, plan, rounds, planned_at)
     select id, 1, $16::json, 1, $17::timestamptz from begun where $16::json is not null`,
    [
      fresh.obligationId,
      fresh.obligationSource,
      accountId,
      payment.amountMsat,
      payment.id,
      fresh.network,
      payment.paymentHash,
      fresh.stored.bolt11,
      payment.feeLimitMsat,
      fresh.stored.preferredRegion,
      fresh.stored.internalInvoiceId,
      instant(fresh.stored.deadlineAt),
      instant(fresh.stored.createdAt),
      fresh.stored.paymentSecret,
      fresh.stored.paymentMetadata,
      fresh.plan === null ? null : json(planToKeep(fresh.plan)),
      fresh.plan === null ? null : instant(fresh.plan.plannedAt),
    ],
  );
}

/** Who claims a hash. */
export interface HashClaim {
  /** Null: foreign parts have the hash. */
  readonly payment_id: string | null;
  readonly settled: boolean;
  /** Of the foreign parts: a node that has one. */
  readonly node_id: NodeId | null;
}

/** @param paymentId null: for foreign parts. @returns false: it is claimed already */
export const claimHash = async (
  tx: Tx,
  network: string,
  hash: PaymentHash,
  paymentId: string | null,
): Promise<boolean> =>
  (
    await tx.query(
      `insert into hash_claim (network, payment_hash, payment_id) values ($1, $2, $3)
       on conflict do nothing returning payment_hash`,
      [network, hash, paymentId],
    )
  ).length === 1;

export const findClaim = (read: Statements, network: string, hash: PaymentHash): Promise<HashClaim | null> =>
  read.maybe<HashClaim>(
    `select payment_id, foreign_part.node_id,
            coalesce(payment.state, foreign_part.state, '') = 'settled' as settled
     from hash_claim as claim left join payment on payment.id = payment_id
       left join foreign_part on payment_id is null and foreign_part.state <> 'failed'
         and foreign_part.network = claim.network and foreign_part.payment_hash = claim.payment_hash
     where claim.network = $1 and claim.payment_hash = $2 order by foreign_part.state desc limit 1`,
    [network, hash],
  );

export async function releaseHash(tx: Tx, payment: Payment): Promise<void> {
  await tx.query(
    `delete from hash_claim where network = (select network from payment where id = $2)
       and payment_hash = $1 and payment_id = $2`,
    [payment.paymentHash, payment.id],
  );
}

export async function insertParts(tx: Tx, paymentId: string, parts: readonly Part[]): Promise<void> {
  for (const part of parts) {
    await tx.query(
      `insert into part (id, payment_id, attempt, node_id, token, amount_msat, fee_msat, route, state)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        part.id,
        paymentId,
        part.attempt,
        part.nodeId,
        part.token,
        partMsat(part),
        partFeeMsat(part),
        json(routeToJson(part.route)),
        part.state,
      ],
    );
  }
}

/** Writes what the decision changed. */
export async function savePayment(tx: Tx, before: Payment, after: Payment): Promise<void> {
  if (!isSame(before, after)) await updatePayment(tx, after);
  await insertParts(tx, after.id, after.parts.slice(before.parts.length));
  for (const [index, part] of before.parts.entries()) {
    const now = after.parts[index];
    if (now !== undefined && now !== part) await updatePart(tx, now);
  }
}

/** But for their parts. */
const isSame = (one: Payment, other: Payment): boolean =>
  one.state === other.state &&
  one.failure === other.failure &&
  one.preimage === other.preimage &&
  one.feeMsat === other.feeMsat &&
  one.attempt === other.attempt;

async function updatePayment(tx: Tx, payment: Payment): Promise<void> {
  const { id, state, failure, preimage, feeMsat, attempt } = payment;
  const over = state === 'settled' || state === 'failed';
  await tx.query(
    `update payment set state = $2::text, failure = $3, preimage = $4, paid_fee_msat = $5::bigint,
            fee_msat = case when $2::text = 'settled' then $5::bigint end, attempt = $6,
            ended_at = case when $7 then coalesce(ended_at, now()) end
     where id = $1`,
    [id, state, failure, preimage, feeMsat, attempt, over],
  );
}

const updatePart = async (tx: Tx, { id, state, failure, sendMs }: Part): Promise<void> => {
  await tx.query(
    `update part set state = $2::text, failure = $3, send_ms = $4,
            sent_at = case when $2::text = 'planned' then sent_at else coalesce(sent_at, now()) end,
            ended_at = case when $2::text in ('settled', 'failed') then coalesce(ended_at, now()) end
     where id = $1`,
    [id, state, failure, sendMs],
  );
};

/** Parts sent, without an end, that nobody has looked at for a while; they are marked as looked at. */
export const takeStaleParts = (
  tx: Tx,
  nodes: readonly NodeId[],
  staleMs: number,
  limit: number,
): Promise<{ token: string; node_id: NodeId }[]> =>
  tx.query(
    `update part set checked_at = now() where id = any(array(
       select id from part where node_id = any($1) and state in ('in_flight', 'unknown')
         and checked_at < now() - $2 * interval '1 millisecond'
       order by checked_at limit $3 for update skip locked))
     returning token, node_id`,
    [nodes, staleMs, limit],
  );

/** Parts of a node, sent and without an end, by their tokens; those that nobody has looked at for longest come first. */
export const openPartsOf = async (read: Statements, node: NodeId, limit: number): Promise<string[]> =>
  (
    await read.query<{ token: string }>(
      `select token from part where node_id = $1 and state in ('in_flight', 'unknown') order by checked_at limit $2`,
      [node, limit],
    )
  ).map(({ token }) => token);

export const hasOpenParts = async (read: Statements): Promise<boolean> =>
  (await read.query(`select id from part where state in ('planned', 'in_flight', 'unknown') limit 1`))
    .length > 0;

/** ms since the send of the part ended, with an answer or without. */
export const timeSinceSend = async (read: Statements, token: PartToken): Promise<number> =>
  (
    await read.one<{ ms: number }>(
      `select (extract(epoch from now() - coalesce(sent_at, now())) * 1000)::float8 as ms from part where token = $1`,
      [token],
    )
  ).ms;
