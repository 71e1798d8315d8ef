/** How coins that are sent by order are booked. Pure: transfers out, `ledger.post()` moves the money. */
import { BUSINESS, heldAccount, nodeAccounts, type Transfer } from '../ledger/account.ts';
import type { ChainOrder } from './order.ts';

/**
 * What is sent is the business's own: set aside when it is ordered, free again when it is proven not to be sent. The
 * fee comes out of the node's coins, as an expense, when the node tells that they have left.
 */
export function bookChange(before: ChainOrder | null, after: ChainOrder): Transfer[] {
  if (after.terms.kind !== 'send') return [];
  const { amountMsat } = after.terms;
  const source = after.id;
  const held = heldAccount(BUSINESS);
  if (before === null) return [{ debit: BUSINESS, credit: held, amountMsat, source, reason: 'hold' }];
  if (!wasOpen(before)) return [];
  if (after.state === 'failed')
    return [{ debit: held, credit: BUSINESS, amountMsat, source, reason: 'release' }];
  if (wasOpen(after)) return [];
  // Coins that leave are booked as drawn by whoever it was: here it was the business, and it is charged.
  const { drawings } = nodeAccounts(after.nodeId);
  return [{ debit: held, credit: drawings, amountMsat, source, reason: 'sent' }];
}

const wasOpen = ({ state }: ChainOrder): boolean => state === 'pending' || state === 'unknown';
