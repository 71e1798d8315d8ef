/** Receiving: choose a node, issue the invoice there, credit it exactly once. */
import { ANSWER_MS } from '../fleet/health.ts';
import { within } from '../kit/clock.ts';
import type { Tx } from '../kit/db.ts';
import { addEffect, type Effect, finishEffect, postponeEffect } from '../kit/effect-store.ts';
import type { EffectHandler } from '../kit/effects.ts';
import { newId } from '../kit/ids.ts';
import { announce } from '../kit/outbox-store.ts';
import { Problem, type ProblemCode } from '../kit/problems.ts';
import { claimAccount } from '../ledger/account.ts';
import { type Books, post, withBooks } from '../ledger/store.ts';
import type { NodeId, PaymentHash } from '../lightning/ids.ts';
import { type DescriptionFault, describeFault, MAX_DESCRIPTION_BYTES } from '../lightning/text.ts';
import { formatSat, type Msat } from '../money/msat.ts';
import { receiverFacts, refuseUnknownRegion } from './asking.ts';
import { bookReceived } from './booking.ts';
import { readClaim } from './claim.ts';
import type { PaymentsContext } from './context.ts';
import { bookForeignIncome } from './foreign-booking.ts';
import {
  expireInvoice,
  findInvoice,
  type InvoiceRow,
  insertInvoice,
  lockInvoice,
  lockInvoiceOfNode,
  settleInvoice,
} from './invoice-store.ts';
import { cappedReceivers, chooseReceiver, type ReceiverFacts } from './plan.ts';
import { invoiceView } from './views.ts';

const MAX_EXPIRY_SECONDS = 365 * 24 * 3600;

export interface InvoiceRequest {
  /** Null leaves the amount to the payer. */
  readonly amountMsat: Msat | null;
  readonly description: string;
  readonly expirySeconds: number;
  readonly preferredRegion: string | null;
  /** The claim that is credited. */
  readonly account: string;
}

const DESCRIPTION_FAULTS: Record<DescriptionFault, readonly [ProblemCode, string]> = {
  control_character: ['description_control_characters', 'has a control character or a line break'],
  bidi_control: ['description_bidi_characters', 'has a character that reverses the reading direction'],
  lone_surrogate: ['description_malformed', 'has half of a character'],
  too_long: ['description_too_long', `is longer than ${MAX_DESCRIPTION_BYTES} bytes`],
};

/** An invoice at a node, not yet known to the database. Nobody has seen it; if we stop here, nothing is lost. */
export interface IssuedInvoice {
  readonly row: InvoiceRow;
}

/** Chooses the node and has it issue the invoice. @throws Problem */
export async function issueInvoice(
  context: PaymentsContext,
  request: InvoiceRequest,
): Promise<IssuedInvoice> {
  refuseDescription(request.description);
  refuseUnknownRegion(context.fleet(), request.preferredRegion);
  if (request.expirySeconds < 1 || request.expirySeconds > MAX_EXPIRY_SECONDS) {
    throw new Problem(
      'expiry_invalid',
      `expiry_seconds: must be between 1 and ${MAX_EXPIRY_SECONDS}, a year.`,
      {
        field: 'expiry_seconds',
      },
    );
  }
  const payee = await readClaim(context.db.read, request.account);
  const fleet = context.fleet();
  const facts = await receiverFacts(fleet);
  const chosen = chooseReceiver(request, facts);
  if (chosen === null) throw noReceiver(facts, request);
  const { amountMsat, description, expirySeconds } = request;
  const node = fleet.ask(chosen.node);
  const asking = within(context.clock, ANSWER_MS, node.invoice({ amountMsat, description, expirySeconds }));
  const created = await asking.catch(async (error: unknown) => {
    context.log.warn({ error, node: chosen.node }, 'no invoice from this node');
    // Whoever asks again must not be sent to the same node because nobody has looked at it yet.
    await fleet.refresh(chosen.node);
    throw new Problem('node_unavailable', `node: ${chosen.node} gave no invoice; ask again.`, {
      field: 'node',
    });
  });
  const now = context.clock.now();
  return {
    row: {
      id: newId('inv', now),
      node_id: chosen.node,
      account_id: payee.id,
      payment_hash: created.paymentHash,
      bolt11: created.bolt11,
      amount_msat: amountMsat,
      description,
      state: 'new',
      received_msat: null,
      paid: null,
      internal: false,
      expires_at: created.expiresAt,
      created_at: now,
      settled_at: null,
    },
  };
}

/** @throws Problem */
export function refuseDescription(description: string): void {
  const text = describeFault(description);
  if (text.kind === 'clean') return;
  const [code, what] = DESCRIPTION_FAULTS[text.fault];
  throw new Problem(code, `description: ${what} at character ${text.position + 1}; leave it out.`, {
    field: 'description',
  });
}

function noReceiver(facts: readonly ReceiverFacts[], request: InvoiceRequest): Problem {
  const capped = cappedReceivers(request.amountMsat, facts);
  if (capped.length > 0) {
    const rooms = capped.map(({ node, roomMsat }) => `${node} has room for ${formatSat(roomMsat ?? 0n)} sat`);
    return new Problem(
      'exposure_cap',
      `amount_msat: whoever could receive it would hold more than it may (${rooms.join(', ')}). Ask for less, raise a cap, or take coins off a node.`,
      { field: 'amount_msat' },
    );
  }
  const most = facts.reduce((most, each) => (each.receivableMsat > most ? each.receivableMsat : most), 0n);
  return new Problem(
    'no_receiver',
    `amount_msat: no healthy node can receive ${formatSat(request.amountMsat ?? 1n)} sat; the most is ${formatSat(most)} sat. Ask for less, or add inbound liquidity.`,
    { field: 'amount_msat' },
  );
}

/** Records an issued invoice and the look at its expiry. */
export async function recordInvoice(context: PaymentsContext, tx: Tx, { row }: IssuedInvoice): Promise<void> {
  await insertInvoice(tx, { ...row, network: context.network });
  await addEffect(tx, {
    kind: 'invoice.check',
    key: row.id,
    payload: { invoice: row.id },
    nodeId: row.node_id,
    runInMs: Math.max(0, row.expires_at - context.clock.now()) + 1000,
  });
  await announce(tx, 'invoice.created', row.id, invoiceView(row));
}

/**
 * An invoice was paid at its node: credited once, whoever says so first. What came for an invoice that is not in these
 * books goes to the node's suspense account, for a person to explain.
 */
export async function creditInvoice(
  context: PaymentsContext,
  tx: Books,
  node: NodeId,
  hash: PaymentHash,
  receivedMsat: Msat,
): Promise<void> {
  const row = await lockInvoiceOfNode(tx, node, hash);
  if (row === null) return takeForeignIncome(tx, node, hash, receivedMsat);
  if (row.state === 'settled' && !row.internal) return;
  const payee = claimAccount(row.account_id);
  if (payee === null) throw new Error(`invoice ${row.id} has no claim account`);
  if (row.state === 'settled') {
    const message = `invoice ${row.id} was settled inside the ledger, yet ${node} received ${receivedMsat} msat for it`;
    context.log.error({ invoice: row.id }, message);
    await announce(tx, 'alarm', row.id, { message });
    return takeForeignIncome(tx, node, hash, receivedMsat);
  }
  post(tx, bookReceived(row.id, node, payee, receivedMsat));
  const paid = row.expires_at < context.clock.now() ? 'late' : 'on_time';
  await settleInvoice(tx, row.id, { receivedMsat, paid, internal: false });
  await announce(tx, 'invoice.settled', row.id, invoiceView(await lockInvoice(tx, row.id)));
}

async function takeForeignIncome(
  tx: Books,
  node: NodeId,
  hash: PaymentHash,
  receivedMsat: Msat,
): Promise<void> {
  post(tx, bookForeignIncome(node, hash, receivedMsat));
  const data = { node, payment_hash: hash, received_msat: receivedMsat.toString() };
  await announce(tx, 'foreign_invoice.settled', node, data);
}

export const invoiceEffects = (context: PaymentsContext): ReadonlyMap<string, EffectHandler> =>
  new Map([['invoice.check', (effect) => checkInvoice(context, effect)]]);

/** Looks at an invoice at its node: at its expiry, and from the sweep. */
async function checkInvoice(context: PaymentsContext, effect: Effect): Promise<void> {
  const row = await findInvoice(context.db.read, String(effect.payload.invoice));
  if (row === null) throw new Error(`no invoice ${effect.payload.invoice}`);
  if (row.state === 'settled' || row.state === 'cancelled') {
    await context.db.tx((tx) => finishEffect(tx, effect));
    return;
  }
  const status = await context.fleet().get(row.node_id).node.lookupInvoice(row.payment_hash);
  await withBooks(context.db, async (tx) => {
    // HTLCs are held, or the stream is about to tell: look again.
    if (status.kind === 'accepted' || (status.kind === 'settled' && effect.attempts === 1)) {
      await postponeEffect(tx, effect, context.patience.secondLookMs);
      return;
    }
    if (!(await finishEffect(tx, effect))) return;
    if (status.kind === 'settled') {
      await creditInvoice(context, tx, row.node_id, row.payment_hash, status.receivedMsat);
    } else if (await expireInvoice(tx, row.id)) {
      await announce(tx, 'invoice.expired', row.id, { ...invoiceView(row), state: 'expired' });
    }
  });
}
