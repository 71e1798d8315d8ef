/** How what other hands paid and received is booked: to the suspense account of the node, item by item. Pure. */
import { nodeAccounts, type Transfer } from '../ledger/account.ts';
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
