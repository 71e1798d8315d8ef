/** What LDK tells becomes the node's own records and events. LDK's docs say for each event what must be done. */
import { partToken, paymentHash, preimage } from '../../lightning/ids.ts';
import { deliveredMsat, feeMsat } from '../../lightning/route.ts';
import { msat } from '../../money/msat.ts';
import { describeError, ldk, optional, toHex } from './bindings.ts';
import type { ChannelBook } from './channel_book.ts';
import { handleChannelEvent } from './channel_happenings.ts';
import type { Core } from './core.ts';
import type { InvoiceBook } from './invoices.ts';
import type { Journal } from './journal.ts';
import { type PathFailureFacts, toPartFailure } from './map.ts';
import type { Openings } from './openings.ts';
import type { Part, PartBook } from './parts.ts';
import { isGhost } from './routes.ts';
import type { Wallet } from './wallet.ts';

export interface NodeRecords {
  readonly core: Core;
  readonly wallet: Wallet;
  readonly invoices: InvoiceBook;
  readonly parts: PartBook;
  readonly journal: Journal;
  readonly openings: Openings;
  readonly channels: ChannelBook;
  /** HTLCs wait to be forwarded, or to be taken as payments. */
  forwardsDue: boolean;
  broadcast(transaction: Uint8Array): void;
}

const nowSeconds = (): bigint => BigInt(Math.floor(Date.now() / 1000));

/** @throws on anything unexpected: then the event must not be acknowledged. */
export function handleEvent(node: NodeRecords, event: ldk.Event): void {
  if (event instanceof ldk.Event_PendingHTLCsForwardable) node.forwardsDue = true;
  else if (event instanceof ldk.Event_PaymentClaimable) receive(node, event);
  else if (event instanceof ldk.Event_PaymentClaimed) settleInvoice(node, event);
  else if (event instanceof ldk.Event_PaymentSent) settlePart(node, event);
  else if (event instanceof ldk.Event_PaymentPathFailed) failPath(node, event);
  else if (event instanceof ldk.Event_PaymentFailed) failPayment(node, event);
  else if (event instanceof ldk.Event_PaymentPathSuccessful)
    node.core.scorer.as_ScoreUpdate().payment_path_successful(event.path, nowSeconds());
  else if (event instanceof ldk.Event_PaymentForwarded) bookForward(node, event);
  else handleChannelEvent(node, event);
}

function receive({ core, invoices }: NodeRecords, event: ldk.Event_PaymentClaimable): void {
  const verdict = invoices.arrive(paymentHash(toHex(event.payment_hash)));
  const secret = optional<Uint8Array>(event.purpose.preimage());
  if (verdict === 'hold') return;
  if (verdict === 'claim' && secret !== null) core.channels.claim_funds(secret);
  else core.channels.fail_htlc_backwards(event.payment_hash);
}

function settleInvoice({ invoices, journal, channels }: NodeRecords, event: ldk.Event_PaymentClaimed): void {
  const hash = paymentHash(toHex(event.payment_hash));
  const receivedMsat = msat(event.amount_msat);
  const settling = invoices.settle(hash, receivedMsat);
  // After a restart LDK tells it again.
  if (settling.kind === 'again') return;
  if (settling.kind !== 'settled') throw new Error(`a payment was claimed for no invoice: ${hash}`);
  journal.append({ kind: 'invoice_settled', paymentHash: hash, receivedMsat, preimage: settling.preimage });
  for (const htlc of event.htlcs) channels.move(toHex(htlc.get_channel_id().get_a()), htlc.get_value_msat());
}

/** LDK tells an end more than once: only a part in flight can still have one. */
function partInFlight(node: NodeRecords, id: Uint8Array | null): Part | null {
  const part = id === null ? undefined : node.parts.find(partToken(toHex(id)));
  return part?.state.kind === 'in_flight' ? part : null;
}

function settlePart(node: NodeRecords, event: ldk.Event_PaymentSent): void {
  const part = partInFlight(node, optional<Uint8Array>(event.payment_id));
  if (part === null) return;
  const secret = preimage(toHex(event.payment_preimage));
  node.parts.end(part, { kind: 'settled', preimage: secret });
  node.journal.append({
    kind: 'part_settled',
    token: part.token,
    paymentHash: part.paymentHash,
    preimage: secret,
    feeMsat: feeMsat(part.route),
  });
}

function readFailure(event: ldk.Event_PaymentPathFailed): PathFailureFacts {
  const { failure } = event;
  if (failure instanceof ldk.PathFailure_InitialSend)
    return { kind: 'never_sent', error: describeError(failure.err) };
  const update =
    failure instanceof ldk.PathFailure_OnPath ? optional<ldk.NetworkUpdate>(failure.network_update) : null;
  return {
    kind: 'on_path',
    byPayee: event.payment_failed_permanently,
    blames: readBlame(update),
    blamesScid: optional<bigint>(event.short_channel_id) !== null,
  };
}

function readBlame(update: ldk.NetworkUpdate | null): 'channel' | 'channel_for_good' | 'node' | null {
  if (update instanceof ldk.NetworkUpdate_ChannelFailure)
    return update.is_permanent ? 'channel_for_good' : 'channel';
  return update instanceof ldk.NetworkUpdate_NodeFailure ? 'node' : null;
}

/** As LDK's own background processor teaches the scorer. */
function learn({ core }: NodeRecords, event: ldk.Event_PaymentPathFailed): void {
  const score = core.scorer.as_ScoreUpdate();
  const scid = optional<bigint>(event.short_channel_id);
  if (scid !== null) score.payment_path_failed(event.path, scid, nowSeconds());
  else if (event.payment_failed_permanently) score.probe_successful(event.path, nowSeconds());
}

function failPath(node: NodeRecords, event: ldk.Event_PaymentPathFailed): void {
  if (isGhost(event.path)) return;
  learn(node, event);
  const part = partInFlight(node, optional<Uint8Array>(event.payment_id));
  if (part === null) return;
  const facts = readFailure(event);
  const reason = toPartFailure(facts, deliveredMsat(part.route) < part.totalMsat);
  if (facts.kind === 'never_sent') {
    node.parts.end(part, { kind: 'refused', reason, detail: facts.error });
    return;
  }
  node.parts.end(part, { kind: 'failed', reason });
  node.journal.append({ kind: 'part_failed', token: part.token, paymentHash: part.paymentHash, reason });
}

/** Without a failed path before it, LDK found the route itself at fault, and sent nothing. */
function failPayment(node: NodeRecords, event: ldk.Event_PaymentFailed): void {
  const part = partInFlight(node, event.payment_id);
  if (part === null) return;
  const detail = `LDK gave the payment up: ${optional<number>(event.reason) ?? 'no reason given'}`;
  node.parts.end(part, { kind: 'refused', reason: 'no_route', detail });
}

/** LDK knows no fee where the channel that the HTLC came over has closed: what it earns comes home over the chain. */
function bookForward({ journal, channels }: NodeRecords, event: ldk.Event_PaymentForwarded): void {
  const amountMsat = optional<bigint>(event.outbound_amount_forwarded_msat);
  const earnedMsat = optional<bigint>(event.total_fee_earned_msat);
  if (amountMsat === null) throw new Error('LDK forwarded an HTLC without an amount');
  channels.move(toHex(event.next_channel_id.get_a()), -amountMsat);
  channels.move(toHex(event.prev_channel_id.get_a()), amountMsat + (earnedMsat ?? 0n));
  if (earnedMsat !== null)
    journal.append({ kind: 'forwarded', amountMsat: msat(amountMsat), feeMsat: msat(earnedMsat) });
}
