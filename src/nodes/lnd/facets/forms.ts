/** Between the port's terms and LND's, as the facets need them. Pure. */
import { type ChannelId, nodePubkey } from '../../../lightning/ids.ts';
import { msat } from '../../../money/msat.ts';
import type { SeenPolicy } from '../../facets.ts';
import { hex } from '../map.ts';
import type { ChannelPoint, RoutingPolicy } from '../proto/lightning.ts';

export const pubkeyOf = (buffer: Uint8Array) => nodePubkey(hex(Buffer.from(buffer)));

/** LND gives the txid in the order of its bytes in a transaction, or as text, which is reversed. */
export const channelIdOf = (point: ChannelPoint): ChannelId => {
  const { funding_txid_bytes, funding_txid_str, output_index } = point;
  const txid = funding_txid_bytes?.length ? hex(Buffer.from(funding_txid_bytes).reverse()) : funding_txid_str;
  return `${txid}:${output_index}` as ChannelId;
};

export const seenPolicy = (policy: RoutingPolicy | null): SeenPolicy | null =>
  policy && {
    feeBaseMsat: msat(BigInt(policy.fee_base_msat)),
    feePpm: Number(policy.fee_rate_milli_msat),
    cltvDelta: policy.time_lock_delta,
    htlcMinMsat: msat(BigInt(policy.min_htlc)),
    htlcMaxMsat: msat(BigInt(policy.max_htlc_msat)),
    inboundFeeBaseMsat: BigInt(policy.inbound_fee_base_msat),
    inboundFeePpm: policy.inbound_fee_rate_milli_msat,
    disabled: policy.disabled,
  };
