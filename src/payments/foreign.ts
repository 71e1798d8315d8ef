/**
 * Parts at own nodes that Argosy does not know: of an attempt that was lost with the database, or sent by other
 * software. They claim their hash, and are booked to the suspense account of the node, for a person to explain; a
 * payment of ours that has no part left is paid by them.
 */
import type { Statements } from '../kit/db.ts';
import { announce } from '../kit/outbox-store.ts';
import { type Books, post } from '../ledger/store.ts';
import type { NodeId, PaymentHash } from '../lightning/ids.ts';
import { msat } from '../money/msat.ts';
import type { NodeEvent } from '../nodes/node.ts';
import { applyTo } from './apply.ts';
import { claimHash, findClaim, releaseForeignHash } from './claim-store.ts';
import type { PaymentsContext } from './context.ts';
import { bookForeignReturned, bookForeignSent, bookForeignSettled } from './foreign-booking.ts';
import {
  endForeignPart,
  type ForeignPart,
  insertForeign,
  isKnownPart,
  renamePart,
  sumForeign,
} from './foreign-store.ts';
import { type Part, type Payment, type PaymentEvent, partFeeMsat, partMsat } from './payment.ts';
import { lockPayment, type StoredPayment } from './store.ts';

type Found = Extract<NodeEvent, { kind: 'part_found' }>;
type Ended = Extract<NodeEvent, { kind: 'part_settled' | 'part_failed' }>;

export async function takeFound(
  context: PaymentsContext,
  tx: Books,
  node: NodeId,
  event: Found,
): Promise<void> {
  if (event.own || (await isKnownPart(tx, event.token))) return;
  const { network } = context;
  const claimant = await claimFor(tx, network, event.paymentHash);
  const stored = claimant === null ? null : await lockPayment(tx, claimant);
  if (stored !== null && (await recognise(context, tx, stored, node, event))) return;
  const part = foreignPart(network, node, event);
  await insertForeign(tx, part);
  post(tx, bookForeignSent(part));
  await announce(tx, 'foreign_part.found', node, foreignView(part));
  if (stored?.payment.state !== 'settled') return;
  const message = `node ${node} pays ${part.amount_msat} msat to the hash of ${stored.payment.id}, besides that payment`;
  context.log.error({ payment: stored.payment.id }, message);
  await announce(tx, 'alarm', stored.payment.id, { message });
}

/** The payment that has the hash; null: it is claimed for foreign parts. */
async function claimFor(tx: Books, network: string, hash: PaymentHash): Promise<string | null> {
  // Whoever intends a payment of this hash at this moment is waited for; one that fails meanwhile lets go of it.
  for (;;) {
    if (await claimHash(tx, network, hash, null)) return null;
    const claim = await findClaim(tx, network, hash);
    if (claim !== null) return claim.payment_id;
  }
}

/** The payment has such a part: its node knows it by this token, and by no other. */
async function recognise(
  context: PaymentsContext,
  tx: Books,
  stored: StoredPayment,
  nodeId: NodeId,
  found: Found,
): Promise<boolean> {
  const { payment } = stored;
  const { token } = found;
  const same = payment.parts.find((part) => isSame(part, nodeId, found));
  if (same === undefined) return false;
  await renamePart(tx, same.token, token);
  const parts = payment.parts.map((part) => (part === same ? { ...part, token } : part));
  await applyTo(context, tx, { ...stored, payment: { ...payment, parts } }, { kind: 'accepted', token });
  return true;
}

/** By its amounts, which no other part of its attempt has; what was accepted is known to the node by its token. */
const isSame = (part: Part, node: NodeId, { amountMsat, feeMsat }: Found): boolean =>
  (part.state === 'planned' || part.state === 'unknown') &&
  part.nodeId === node &&
  partMsat(part) === amountMsat &&
  partFeeMsat(part) === feeMsat;

/**
 * What foreign parts mean for a payment that would go on: it waits for their end, was paid by them, or may go on (null).
 * What they have settled is less than its amount: then nobody knows for what.
 */
export async function meetForeign(
  read: Statements,
  network: string,
  { paymentHash, amountMsat }: Payment,
): Promise<'wait' | PaymentEvent | null> {
  const { open, preimage, amount_msat, fee_msat } = await sumForeign(read, network, paymentHash);
  if (open) return 'wait';
  if (preimage === null) return null;
  if (amount_msat < amountMsat) return { kind: 'given_up', failure: 'INVOICE_ALREADY_PAID' };
  return { kind: 'paid_by_foreign', preimage, feeMsat: msat(fee_msat) };
}

/** The end of a part that is of no payment here; unknown ones are left alone. */
export async function endForeign(tx: Books, event: Ended): Promise<void> {
  const settled = event.kind === 'part_settled';
  const part = await endForeignPart(
    tx,
    event.token,
    settled ? 'settled' : 'failed',
    settled ? event.preimage : null,
  );
  if (part === null) return;
  post(tx, settled ? bookForeignSettled(part) : bookForeignReturned(part));
  if (!settled) await releaseForeignHash(tx, part.network, part.payment_hash);
  await announce(
    tx,
    settled ? 'foreign_part.settled' : 'foreign_part.failed',
    part.node_id,
    foreignView(part),
  );
}

const foreignPart = (
  network: string,
  node: NodeId,
  { token, paymentHash, amountMsat, feeMsat }: Found,
): ForeignPart => ({
  token,
  node_id: node,
  network,
  payment_hash: paymentHash,
  amount_msat: amountMsat,
  fee_msat: feeMsat,
});

const foreignView = ({ node_id, payment_hash, amount_msat, fee_msat }: ForeignPart) => ({
  node: node_id,
  payment_hash,
  amount_msat: amount_msat.toString(),
  fee_msat: fee_msat.toString(),
});
