/** From LDK's facts to the port's values. Pure. */
import {
  channelId,
  nodePubkey,
  type PaymentHash,
  paymentHash,
  scidFromNumber,
  type Untrusted,
} from '../../lightning/ids.ts';
import { type Msat, msat, sum } from '../../money/msat.ts';
import type { Channel, PartFailure, PendingHtlc } from '../node.ts';
import type { ChannelFacts, HtlcFacts, OutgoingState } from './facts.ts';

const amounts = (htlcs: readonly HtlcFacts<unknown>[]): bigint => sum(htlcs.map((htlc) => htlc.amountMsat));

/**
 * The node's own side without any HTLC in flight, exactly. LDK 0.1 does not tell it, but two capacities that stop
 * at zero: (ours - outgoing - our reserve) and (theirs - incoming - their reserve). The side that pays the
 * commitment's fee always stays above its reserve, so one of the two is exact.
 * @throws Error when both are zero: then nothing tells.
 */
export function localMsat(channel: ChannelFacts): Msat {
  if (channel.outboundCapacityMsat > 0n) return msat(channel.outboundCapacityMsat + channel.ownReserveMsat);
  if (channel.inboundCapacityMsat === 0n)
    throw new Error(`channel ${channel.id}: LDK gives no balance while both sides are at their reserve`);
  const remote = channel.inboundCapacityMsat + channel.peerReserveMsat;
  return msat(channel.capacityMsat - remote - amounts(channel.incoming) - amounts(channel.outgoing));
}

const remoteMsat = (channel: ChannelFacts): Msat =>
  msat(channel.capacityMsat - localMsat(channel) - amounts(channel.incoming) - amounts(channel.outgoing));

/** An own part as its HTLC looks on the first channel. */
export interface OwnHtlc {
  readonly channel: string;
  readonly paymentHash: string;
  readonly amountMsat: bigint;
}
const sameHtlc = (channel: ChannelFacts, htlc: HtlcFacts<unknown>, own: OwnHtlc): boolean =>
  own.channel === channel.id && own.paymentHash === htlc.paymentHash && own.amountMsat === htlc.amountMsat;

/** Tells own HTLCs from forwarded ones; each own part stands for one HTLC at most. */
function forwardedOf(channel: ChannelFacts, own: readonly OwnHtlc[]): ReadonlySet<HtlcFacts<OutgoingState>> {
  const unmatched = own.filter((part) => part.channel === channel.id);
  const forwarded = new Set<HtlcFacts<OutgoingState>>();
  for (const htlc of channel.outgoing) {
    const at = unmatched.findIndex((part) => sameHtlc(channel, htlc, part));
    if (at < 0) forwarded.add(htlc);
    else unmatched.splice(at, 1);
  }
  return forwarded;
}

/**
 * The node's own side of all channels as a ledger has it that books a payment at its event, not at the commitment
 * that follows:
 * - an incoming HTLC that we are claiming is ours already: `invoice_settled` or `forwarded` has told so;
 * - a forwarded HTLC still counts as ours until the next node has claimed it: nothing was booked before.
 * @param own parts in flight, and settled ones whose HTLC may linger
 */
export function bookedChannelsMsat(channels: readonly ChannelFacts[], own: readonly OwnHtlc[]): Msat {
  let total = 0n;
  for (const channel of channels) {
    total += localMsat(channel);
    for (const htlc of channel.incoming) if (htlc.state === 'fulfilling') total += htlc.amountMsat;
    for (const htlc of forwardedOf(channel, own)) if (htlc.state !== 'fulfilled') total += htlc.amountMsat;
  }
  return msat(total);
}

/** Weights of BOLT 3: a commitment transaction, and each HTLC output on it. */
const COMMITMENT_WEIGHT = 724n;
const HTLC_WEIGHT = 172n;
/** An opener keeps twice the fee for one more HTLC, lest a rise of the fee rate lock the channel. */
const FEE_SPIKE = 2n;

/** What the peer could send us in one HTLC. If it opened the channel, it keeps the commitment's fee as well. */
function receivableMsat(channel: ChannelFacts): Msat {
  if (!channel.usable) return msat(0n);
  if (channel.opener) return msat(channel.inboundCapacityMsat);
  const htlcs = BigInt(channel.incoming.length + channel.outgoing.length + 2);
  const feeMsat = BigInt(channel.feeratePerKw) * FEE_SPIKE * (COMMITMENT_WEIGHT + HTLC_WEIGHT * htlcs);
  return msat(channel.inboundCapacityMsat > feeMsat ? channel.inboundCapacityMsat - feeMsat : 0n);
}

export const toChannel = (channel: ChannelFacts, peerAlias: Untrusted): Channel => ({
  id: channelId(channel.id),
  scid: channel.confirmed && channel.scid !== null ? scidFromNumber(channel.scid) : null,
  peer: nodePubkey(channel.peer),
  peerAlias,
  capacityMsat: msat(channel.capacityMsat),
  localMsat: localMsat(channel),
  remoteMsat: remoteMsat(channel),
  spendableMsat: channel.usable ? msat(channel.nextHtlcLimitMsat) : msat(0n),
  receivableMsat: receivableMsat(channel),
  updates: null,
  active: channel.usable,
  private: !channel.announced,
});

/**
 * @param own parts in flight, and settled ones whose HTLC may linger
 * @param awaited hashes of the node's own invoices
 */
export function toPendingHtlcs(
  channels: readonly ChannelFacts[],
  own: readonly OwnHtlc[],
  awaited: (hash: PaymentHash) => boolean,
): PendingHtlc[] {
  return channels.flatMap((channel) => {
    const forwarded = forwardedOf(channel, own);
    const common = (htlc: HtlcFacts<unknown>) => ({
      paymentHash: paymentHash(htlc.paymentHash),
      amountMsat: msat(htlc.amountMsat),
      cltvExpiry: htlc.cltvExpiry,
      channel: channelId(channel.id),
    });
    const outgoing = channel.outgoing.map(
      (htlc): PendingHtlc => ({
        direction: 'out',
        ...common(htlc),
        origin: forwarded.has(htlc) ? 'forward' : 'own',
      }),
    );
    // Until both sides are committed to it (BOLT 2), nobody acts on an incoming HTLC, and it may still vanish.
    const incoming = channel.incoming
      .filter((htlc) => htlc.state !== 'adding')
      .map(
        (htlc): PendingHtlc => ({
          direction: 'in',
          ...common(htlc),
          origin: awaited(paymentHash(htlc.paymentHash)) ? 'own' : 'forward',
        }),
      );
    return [...outgoing, ...incoming];
  });
}

/** How LDK says that a path failed, in plain values. */
export type PathFailureFacts =
  | { readonly kind: 'never_sent'; readonly error: string }
  | {
      readonly kind: 'on_path';
      /** The payee itself refused for good. */
      readonly byPayee: boolean;
      readonly blames: 'channel' | 'channel_for_good' | 'node' | null;
      readonly blamesScid: boolean;
    };

/** @param partial the payee waits for other parts, so it may give up waiting */
export function toPartFailure(failure: PathFailureFacts, partial: boolean): PartFailure {
  if (failure.kind === 'never_sent') {
    if (/disconnected|not connected/i.test(failure.error)) return 'node_down';
    return /first hop|route|path/i.test(failure.error) ? 'no_route' : 'no_liquidity';
  }
  if (failure.byPayee) return 'payee_refused';
  if (failure.blames === 'channel') return 'no_liquidity';
  if (failure.blames === 'channel_for_good') return 'no_route';
  if (failure.blames === 'node') return 'node_down';
  // Our own first channel refused it before it left (the holding cell), so nobody on the network is to blame.
  if (failure.blamesScid) return 'no_liquidity';
  // The payee's `mpp_timeout` (BOLT 4, 23) blames nothing; nor does a failure that could not be read.
  return partial ? 'timeout' : 'unattributable';
}
