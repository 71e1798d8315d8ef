/** How a node's own events are booked: forwards, and channels from their funding to their last coin. Pure. */
import { nodeAccounts, type Transfer } from '../ledger/account.ts';
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
  const { channels, onchain, settling, chainFees, pushesGiven, pushesReceived, feesEarned } =
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
      return event.localMsat >= 0n
        ? [{ debit: settling, credit: channels, amountMsat: event.localMsat }]
        : [{ debit: channels, credit: settling, amountMsat: -event.localMsat }];
    case 'coins_returned':
      return [
        { debit: onchain, credit: settling, amountMsat: event.amountMsat },
        { debit: chainFees, credit: settling, amountMsat: event.feeMsat },
      ];
    case 'channel_resolved':
      return event.costMsat >= 0n
        ? [{ debit: chainFees, credit: settling, amountMsat: event.costMsat }]
        : [{ debit: settling, credit: chainFees, amountMsat: -event.costMsat }];
    default:
      return [];
  }
}
