import { status } from '@grpc/grpc-js';
import { channelId, untrusted } from '../../../lightning/ids.ts';
import type { ChannelPolicies, ChannelPolicy, Policies } from '../../facets.ts';
import { type Ask, LndError } from '../call.ts';
import { channelPoint } from '../channels.ts';
import type { LndClient } from '../client.ts';
import type { Channel, PolicyUpdateRequest } from '../proto/lightning.ts';
import { seenPolicy } from './forms.ts';

/** Channels that are asked for at the same time. */
const AT_ONCE = 16;

export function policies({ lightning }: LndClient): Policies {
  async function read({ channel_point, remote_pubkey }: Channel): Promise<ChannelPolicies> {
    const channel = channelId(channel_point);
    try {
      const { node1_pub, node1_policy, node2_policy } = await lightning.getChanInfo({
        chan_point: channel_point,
      });
      const [peer, own] =
        node1_pub === remote_pubkey ? [node1_policy, node2_policy] : [node2_policy, node1_policy];
      return { channel, own: seenPolicy(own), peer: seenPolicy(peer) };
    } catch (error) {
      if (!(error instanceof LndError && error.code === status.NOT_FOUND)) throw error;
      return { channel, own: null, peer: null };
    }
  }
  return {
    async list() {
      const { channels } = await lightning.listChannels({});
      const all: ChannelPolicies[] = [];
      for (let at = 0; at < channels.length; at += AT_ONCE) {
        all.push(...(await Promise.all(channels.slice(at, at + AT_ONCE).map(read))));
      }
      return all;
    },
    async set(channel, policy) {
      try {
        const { failed_updates } = await lightning.updateChannelPolicy({
          chan_point: channelPoint(channel),
          ...lndPolicy(policy),
        });
        const [failed] = failed_updates;
        if (failed === undefined) return { kind: 'set' };
        const reason = failed.reason === 'UPDATE_FAILURE_INVALID_PARAMETER' ? 'bad_value' : 'no_channel';
        return { kind: 'refused', reason, detail: untrusted(failed.update_error) };
      } catch (error) {
        if (!(error instanceof LndError && IS_BAD_VALUE.test(error.message))) throw error;
        return { kind: 'refused', reason: 'bad_value', detail: untrusted(error.message) };
      }
    },
  };
}

/** LND names what it finds wrong in words alone. */
const IS_BAD_VALUE = /inbound (base )?fee|time ?lock ?delta|fee ?rate/i;

/** LND keeps what is missing, and takes a largest HTLC of 0 for missing. */
const lndPolicy = (policy: ChannelPolicy): Ask<PolicyUpdateRequest> => ({
  base_fee_msat: policy.feeBaseMsat.toString(),
  fee_rate_ppm: policy.feePpm,
  time_lock_delta: policy.cltvDelta,
  min_htlc_msat: policy.htlcMinMsat.toString(),
  min_htlc_msat_specified: true,
  max_htlc_msat: policy.htlcMaxMsat.toString(),
  inbound_fee: {
    base_fee_msat: Number(policy.inboundFeeBaseMsat),
    fee_rate_ppm: policy.inboundFeePpm,
  },
});
