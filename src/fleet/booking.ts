/** How a node's own events are booked: forwards, and channels from their funding to their last coin. Pure. */
import { type Account, BUSINESS, nodeAccounts, type Transfer } from '../ledger/account.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { NodeEvent } from '../nodes/node.ts';

type Entry = Pick<Transfer, 'debit' | 'credit' | 'amountMsat'>;

/** Empty for events that move nothing, or that another room books. */
export function bookNodeEvent(id: NodeId, event: NodeEvent): Transfer[] {
  return entriesOf(id, event).map((entry, at) => ({
    ...entry,
    source: `node:${id}`,
    reason: at === 0 ? `${event.kind}:${event.cursor}` : `${event.kind}:${event.cursor}:${at}`,
  }));
}

function entriesOf(id: NodeId, event: NodeEvent): Entry[] {
  const { channels, onchain, settling, drawings, chainFees, pushesGiven, pushesReceived, feesEarned } =
    nodeAccounts(id);
  switch (event.kind) {
    case 'forwarded':
      return [{ debit: channels, credit: feesEarned, amountMsat: event.feeMsat }];
    case 'channel_opened': {
      const { localMsat, remoteMsat, fundingFeeMsat } = event;
      if (fundingFeeMsat === null)
        return [{ debit: channels, credit: pushesReceived, amountMsat: localMsat }];
      return [
        { debit: channels, credit: onchain, amountMsat: localMsat },
        { debit: pushesGiven, credit: onchain, amountMsat: remoteMsat },
        { debit: chainFees, credit: onchain, amountMsat: fundingFeeMsat },
      ];
    }
    case 'channel_closed':
      return [signed(settling, channels, event.localMsat)];
    case 'coins_returned':
      return [
        signed(onchain, settling, event.amountMsat),
        { debit: chainFees, credit: settling, amountMsat: event.feeMsat },
      ];
    case 'coins_moved':
      if (event.amountMsat >= 0n) return [{ debit: onchain, credit: BUSINESS, amountMsat: event.amountMsat }];
      return [
        { debit: chainFees, credit: onchain, amountMsat: event.feeMsat },
        { debit: drawings, credit: onchain, amountMsat: -event.amountMsat - event.feeMsat },
      ];
    case 'channel_resolved':
      return [signed(chainFees, settling, event.costMsat)];
    default:
      return [];
  }
}

/** Below zero, the other way round. */
const signed = (debit: Account, credit: Account, amountMsat: bigint): Entry =>
  amountMsat >= 0n
    ? { debit, credit, amountMsat }
    : { debit: credit, credit: debit, amountMsat: -amountMsat };
