import { refuseInPanic } from '../fleet/panic.ts';
import { refuseInUnknownPast } from '../fleet/past.ts';
import { readPast } from '../fleet/past-store.ts';
import { readPanic } from '../fleet/switch-store.ts';
import { addEffect } from '../kit/effect-store.ts';
import { newId, randomHex } from '../kit/ids.ts';
import { announce } from '../kit/outbox-store.ts';
import { Problem } from '../kit/problems.ts';
import type { Account } from '../ledger/account.ts';
import { type Books, Overdrawn, post } from '../ledger/store.ts';
import { partToken } from '../lightning/ids.ts';
import { msat } from '../money/msat.ts';
import { applyTo } from './apply.ts';
import { askPayers, refuseUnknownRegion, routeQuestion } from './asking.ts';
import { bookHold } from './booking.ts';
import { readClaim } from './claim.ts';
import { claimHash, findClaim, type HashClaim } from './claim-store.ts';
import type { PaymentsContext } from './context.ts';
import { findInvoiceByHash, type InvoiceRow } from './invoice-store.ts';
import type { Part, Payment } from './payment.ts';
import { choosePayer, type MadePlan, type PayerCandidate, routeKey } from './plan.ts';
import { type PaymentRequest, readPaymentRequest, type WantedPayment } from './request.ts';
import { insertPayment, type StoredPayment } from './store.ts';
import { paymentView } from './views.ts';

export interface PayOptions {
  /** A claim account: `own:business`, `customer:acme`. */
  readonly account: string;
  readonly preferredRegion: string | null;
  /** No new attempt after this time. ms. */
  readonly timeoutMs: number;
}

/** A request that was checked and planned; nothing is written yet. */
export interface PreparedPayment extends WantedPayment {
  readonly payer: Account;
  /** Null: no node is needed. */
  readonly plan: MadePlan | null;
  /** An invoice of this fleet, to be settled inside the ledger. */
  readonly own: InvoiceRow | null;
  readonly options: PayOptions;
}

const FIELD = { field: 'invoice' } as const;

/** Plans one payment without doing anything. @throws Problem */
export async function preparePayment(
  context: PaymentsContext,
  request: PaymentRequest,
  options: PayOptions,
): Promise<PreparedPayment> {
  const { db, clock, network } = context;
  const wanted = readPaymentRequest(request, network, clock.now());
  refuseUnknownRegion(context.fleet(), options.preferredRegion);
  const { paymentHash } = wanted.invoice;
  const [payer, claim, own] = await Promise.all([
    readClaim(db.read, options.account),
    findClaim(db.read, network, paymentHash),
    findInvoiceByHash(db.read, network, paymentHash),
  ]);
  if (claim !== null) throw claimed(claim);
  if (own !== null) {
    refuseUnpayable(own, payer, wanted.invoice.text);
    return { ...wanted, payer, own, options, plan: null };
  }
  const plan = await planPayment(context, wanted, options.preferredRegion, new Set());
  return { ...wanted, payer, own: null, options, plan };
}

function claimed({ payment_id: paymentId, settled, node_id: node }: HashClaim): Problem {
  if (paymentId === null) {
    const whose = `not by a payment that is in these books: node ${node} has it`;
    return settled
      ? new Problem('invoice_already_paid', `invoice: it is paid, ${whose}; nothing was sent again.`, FIELD)
      : new Problem(
          'payment_in_progress',
          `invoice: it is being paid, ${whose}; wait until it has ended.`,
          FIELD,
        );
  }
  return settled
    ? new Problem('invoice_already_paid', `invoice: ${paymentId} paid it; nothing was sent again.`, {
        field: 'invoice',
        extra: { payment: paymentId },
      })
    : new Problem('payment_in_progress', `invoice: ${paymentId} is paying it; wait for that one to end.`, {
        field: 'invoice',
        extra: { payment: paymentId },
      });
}

function refuseUnpayable(own: InvoiceRow, payer: Account, asked: string): void {
  // Anybody can sign an invoice that names our payment hash, and another amount.
  if (own.bolt11.toLowerCase() !== asked) {
    throw new Problem(
      'invoice_own_unpayable',
      `invoice: it has the payment hash of ${own.id} of this fleet, and is not what this fleet issued; ask for a new one.`,
      { field: 'invoice', extra: { invoice: own.id } },
    );
  }
  if (own.account_id === payer.id) {
    throw new Problem(
      'invoice_own',
      `invoice: ${own.id} is of this fleet and would credit ${payer.id}, the account that pays; nothing would move. Pay it from another account, or from outside.`,
      { field: 'invoice', extra: { invoice: own.id } },
    );
  }
  if (own.state === 'settled') {
    throw new Problem(
      'invoice_already_paid',
      `invoice: ${own.id} of this fleet is paid; ask for a new one.`,
      {
        field: 'invoice',
        extra: { invoice: own.id },
      },
    );
  }
  if (own.state !== 'new') {
    throw new Problem(
      'invoice_own_unpayable',
      `invoice: ${own.id} of this fleet is ${own.state}; ask for a new one.`,
      {
        field: 'invoice',
        extra: { invoice: own.id },
      },
    );
  }
}

/** Asks every node and chooses. `failedRoutes`: see `routeKey`. */
export async function planPayment(
  context: PaymentsContext,
  wanted: WantedPayment,
  preferredRegion: string | null,
  failedRoutes: ReadonlySet<string>,
): Promise<MadePlan> {
  const { amountMsat, feeLimitMsat } = wanted;
  const facts = await askPayers(
    context.fleet(),
    context.clock,
    routeQuestion(wanted.invoice, amountMsat, feeLimitMsat),
  );
  const plan = choosePayer({ amountMsat, feeLimitMsat, preferredRegion, failedRoutes }, facts);
  return { ...plan, plannedAt: context.clock.now() };
}

export const failedRoutesOf = (payment: Payment): ReadonlySet<string> =>
  new Set(
    payment.parts.filter((part) => part.state === 'failed').map((part) => routeKey(part.nodeId, part.route)),
  );

/** The parts of one attempt, over the routes of the chosen node. */
export const partsOf = (chosen: PayerCandidate, attempt: number, nowMs: number): Part[] =>
  chosen.routes.map((route) => ({
    id: newId('prt', nowMs),
    attempt,
    nodeId: chosen.node,
    token: partToken(randomHex(32)),
    route,
    state: 'planned',
    failure: null,
    sendMs: null,
  }));

/**
 * Writes obligation, payment, hash claim, hold, first attempt and its effects: all or nothing. Nothing is sent here.
 * @param source names the debt; the same source never owes twice
 * @throws Problem
 */
export async function intendPayment(
  context: PaymentsContext,
  tx: Books,
  prepared: PreparedPayment,
  source: string,
): Promise<StoredPayment> {
  refuseInPanic(await readPanic(tx));
  refuseInUnknownPast(await readPast(tx));
  const { clock, network } = context;
  const now = clock.now();
  const { invoice, amountMsat, feeLimitMsat, payer, own, options } = prepared;
  const payment: Payment = {
    id: newId('pay', now),
    paymentHash: invoice.paymentHash,
    amountMsat,
    feeLimitMsat,
    state: 'pending',
    failure: null,
    preimage: null,
    feeMsat: msat(0n),
    attempt: 0,
    parts: [],
  };
  const stored = {
    payment,
    accountId: payer.id,
    bolt11: invoice.text,
    paymentSecret: invoice.paymentSecret,
    paymentMetadata: invoice.paymentMetadata,
    internalInvoiceId: own?.id ?? null,
    preferredRegion: options.preferredRegion,
    deadlineAt: now + options.timeoutMs,
    createdAt: now,
  };
  await insertPayment(tx, {
    obligationId: newId('obl', now),
    obligationSource: source,
    network,
    stored,
    plan: prepared.plan,
  });
  if (!(await claimHash(tx, network, invoice.paymentHash, payment.id))) {
    const claim = await findClaim(tx, network, invoice.paymentHash);
    throw claimed(claim ?? { payment_id: null, settled: false, node_id: null });
  }
  const limit = own === null ? feeLimitMsat : 0n;
  post(tx, bookHold(payment.id, payer, amountMsat + limit));
  return startPayment(context, tx, { ...stored, endedAt: null }, prepared);
}

/**
 * Runs `work` with a transaction that may move money, and tells refused money apart: the account lacks the funds,
 * or the liquidity of the planned node went to another payment; then once more, to be planned by an effect.
 * @param key names the request: of two under one key at once the second waits for the first
 * @throws Problem
 */
export async function intendOnce<T>(
  context: PaymentsContext,
  key: string,
  prepared: PreparedPayment,
  work: (tx: Books, prepared: PreparedPayment) => Promise<T>,
): Promise<T> {
  try {
    const keys = [`key ${key}`, `hash ${prepared.invoice.paymentHash}`];
    return await context.intents(keys, (tx) => work(tx, prepared));
  } catch (error) {
    if (!(error instanceof Overdrawn)) throw error;
    if (error.accountId !== prepared.payer.id && prepared.plan !== null) {
      const unplanned = { ...prepared, plan: { ...prepared.plan, chosen: null, why: null } };
      return intendOnce(context, key, unplanned, work);
    }
    const needed = prepared.amountMsat + (prepared.own === null ? prepared.feeLimitMsat : 0n);
    throw new Problem(
      'insufficient_balance',
      `amount_msat: ${prepared.payer.id} has less than the amount and the fee limit together (${needed} msat); see GET /v1/accounts.`,
      { field: 'amount_msat' },
    );
  }
}

async function startPayment(
  context: PaymentsContext,
  tx: Books,
  stored: StoredPayment,
  prepared: PreparedPayment,
): Promise<StoredPayment> {
  const { payment } = stored;
  if (prepared.own !== null) {
    await addEffect(tx, {
      kind: 'payment.internal',
      key: payment.id,
      payload: { payment: payment.id },
      nodeId: prepared.own.node_id,
    });
    await announce(tx, 'payment.pending', payment.id, paymentView(stored));
    return stored;
  }
  const chosen = prepared.plan?.chosen;
  if (chosen) {
    const parts = partsOf(chosen, 1, context.clock.now());
    return applyTo(context, tx, stored, { kind: 'replanned', parts });
  }
  await addEffect(tx, { kind: 'payment.plan', key: `${payment.id}:1`, payload: { payment: payment.id } });
  await announce(tx, 'payment.pending', payment.id, paymentView(stored));
  return stored;
}
