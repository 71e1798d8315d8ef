/** Payments and invoices as the API shows them. Amounts are decimal strings of msat, times ISO 8601. */
import type { InvoiceRow } from './invoice-store.ts';
import { type Part, partFeeMsat, partMsat } from './payment.ts';
import { routeToJson, type StoredPayment } from './store.ts';

export const time = (ms: number): string => new Date(ms).toISOString();
export const timeOrNull = (ms: number | null): string | null => (ms === null ? null : time(ms));
const amount = (msat: bigint | null): string | null => (msat === null ? null : msat.toString());

const partView = (part: Part) => ({
  id: part.id,
  amount_msat: partMsat(part).toString(),
  fee_msat: partFeeMsat(part).toString(),
  state: part.state,
  failure: part.failure,
  route: routeToJson(part.route).hops,
});

/** Parts grouped by attempt; one attempt is at one node. */
function attemptViews(parts: readonly Part[]) {
  const numbers = [...new Set(parts.map((part) => part.attempt))];
  return numbers.map((attempt) => {
    const own = parts.filter((part) => part.attempt === attempt);
    return { attempt, node: own[0]?.nodeId ?? null, parts: own.map(partView) };
  });
}

export function paymentView(stored: StoredPayment) {
  const { payment } = stored;
  return {
    id: payment.id,
    state: payment.state,
    failure: payment.failure,
    account: stored.accountId,
    amount_msat: payment.amountMsat.toString(),
    fee_msat: payment.state === 'settled' ? payment.feeMsat.toString() : null,
    fee_limit_msat: payment.feeLimitMsat.toString(),
    payment_hash: payment.paymentHash,
    preimage: payment.preimage,
    invoice: stored.bolt11,
    internal_invoice: stored.internalInvoiceId,
    region: stored.preferredRegion,
    attempts: attemptViews(payment.parts),
    created_at: time(stored.createdAt),
    ended_at: timeOrNull(stored.endedAt),
  };
}

export const invoiceView = (row: InvoiceRow) => ({
  id: row.id,
  state: row.state,
  node: row.node_id,
  account: row.account_id,
  amount_msat: amount(row.amount_msat),
  received_msat: amount(row.received_msat),
  description: row.description,
  payment_hash: row.payment_hash,
  invoice: row.bolt11,
  paid: row.paid,
  internal: row.internal,
  expires_at: time(row.expires_at),
  created_at: time(row.created_at),
  settled_at: timeOrNull(row.settled_at),
});
