import type { NodePubkey } from '../../../lightning/ids.ts';
import type { ZeroConf } from '../../facets.ts';
import type { Ask } from '../call.ts';
import type { LndClient } from '../client.ts';
import { follow } from '../following.ts';
import type { ChannelAcceptRequest, ChannelAcceptResponse } from '../proto/lightning.ts';
import { pubkeyOf } from './forms.ts';

/** While nobody is asked, LND refuses every channel that would count at once. */
export const zeroConf = ({ lightning }: LndClient): ZeroConf => ({
  acceptFrom(peers) {
    const trusted: ReadonlySet<NodePubkey> = new Set(peers);
    return follow({
      open: () => lightning.channelAcceptor(),
      message: async (offer, stream) => stream.write(verdictOn(offer, trusted)),
    });
  },
});

function verdictOn(
  { node_pubkey, pending_chan_id, wants_zero_conf }: ChannelAcceptRequest,
  trusted: ReadonlySet<NodePubkey>,
): Ask<ChannelAcceptResponse> {
  if (!wants_zero_conf) return { accept: true, pending_chan_id };
  if (trusted.has(pubkeyOf(node_pubkey))) return { accept: true, pending_chan_id, zero_conf: true };
  return { accept: false, pending_chan_id, error: 'confirm the channel first' };
}
