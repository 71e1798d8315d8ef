/** How what other hands paid and received is booked: to the suspense account of the node, item by item. Pure. */
import { type Account, heldAccount, nodeAccounts, type Transfer } from '../ledger/account.ts';
import type { NodeId, PaymentHash } from '../lightning/ids.ts';
import type { ForeignPart } from './foreign-store.ts';

const sourceOf = ({ token }: ForeignPart): string => `foreign:${token}`;

export function bookForeignSent(part: ForeignPart): Transfer[] {
  const { channels, inFlight } = nodeAccounts(part.node_id);
  const amountMsat = part.amount_msat + part.fee_msat;
  return [{ debit: inFlight, credit: channels, amountMsat, source: sourceOf(part), reason: 'sent' }];
}

export function bookForeignReturned(part: ForeignPart): Transfer[] {
  const { channels, inFlight } = nodeAccounts(part.node_id);
  const amountMsat = part.amount_msat + part.fee_msat;
  return [{ debit: channels, credit: inFlight, amountMsat, source: sourceOf(part), reason: 'returned' }];
}

export function bookForeignSettled(part: ForeignPart): Transfer[] {
  const { suspense, inFlight, feesPaid } = nodeAccounts(part.node_id);
  const source = sourceOf(part);
  return [
    { debit: suspense, credit: inFlight, amountMsat: part.amount_msat, source, reason: 'settled' },
    { debit: feesPaid, credit: inFlight, amountMsat: part.fee_msat, source, reason: 'fee' },
  ];
}

/** The payer pays for what foreign parts paid of its payment: so much leaves the suspense accounts of their nodes. */
export function bookPaidByForeign(
  paymentId: string,
  payer: Account,
  amountMsat: bigint,
  feeMsat: bigint,
  parts: readonly ForeignPart[],
): Transfer[] {
  const held = heldAccount(payer);
  let left = amountMsat;
  const taken = parts.map((part): Transfer => {
    const amount = part.amount_msat < left ? part.amount_msat : left;
    left -= amount;
    const { suspense } = nodeAccounts(part.node_id);
    return { debit: held, credit: suspense, amountMsat: amount, source: sourceOf(part), reason: 'explained' };
  });
  const [first] = parts;
  if (first === undefined) return taken;
  const { feesCharged } = nodeAccounts(first.node_id);
  return [
    ...taken,
    { debit: held, credit: feesCharged, amountMsat: feeMsat, source: paymentId, reason: 'fee_charged' },
  ];
}

/** For an invoice that is not in these books, or was paid a second time. */
export const bookForeignIncome = (node: NodeId, hash: PaymentHash, amountMsat: bigint): Transfer[] => [
  {
    debit: nodeAccounts(node).channels,
    credit: nodeAccounts(node).suspense,
    amountMsat,
    source: `foreign:${hash}`,
    reason: 'received',
  },
];
