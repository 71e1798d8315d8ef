/** The effects of payments: send a part, resolve an unknown one, plan the next attempt, settle inside the ledger. */

import { isOutdated, readPast } from '../fleet/past-store.ts';
import { readClearance, readPanic } from '../fleet/switch-store.ts';
import { within } from '../kit/clock.ts';
import { type Effect, finishEffect, postponeEffect, returnEffect } from '../kit/effect-store.ts';
import type { EffectHandler } from '../kit/effects.ts';
import { announce } from '../kit/outbox-store.ts';
import { Overdrawn, withBooks } from '../ledger/store.ts';
import { type Bolt11, decodeBolt11 } from '../lightning/bolt11.ts';
import { nodeId, partToken } from '../lightning/ids.ts';
import { sentMsat } from '../lightning/route.ts';
import type { LightningNode, PartOrder, PartStatus, SendAnswer } from '../nodes/node.ts';
import { applyPartEvent, applyTo } from './apply.ts';
import { keepPlan } from './attempt-store.ts';
import type { PaymentsContext } from './context.ts';
import { meetForeign } from './foreign.ts';
import { findInvoice } from './invoice-store.ts';
import type { Part, Payment, PaymentEvent, PaymentFailure } from './payment.ts';
import type { MadePlan, PaymentPlan } from './plan.ts';
import { failedRoutesOf, partsOf, planPayment } from './service.ts';
import {
  findPayment,
  findPaymentOfPart,
  hasOpenParts,
  lockPayment,
  type StoredPayment,
  timeSinceSend,
} from './store.ts';

/** A node that gets a part later than so many ms after the last look refuses it; long before its absence is believed. */
const VALID_MS = 20_000;
/** A send leaves so soon after its claim or not at all: well before another worker may claim it. */
const SEND_WITHIN_MS = 10_000;
const MAX_ATTEMPTS = 12;
const PLAN_ROUNDS = 4;
const PLAN_WAIT_MS = 250;
/** How often what the panic switch, or an unknown past, holds up is looked at again. */
const PANIC_WAIT_MS = 1_000;

export function paymentEffects(context: PaymentsContext): ReadonlyMap<string, EffectHandler> {
  return new Map([
    ['part.send', (effect) => sendPart(context, effect)],
    ['part.resolve', (effect) => resolvePart(context, effect)],
    ['payment.plan', (effect) => planAgain(context, effect)],
    ['payment.internal', (effect) => settleInternally(context, effect)],
  ]);
}

/** Ends the effect and applies the event, or neither. */
const conclude = async (
  context: PaymentsContext,
  effect: Effect,
  open: OpenPart | null,
  event: Extract<PaymentEvent, { token: unknown }> | null,
): Promise<void> => {
  await context.conclusions(open === null ? [] : [open.stored.payment.id], async (tx) => {
    const mine = await finishEffect(tx, effect);
    if (mine && event !== null) await applyPartEvent(context, tx, event);
  });
  // What has failed is planned again, what was not answered is looked at: at once, not at the next poll.
  if (event !== null && event.kind !== 'accepted') context.kick();
};

const later = async (context: PaymentsContext, effect: Effect, ms: number): Promise<void> => {
  await context.db.tx((tx) => postponeEffect(tx, effect, ms));
};

interface OpenPart {
  readonly part: Part;
  readonly stored: StoredPayment;
  readonly node: LightningNode;
}

/** The part that the effect is about; null when it has ended. */
async function openPart(context: PaymentsContext, effect: Effect): Promise<OpenPart | null> {
  const token = partToken(String(effect.payload.token));
  const stored = await findPaymentOfPart(context.db.read, token);
  const part = stored?.payment.parts.find((candidate) => candidate.token === token);
  if (stored === null || part === undefined) throw new Error(`no part ${token}`);
  if (part.state === 'settled' || part.state === 'failed') {
    context.unanswered.delete(token);
    return null;
  }
  return { part, stored, node: context.fleet().get(part.nodeId).node };
}

/**
 * Sends a part once. Whoever finds that somebody began before must not send: the part is unknown until proof.
 */
async function sendPart(context: PaymentsContext, effect: Effect): Promise<void> {
  const open = await openPart(context, effect);
  if (open === null || open.part.state !== 'planned') return conclude(context, effect, open, null);
  const { token } = open.part;
  if (effect.attempts > 1 || isLate(context, effect)) {
    return conclude(context, effect, open, { kind: 'unanswered', token });
  }
  if (open.stored.deadlineAt <= context.clock.now()) {
    return conclude(context, effect, open, { kind: 'failed', token, reason: 'timeout' });
  }
  const { gate } = context.fleet();
  const passed = await gate.pass(open.part.nodeId, (hold) => sendUnlessStopped(context, effect, open, hold));
  if (passed === 'stopped') return notYet(context, effect);
  if (passed === 'late') return conclude(context, effect, open, { kind: 'unanswered', token });
  if (passed === 'outdated')
    return conclude(context, effect, open, { kind: 'failed', token, reason: 'timeout' });
  if (passed === 'drained')
    return conclude(context, effect, open, { kind: 'failed', token, reason: 'node_down' });
  const { answer, sendMs } = passed;
  switch (answer?.kind) {
    case 'accepted':
      return conclude(context, effect, open, { kind: 'accepted', token, sendMs });
    case 'refused':
      return conclude(context, effect, open, { kind: 'failed', token, reason: answer.reason, sendMs });
    default: // no answer, or the node knows the token: look before anything else
      return conclude(context, effect, open, { kind: 'unanswered', token, sendMs });
  }
}

/** A worker that was frozen since its claim must not send: another one may have drawn its conclusions. */
const isLate = ({ clock }: PaymentsContext, { claimedAt }: Effect): boolean =>
  clock.elapsed() - claimedAt > SEND_WITHIN_MS;

/** While the panic switch is on, or the past is not known: nothing was begun, so that this claim does not count. */
const notYet = async (context: PaymentsContext, effect: Effect): Promise<void> => {
  await context.db.tx((tx) => returnEffect(tx, effect, PANIC_WAIT_MS));
};

/**
 * Between the question and the call nothing is waited for: whoever throws the panic switch waits until all are through
 * that may have asked before it. A node that was drained since the plan is not used, unless the payee has another part
 * of this payment already.
 */
async function sendUnlessStopped(
  context: PaymentsContext,
  effect: Effect,
  open: OpenPart,
  hold: (call: Promise<unknown>) => void,
): Promise<{ answer: SendAnswer | null; sendMs: number } | 'stopped' | 'outdated' | 'drained' | 'late'> {
  const { nodeId, token } = open.part;
  const clearance = await readClearance(context.db.read, token);
  const { panic, drained, begun, unimported, outdated } = clearance;
  if (panic || unimported) return 'stopped';
  if (outdated) return 'outdated';
  if (drained && !begun) return 'drained';
  if (isLate(context, effect)) return 'late';
  const { node } = context.fleet().get(nodeId);
  const asked = context.clock.elapsed();
  const answer = await callSend(context, { ...open, node }, clearance.at + VALID_MS, hold);
  return { answer, sendMs: Math.round(context.clock.elapsed() - asked) };
}

/** Null: no answer, which proves nothing. */
async function callSend(
  context: PaymentsContext,
  { part, stored, node }: OpenPart,
  expiresAt: number,
  hold: (call: Promise<unknown>) => void,
): Promise<SendAnswer | null> {
  const order: PartOrder = {
    token: part.token,
    paymentHash: stored.payment.paymentHash,
    paymentSecret: stored.paymentSecret,
    paymentMetadata: stored.paymentMetadata,
    totalMsat: stored.payment.amountMsat,
    route: part.route,
    expiresAt,
  };
  context.unanswered.add(part.token);
  try {
    const call = node.sendPart(order);
    hold(call);
    const answer = await within(context.clock, context.patience.sendMs, call);
    context.unanswered.delete(part.token);
    return answer;
  } catch (error) {
    context.log.warn({ error, part: part.id, node: part.nodeId }, 'no answer to a send; the part is unknown');
    return null;
  }
}

function readInvoice(stored: StoredPayment): Bolt11 {
  const decoded = decodeBolt11(stored.bolt11);
  if (decoded.kind === 'invoice') return decoded.invoice;
  throw new Error(`payment ${stored.payment.id} holds an unreadable invoice: ${decoded.detail}`);
}

/** Finds out what became of a part, by proof only. A planned part is its send's affair. */
async function resolvePart(context: PaymentsContext, effect: Effect): Promise<void> {
  const open = await openPart(context, effect);
  if (open === null || open.part.state === 'planned') return conclude(context, effect, open, null);
  const { part, stored, node } = open;
  const { token } = part;
  // What was lost of it with the database may be found yet, and is told by another token.
  if ((await readPast(context.db.read)).unimported.includes(part.nodeId)) return notYet(context, effect);
  const status = await node.lookup({ token, paymentHash: stored.payment.paymentHash });
  const over = status.kind !== 'in_flight';
  if (over && effect.attempts === 1) return later(context, effect, context.patience.secondLookMs);
  if (status.kind === 'settled') {
    const { preimage, feeMsat } = status;
    return conclude(context, effect, open, { kind: 'settled', token, preimage, feeMsat });
  }
  if (status.kind === 'in_flight' || (await isPending(node, part, stored.payment))) {
    return conclude(context, effect, open, { kind: 'accepted', token });
  }
  if (status.kind === 'not_found') {
    if (part.state === 'in_flight') return forgotten(context, effect, open);
    const wait = await onItsWayMs(context, part);
    if (wait > 0) return later(context, effect, wait);
  }
  await conclude(context, effect, open, { kind: 'failed', token, reason: failureOf(status) });
  context.unanswered.delete(token);
}

/** How long a request may still be on its way to the node. */
async function onItsWayMs(context: PaymentsContext, { nodeId, token }: Part): Promise<number> {
  const { inProcess } = context.fleet().get(nodeId);
  if (inProcess === true && !context.unanswered.has(token)) return 0;
  return context.patience.absenceMs - (await timeSinceSend(context.db.read, token));
}

const failureOf = (status: PartStatus) => (status.kind === 'failed' ? status.reason : 'unattributable');

/** The node had the part and knows it no more: it may have been paid, so the hold stays until somebody has looked. */
async function forgotten(
  context: PaymentsContext,
  effect: Effect,
  { part, stored }: OpenPart,
): Promise<void> {
  const message = `node ${part.nodeId} accepted part ${part.id} and knows it no more; whether it was paid is not known`;
  context.log.error({ payment: stored.payment.id }, message);
  await context.db.tx(async (tx) => {
    if (await finishEffect(tx, effect)) await announce(tx, 'alarm', stored.payment.id, { message });
  });
}

/** Does an HTLC of this part still hang on a channel of the node? Its unique amount tells it from others. */
async function isPending(node: LightningNode, part: Part, payment: Payment): Promise<boolean> {
  const htlcs = await node.pendingHtlcs();
  return htlcs.some(
    (htlc) =>
      htlc.direction === 'out' &&
      htlc.paymentHash === payment.paymentHash &&
      htlc.amountMsat === sentMsat(part.route),
  );
}

/** Every part so far has failed: another attempt, perhaps at another node, or the end. */
async function planAgain(context: PaymentsContext, effect: Effect): Promise<void> {
  const id = String(effect.payload.payment);
  const stored = await findPayment(context.db.read, id);
  if (stored === null) throw new Error(`no payment ${id}`);
  const invoice = readInvoice(stored);
  const { payment } = stored;
  const past = await readPast(context.db.read);
  // What became of it since may be told yet.
  if (!past.current || past.unimported.length > 0) return notYet(context, effect);
  const foreign = await meetForeign(context.db.read, context.network, payment);
  if (foreign === 'wait') return notYet(context, effect);
  if (foreign !== null) return endPlanning(context, effect, id, foreign);
  const over = (await isOutdated(context.db.read, id))
    ? 'INTERRUPTED'
    : reasonToStop(context, stored, invoice);
  if (over !== null) return endPlanning(context, effect, id, { kind: 'given_up', failure: over });
  if ((await readPanic(context.db.read)).on) return notYet(context, effect);
  const wanted = { invoice, amountMsat: payment.amountMsat, feeLimitMsat: payment.feeLimitMsat };
  const plan = await planPayment(context, wanted, stored.preferredRegion, failedRoutesOf(payment));
  if (plan.chosen === null) {
    const hope = effect.attempts < PLAN_ROUNDS && (await mayChange(context, plan));
    if (hope) return later(context, effect, PLAN_WAIT_MS * 2 ** (effect.attempts - 1));
    return endPlanning(context, effect, id, { kind: 'given_up', failure: failureOfPlan(plan) }, plan);
  }
  const parts = partsOf(plan.chosen, payment.attempt + 1, context.clock.now());
  try {
    return await endPlanning(context, effect, id, { kind: 'replanned', parts }, plan);
  } catch (error) {
    if (!(error instanceof Overdrawn)) throw error;
    return later(context, effect, PLAN_WAIT_MS);
  }
}

function reasonToStop(
  context: PaymentsContext,
  stored: StoredPayment,
  invoice: Bolt11,
): PaymentFailure | null {
  const now = context.clock.now();
  if (invoice.expiresAt <= now) return 'INVOICE_EXPIRED';
  if (stored.deadlineAt <= now) return 'TIMEOUT';
  return stored.payment.attempt >= MAX_ATTEMPTS ? 'NO_ROUTE' : null;
}

/** Is it worth asking again shortly? A node may come back, and payments under way may free what they hold. */
const mayChange = async (context: PaymentsContext, plan: PaymentPlan): Promise<boolean> =>
  plan.candidates.some((candidate) => candidate.health !== 'up') || (await hasOpenParts(context.db.read));

/** What kept the fleet from paying, in one word. */
function failureOfPlan(plan: PaymentPlan): PaymentFailure {
  const every = (obstacle: string) =>
    plan.candidates.length > 0 && plan.candidates.every((candidate) => candidate.obstacle === obstacle);
  if (every('node_down')) return 'NODE_DOWN';
  if (every('no_liquidity')) return 'INSUFFICIENT_BALANCE';
  return plan.candidates.some((candidate) => candidate.obstacle === 'fee_limit') ? 'FEE_LIMIT' : 'NO_ROUTE';
}

const endPlanning = async (
  context: PaymentsContext,
  effect: Effect,
  paymentId: string,
  event: PaymentEvent,
  plan?: MadePlan,
): Promise<void> => {
  await withBooks(context.db, async (tx) => {
    if (!(await finishEffect(tx, effect))) return;
    const stored = await lockPayment(tx, paymentId);
    if (stored === null) return;
    const next = await applyTo(context, tx, stored, event);
    if (plan === undefined || next === stored) return;
    await keepPlan(tx, { paymentId, attempt: stored.payment.attempt + 1, rounds: effect.attempts, plan });
  });
  context.kick();
};

/**
 * An invoice of our own: its node cancels it first, for outsiders could still pay it; only then the ledger moves
 * (DESIGN, invariant 6).
 */
async function settleInternally(context: PaymentsContext, effect: Effect): Promise<void> {
  const id = String(effect.payload.payment);
  const stored = await findPayment(context.db.read, id);
  const invoice = await findInvoice(context.db.read, stored?.internalInvoiceId ?? '');
  if (stored === null || invoice === null) throw new Error(`payment ${id} has no invoice of ours`);
  const { node } = context.fleet().get(nodeId(invoice.node_id));
  const answer = await node.cancelInvoice(stored.payment.paymentHash);
  switch (answer.kind) {
    case 'cancelled':
      return endPlanning(context, effect, id, { kind: 'settled_internally', preimage: answer.preimage });
    case 'settled':
      return endPlanning(context, effect, id, { kind: 'given_up', failure: 'INVOICE_ALREADY_PAID' });
    case 'not_found':
      return endPlanning(context, effect, id, { kind: 'given_up', failure: 'REFUSED_BY_PAYEE' });
    case 'accepted': // an outsider's HTLCs are being held: wait for their end, or give up, for nothing has moved
      if (stored.deadlineAt <= context.clock.now()) {
        return endPlanning(context, effect, id, { kind: 'given_up', failure: 'TIMEOUT' });
      }
      return later(context, effect, context.patience.secondLookMs);
  }
}
