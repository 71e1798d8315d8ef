import { instant, json, type Statements, type Tx } from '../kit/db.ts';
import { together, writeTogether } from '../kit/together.ts';
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
import type { Part, Payment, PaymentFailure, PaymentState } from './payment.ts';
import type { MadePlan } from './plan.ts';
import { insertPart, type RouteJson, updatePart, updatePayment } from './saving-store.ts';

export { routeToJson } from './saving-store.ts';

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

export interface PaymentRow {
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

export interface PartRow {
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

/** What the rows say. */
export function toStored(row: PaymentRow, parts: readonly PartRow[]): StoredPayment {
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

export const findPaymentOfPart: (read: Statements, token: PartToken) => Promise<StoredPayment | null> =
  together((read, tokens) => paymentsOfParts(read, tokens, ''));

/** The payment, locked until the transaction ends. Its parts are read after the lock, so they are the newest. */
export async function lockPayment(tx: Tx, id: string): Promise<StoredPayment | null> {
  const row = await tx.maybe<PaymentRow>(`${PAYMENT} where id = $1 for update`, [id]);
  return row === null ? null : ((await withParts(tx, [row]))[0] ?? null);
}

/** Of several in one transaction each is locked in the order of their ids. */
export const lockPaymentOfPart: (tx: Tx, token: PartToken) => Promise<StoredPayment | null> = together(
  (tx: Tx, tokens) => paymentsOfParts(tx, tokens, 'order by id for update'),
);

async function paymentsOfParts(
  read: Statements,
  tokens: readonly PartToken[],
  lock: '' | 'order by id for update',
): Promise<(StoredPayment | null)[]> {
  const rows = await read.query<PaymentRow>(
    `${PAYMENT} where id = any(array(select payment_id from part where token = any($1))) ${lock}`,
    [tokens],
  );
  const found = await withParts(read, rows);
  const byToken = new Map(
    found.flatMap((stored) => stored.payment.parts.map(({ token }) => [token, stored])),
  );
  return tokens.map((token) => byToken.get(token) ?? null);
}

/** Whose part it is; null: no part of ours. */
export const paymentIdsOfParts = async (
  read: Statements,
  tokens: readonly PartToken[],
): Promise<ReadonlyMap<PartToken, string>> => {
  if (tokens.length === 0) return new Map();
  const rows = await read.query<{ token: PartToken; payment_id: string }>(
    'select token, payment_id from part where token = any($1)',
    [tokens],
  );
  return new Map(rows.map(({ token, payment_id }) => [token, payment_id]));
};

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
export const insertPayment: (tx: Tx, fresh: NewPayment) => Promise<void> = writeTogether(
  async (tx: Tx, all: readonly NewPayment[]) => {
    const payments = all.map(({ stored }) => stored.payment);
    const stored = all.map((fresh) => fresh.stored);
    await tx.query(
      `with fresh as (
         select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[],
             $8::text[], $9::bigint[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::text[],
             $15::text[], $16::text[], $17::timestamptz[])
           as fresh (obligation_id, source, account_id, amount_msat, id, network, payment_hash, bolt11, fee_limit_msat,
             preferred_region, internal_invoice_id, deadline_at, created_at, payment_secret, payment_metadata,
             plan, planned_at)),
       owed as (
         insert into obligation (id, source, account_id, amount_msat)
         select obligation_id, source, account_id, amount_msat from fresh order by source),
       begun as (
         insert into payment (id, obligation_id, account_id, network, payment_hash, bolt11, amount_msat, fee_limit_msat,
                              state, attempt, preferred_region, internal_invoice_id, deadline_at, created_at,
                              payment_secret, payment_metadata, epoch)
         select id, obligation_id, account_id, network, payment_hash, bolt11, amount_msat, fee_limit_msat,
                'pending', 0, preferred_region, internal_invoice_id, deadline_at, created_at,
                payment_secret, payment_metadata, (select epoch from past) from fresh)
       insert into attempt (payment_id, attempt, plan, rounds, planned_at)
       select id, 1, plan::json, 1, planned_at from fresh where plan is not null`,
      [
        all.map(({ obligationId }) => obligationId),
        all.map(({ obligationSource }) => obligationSource),
        stored.map(({ accountId }) => accountId),
        payments.map(({ amountMsat }) => amountMsat),
        payments.map(({ id }) => id),
        all.map(({ network }) => network),
        payments.map(({ paymentHash }) => paymentHash),
        stored.map(({ bolt11 }) => bolt11),
        payments.map(({ feeLimitMsat }) => feeLimitMsat),
        stored.map(({ preferredRegion }) => preferredRegion),
        stored.map(({ internalInvoiceId }) => internalInvoiceId),
        stored.map(({ deadlineAt }) => instant(deadlineAt)),
        stored.map(({ createdAt }) => instant(createdAt)),
        stored.map(({ paymentSecret }) => paymentSecret),
        stored.map(({ paymentMetadata }) => paymentMetadata),
        all.map(({ plan }) => (plan === null ? null : json(planToKeep(plan)))),
        all.map(({ plan }) => (plan === null ? null : instant(plan.plannedAt))),
      ],
    );
  },
);

/** Writes what the decision changed. */
export async function savePayment(tx: Tx, before: Payment, after: Payment): Promise<void> {
  const { id: paymentId } = after;
  const fresh = after.parts.slice(before.parts.length);
  const changed = after.parts.slice(0, before.parts.length).filter((part, at) => part !== before.parts[at]);
  await Promise.all([
    ...(isSame(before, after) ? [] : [updatePayment(tx, after)]),
    ...fresh.map((part) => insertPart(tx, { ...part, paymentId })),
    ...changed.map((part) => updatePart(tx, part)),
  ]);
}

/** But for their parts. */
const isSame = (one: Payment, other: Payment): boolean =>
  one.state === other.state &&
  one.failure === other.failure &&
  one.preimage === other.preimage &&
  one.feeMsat === other.feeMsat &&
  one.attempt === other.attempt;

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
