/** Invoices, and the parts that pay them. Source: BOLT 4, "Basic Multi-Part Payments"; BOLT 11. */
import { encodeBolt11 } from '../../lightning/bolt11.ts';
import { type PaymentHash, paymentHash, paymentSecret, preimage } from '../../lightning/ids.ts';
import type { RouteHint } from '../../lightning/route.ts';
import { type Msat, sum, ZERO_MSAT } from '../../money/msat.ts';
import type { CancelAnswer, CreatedInvoice, InvoiceOrder, InvoiceStatus, PartFailure } from '../node.ts';
import { failHtlc, settleHtlc } from './flights.ts';
import { sha256Hex } from './seeded.ts';
import {
  endOf,
  type Ground,
  type Htlc,
  type InvoiceState,
  isActive,
  type NodeState,
  otherEnd,
} from './state.ts';

/** Blocks that the payee wants for the last HTLC. */
export const FINAL_CLTV_DELTA = 18;
/** `basic_mpp`, `payment_secret` and `var_onion_optin`, as bits 17, 14 and 8. Source: BOLT 9. */
const FEATURES = '024100';
/** Route hints that an invoice names at most. */
const MAX_HINTS = 3;

const NOTHING = () => {};
const living = (htlcs: readonly Htlc[]): Htlc[] => htlcs.filter((htlc) => htlc.phase === 'arrived');
const amountOf = (htlcs: readonly Htlc[]): Msat => sum(htlcs.map((htlc) => htlc.amountMsat));

/** Takes the last HTLC of a part: waits for the rest of the total, or settles all of it, or gives it back. */
export function receiveHtlc(ground: Ground, htlc: Htlc): void {
  const { node } = htlc.to;
  const invoice = node.invoices.get(htlc.flight.paymentHash);
  if (node.faults.takingAgain && invoice !== undefined && takeAgain(ground, htlc, invoice)) return;
  if (invoice === undefined || !isWelcome(ground, htlc, invoice)) {
    failHtlc(ground, htlc, 'payee_refused');
    return;
  }
  invoice.waiting = [...living(invoice.waiting), htlc];
  if (amountOf(invoice.waiting) < htlc.flight.totalMsat) {
    if (invoice.waiting.length === 1) startTimeout(ground, invoice);
    return;
  }
  invoice.cancelTimeout();
  if (node.faults.holding) {
    invoice.phase = 'held';
    node.held.add(invoice);
  } else claim(ground, node, invoice);
}

/** Of what is paid, or about to be: one more HTLC costs the payer as much again. */
function takeAgain(ground: Ground, htlc: Htlc, invoice: InvoiceState): boolean {
  if (invoice.phase === 'settled') settleHtlc(ground, htlc, invoice.preimage);
  else if (invoice.phase === 'held') invoice.waiting.push(htlc);
  else return false;
  return true;
}

function startTimeout(ground: Ground, invoice: InvoiceState): void {
  invoice.cancelTimeout();
  invoice.cancelTimeout = ground.time.after(ground.partsTimeoutMs, () => {
    giveBack(ground, invoice, 'timeout');
    ground.wire.drain();
  });
}

function giveBack(ground: Ground, invoice: InvoiceState, reason: PartFailure): void {
  const { waiting } = invoice;
  invoice.cancelTimeout();
  invoice.waiting = [];
  for (const htlc of waiting) failHtlc(ground, htlc, reason);
}

/** All HTLCs and the event in one step: balances at any cursor have all of it or nothing. */
function claim(ground: Ground, node: NodeState, invoice: InvoiceState): void {
  const { waiting, preimage, paymentHash } = invoice;
  const receivedMsat = amountOf(living(waiting));
  invoice.phase = 'settled';
  invoice.receivedMsat = receivedMsat;
  invoice.waiting = [];
  for (const htlc of waiting) settleHtlc(ground, htlc, preimage);
  node.log.append({ kind: 'invoice_settled', paymentHash, receivedMsat, preimage });
}

/** Settles every payment that the node holds. */
export function releaseHeld(ground: Ground, node: NodeState): void {
  const held = [...node.held];
  node.held.clear();
  for (const invoice of held) {
    const whole = living(invoice.waiting).length === invoice.waiting.length;
    invoice.phase = 'open';
    if (whole) claim(ground, node, invoice);
    else giveBack(ground, invoice, 'timeout'); // some of it has expired meanwhile
  }
  ground.wire.drain();
}

export function invoiceStatus(ground: Ground, node: NodeState, hash: PaymentHash): InvoiceStatus {
  const invoice = node.invoices.get(hash);
  if (invoice === undefined) return { kind: 'not_found' };
  const { phase, receivedMsat, preimage, expiresAt } = invoice;
  if (phase === 'settled') return { kind: 'settled', receivedMsat, preimage };
  if (phase === 'held') return { kind: 'accepted' };
  if (phase === 'cancelled') return { kind: 'cancelled' };
  return { kind: ground.time.now() >= expiresAt ? 'expired' : 'pending' };
}

export function cancelInvoice(ground: Ground, node: NodeState, hash: PaymentHash): CancelAnswer {
  const invoice = node.invoices.get(hash);
  if (invoice === undefined) return { kind: 'not_found' };
  if (invoice.phase === 'settled') return { kind: 'settled', receivedMsat: invoice.receivedMsat };
  if (invoice.phase === 'held') return { kind: 'accepted' };
  invoice.phase = 'cancelled';
  giveBack(ground, invoice, 'payee_refused');
  ground.wire.drain();
  return { kind: 'cancelled', preimage: invoice.preimage };
}

/** What a payee checks of an HTLC before it waits for the rest. Source: BOLT 4, "Requirements" of the final node. */
function isWelcome({ time, height }: Ground, htlc: Htlc, invoice: InvoiceState): boolean {
  const { totalMsat, paymentSecret } = htlc.flight;
  if (invoice.phase !== 'open' || paymentSecret !== invoice.paymentSecret) return false;
  if (time.now() >= invoice.expiresAt && !htlc.to.node.faults.takingLate) return false;
  if (htlc.cltvExpiry < height() + FINAL_CLTV_DELTA) return false;
  const [first] = living(invoice.waiting);
  if (first !== undefined && first.flight.totalMsat !== totalMsat) return false;
  const { amountMsat } = invoice;
  return amountMsat === null || (totalMsat >= amountMsat && totalMsat <= amountMsat * 2n);
}

/** Makes an invoice, and keeps it. */
export function makeInvoice({ random, time }: Ground, node: NodeState, order: InvoiceOrder): CreatedInvoice {
  const number = node.issued;
  node.issued += 1;
  const proof = preimage(random(`preimage/${node.name}/${number}`));
  const keys = {
    paymentHash: paymentHash(sha256Hex(proof)),
    paymentSecret: paymentSecret(random(`secret/${node.name}/${number}`)),
  };
  const timestamp = Math.floor(time.now() / 1000);
  const expiresAt = (timestamp + order.expirySeconds) * 1000;
  const terms = { ...order, ...keys, finalCltvDelta: FINAL_CLTV_DELTA };
  const bolt11 = encodeBolt11(
    { ...terms, network: 'regtest', timestamp, features: FEATURES, routeHints: hintsOf(node) },
    node.sign,
  );
  node.invoices.set(keys.paymentHash, {
    ...keys,
    preimage: proof,
    amountMsat: order.amountMsat,
    expiresAt,
    phase: 'open',
    receivedMsat: ZERO_MSAT,
    waiting: [],
    cancelTimeout: NOTHING,
  });
  return { bolt11, paymentHash: keys.paymentHash, expiresAt };
}

/** Private channels are on no map: an invoice names those by which the payee can be paid. */
function hintsOf(node: NodeState): RouteHint[] {
  const hints: RouteHint[] = [];
  for (const channel of node.channels) {
    if (!channel.private || channel.scid === null || !isActive(channel)) continue;
    const far = otherEnd(channel, endOf(channel, node));
    hints.push([{ pubkey: far.node.pubkey, scid: channel.scid, ...far.policy }]);
    if (hints.length === MAX_HINTS) break;
  }
  return hints;
}
