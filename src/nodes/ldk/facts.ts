/** What LDK says of a channel, read once into plain values. */
import { isNull, ldk, optional, toHex } from './bindings.ts';

export type IncomingState = 'adding' | 'committed' | 'fulfilling' | 'failing';
export type OutgoingState = 'adding' | 'committed' | 'fulfilled' | 'failed';

export interface HtlcFacts<State> {
  readonly paymentHash: string;
  readonly amountMsat: bigint;
  readonly cltvExpiry: number;
  readonly state: State;
}

export interface ChannelFacts {
  readonly id: string;
  /** Null until confirmed; an alias where the channel is used before that. */
  readonly scid: bigint | null;
  readonly peer: string;
  readonly capacityMsat: bigint;
  /** What the peer makes us keep, and what we make it keep. */
  readonly ownReserveMsat: bigint;
  readonly peerReserveMsat: bigint;
  readonly outboundCapacityMsat: bigint;
  readonly inboundCapacityMsat: bigint;
  readonly nextHtlcLimitMsat: bigint;
  /** We opened it, so we pay the commitment's fee. */
  readonly opener: boolean;
  readonly feeratePerKw: number;
  readonly confirmed: boolean;
  readonly usable: boolean;
  readonly announced: boolean;
  readonly incoming: readonly HtlcFacts<IncomingState>[];
  readonly outgoing: readonly HtlcFacts<OutgoingState>[];
}

const { InboundHTLCStateDetails: In, OutboundHTLCStateDetails: Out } = ldk;

const INCOMING: Readonly<Record<ldk.InboundHTLCStateDetails, IncomingState>> = {
  [In.LDKInboundHTLCStateDetails_AwaitingRemoteRevokeToAdd]: 'adding',
  [In.LDKInboundHTLCStateDetails_Committed]: 'committed',
  [In.LDKInboundHTLCStateDetails_AwaitingRemoteRevokeToRemoveFulfill]: 'fulfilling',
  [In.LDKInboundHTLCStateDetails_AwaitingRemoteRevokeToRemoveFail]: 'failing',
};
const OUTGOING: Readonly<Record<ldk.OutboundHTLCStateDetails, OutgoingState>> = {
  [Out.LDKOutboundHTLCStateDetails_AwaitingRemoteRevokeToAdd]: 'adding',
  [Out.LDKOutboundHTLCStateDetails_Committed]: 'committed',
  [Out.LDKOutboundHTLCStateDetails_AwaitingRemoteRevokeToRemoveSuccess]: 'fulfilled',
  [Out.LDKOutboundHTLCStateDetails_AwaitingRemoteRevokeToRemoveFailure]: 'failed',
};

function readIncoming(htlc: ldk.InboundHTLCDetails): HtlcFacts<IncomingState> {
  const state = optional<ldk.InboundHTLCStateDetails>(htlc.get_state());
  return {
    paymentHash: toHex(htlc.get_payment_hash()),
    amountMsat: htlc.get_amount_msat(),
    cltvExpiry: htlc.get_cltv_expiry(),
    state: state === null ? 'adding' : INCOMING[state],
  };
}

function readOutgoing(htlc: ldk.OutboundHTLCDetails): HtlcFacts<OutgoingState> {
  const state = optional<ldk.OutboundHTLCStateDetails>(htlc.get_state());
  return {
    paymentHash: toHex(htlc.get_payment_hash()),
    amountMsat: htlc.get_amount_msat(),
    cltvExpiry: htlc.get_cltv_expiry(),
    state: state === null ? 'adding' : OUTGOING[state],
  };
}

const reserveMsat = (sat: bigint | null): bigint => (sat ?? 0n) * 1000n;

/** LDK sends its signatures at the sixth confirmation; a block later they are through. */
const ANNOUNCED_CONFIRMATIONS = 8;

/** The channel will be announced, or is being announced. */
export function isAnnouncing(details: ldk.ChannelDetails): boolean {
  const confirmations = optional<number>(details.get_confirmations()) ?? 0;
  return Boolean(details.get_is_announced()) && confirmations < ANNOUNCED_CONFIRMATIONS;
}

/** Null while the channel has no funding transaction yet. The bindings give numbers where they say boolean. */
export function readChannel(details: ldk.ChannelDetails): ChannelFacts | null {
  if (isNull(details.get_funding_txo())) return null;
  const counterparty = details.get_counterparty();
  return {
    id: toHex(details.get_channel_id().get_a()),
    scid: optional<bigint>(details.get_short_channel_id()),
    peer: toHex(counterparty.get_node_id()),
    capacityMsat: details.get_channel_value_satoshis() * 1000n,
    ownReserveMsat: reserveMsat(optional<bigint>(details.get_unspendable_punishment_reserve())),
    peerReserveMsat: reserveMsat(counterparty.get_unspendable_punishment_reserve()),
    outboundCapacityMsat: details.get_outbound_capacity_msat(),
    inboundCapacityMsat: details.get_inbound_capacity_msat(),
    nextHtlcLimitMsat: details.get_next_outbound_htlc_limit_msat(),
    opener: Boolean(details.get_is_outbound()),
    feeratePerKw: optional<number>(details.get_feerate_sat_per_1000_weight()) ?? 0,
    confirmed: Boolean(details.get_is_channel_ready()),
    usable: Boolean(details.get_is_usable()),
    announced: Boolean(details.get_is_announced()),
    incoming: details.get_pending_inbound_htlcs().map(readIncoming),
    outgoing: details.get_pending_outbound_htlcs().map(readOutgoing),
  };
}

/** The newest block that the node knows; its hash as people write it, in reverse. */
export function readTip(channels: ldk.ChannelManager): { blockHeight: number; blockHash: string } {
  const best = channels.current_best_block();
  return { blockHeight: best.get_height(), blockHash: toHex(best.get_block_hash().toReversed()) };
}

/** The channels that have a funding transaction. */
export const listChannels = (channels: ldk.ChannelManager): ChannelFacts[] =>
  channels.list_channels().flatMap((details) => readChannel(details) ?? []);
