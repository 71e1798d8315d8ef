/** How payments and invoices are booked. Pure: transfers out, `ledger.post()` moves the money. */
import { type Account, heldAccount, nodeAccounts, type Transfer } from '../ledger/account.ts';
import type { NodeId } from '../lightning/ids.ts';
import { type Msat, smaller } from '../money/msat.ts';
import { type Part, partFeeMsat, partMsat } from './payment.ts';

/** The claim sets the amount and the fee limit aside. */
export const bookHold = (paymentId: string, payer: Account, amountMsat: bigint): Transfer[] => [
  { debit: payer, credit: heldAccount(payer), amountMsat, source: paymentId, reason: 'hold' },
];

/** What the payment did not use comes back. */
export const bookRelease = (paymentId: string, payer: Account, amountMsat: bigint): Transfer[] => [
  { debit: heldAccount(payer), credit: payer, amountMsat, source: paymentId, reason: 'release' },
];

/** Amount and fee of a part leave the channels, before it is sent. */
export function bookPartSent(part: Part): Transfer[] {
  const { channels, inFlight } = nodeAccounts(part.nodeId);
  const amountMsat = partMsat(part) + partFeeMsat(part);
  return [{ debit: inFlight, credit: channels, amountMsat, source: part.id, reason: 'sent' }];
}

/** A part that is proven to have failed is back in the channels. */
export function bookPartReturned(part: Part): Transfer[] {
  const { channels, inFlight } = nodeAccounts(part.nodeId);
  const amountMsat = partMsat(part) + partFeeMsat(part);
  return [{ debit: channels, credit: inFlight, amountMsat, source: part.id, reason: 'returned' }];
}

/**
 * A part reached the payee: the hold pays for the amount and the fee. Should the node have paid another fee than
 * planned, the rest moves between its channels and what was in flight; a fee above plan is borne by the business.
 */
export function bookPartSettled(part: Part, payer: Account, paidMsat: Msat): Transfer[] {
  const { channels, inFlight, feesPaid, feesCharged } = nodeAccounts(part.nodeId);
  const held = heldAccount(payer);
  const source = part.id;
  const planned = partFeeMsat(part);
  const transfers: Transfer[] = [
    { debit: held, credit: inFlight, amountMsat: partMsat(part), source, reason: 'settled' },
    { debit: feesPaid, credit: inFlight, amountMsat: paidMsat, source, reason: 'fee' },
    {
      debit: held,
      credit: feesCharged,
      amountMsat: smaller(paidMsat, planned),
      source,
      reason: 'fee_charged',
    },
  ];
  if (paidMsat < planned) {
    transfers.push({
      debit: channels,
      credit: inFlight,
      amountMsat: planned - paidMsat,
      source,
      reason: 'fee_less',
    });
  } else if (paidMsat > planned) {
    transfers.push({
      debit: inFlight,
      credit: channels,
      amountMsat: paidMsat - planned,
      source,
      reason: 'fee_more',
    });
  }
  return transfers;
}

/** An invoice of ours was paid over Lightning: the node holds more, and so does the claim. */
export const bookReceived = (
  invoiceId: string,
  node: NodeId,
  payee: Account,
  amountMsat: bigint,
): Transfer[] => [
  {
    debit: nodeAccounts(node).channels,
    credit: payee,
    amountMsat,
    source: invoiceId,
    reason: 'received',
  },
];

/** One account of ours pays another: no node is involved, no fee is due. */
export const bookInternal = (
  paymentId: string,
  payer: Account,
  payee: Account,
  amountMsat: bigint,
): Transfer[] => [
  { debit: heldAccount(payer), credit: payee, amountMsat, source: paymentId, reason: 'internal' },
];
