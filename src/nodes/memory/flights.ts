/** How HTLCs travel: out hop by hop, and back as a preimage or a failure. Source: BOLT 2, BOLT 4. */
import { type Preimage, untrusted } from '../../lightning/ids.ts';
import { deliveredMsat, type Hop, feeMsat as routeFeeMsat, totalCltvDelta } from '../../lightning/route.ts';
import { msat } from '../../money/msat.ts';
import { forwardingFee } from '../../money/ppm.ts';
import type { PartFailure, PartOrder, SendAnswer } from '../node.ts';
import {
  type ChannelState,
  endOf,
  type Flight,
  type Ground,
  type Htlc,
  isActive,
  type NodeState,
  otherEnd,
  spendableMsat,
} from './state.ts';

/** HTLCs that one end may have in flight on a channel. Source: BOLT 2, `max_accepted_htlcs`. */
export const MAX_HTLCS = 483;

const refused = (reason: PartFailure, detail: string): SendAnswer => ({
  kind: 'refused',
  reason,
  detail: untrusted(detail),
});
const IN_FLIGHT = { kind: 'in_flight' } as const;

/** @param sender the driver that sends it */
export function sendPart(ground: Ground, node: NodeState, order: PartOrder, sender: object): SendAnswer {
  if (node.parts.has(order.token)) return { kind: 'duplicate' };
  const objection = objectionTo(ground, node, order);
  if (objection !== null) return objection;
  const { token, paymentHash, paymentSecret, totalMsat, route } = order;
  const { hops } = route;
  const flight = { token, paymentHash, paymentSecret, totalMsat, origin: node, hops, htlcs: [] };
  node.parts.set(token, IN_FLIGHT);
  node.inFlight.set(token, flight);
  node.log.appendSent(sender, {
    kind: 'part_found',
    token,
    paymentHash,
    amountMsat: deliveredMsat(route),
    feeMsat: routeFeeMsat(route),
  });
  offer(ground, flight, node, hops[0], ground.height() + totalCltvDelta(route));
  ground.wire.drain();
  return { kind: 'accepted' };
}

/** Locks the amount on the next channel. The caller has checked that it can. */
function offer(ground: Ground, flight: Flight, node: NodeState, hop: Hop, cltvExpiry: number): void {
  const channel = ground.channelBy(hop.scid);
  if (channel === undefined) throw new Error('offered over no channel');
  const from = endOf(channel, node);
  const htlc: Htlc = {
    flight,
    index: flight.htlcs.length,
    channel,
    from,
    to: otherEnd(channel, from),
    amountMsat: hop.amountMsat,
    cltvExpiry,
    phase: 'offered',
    failure: null,
    preimage: null,
  };
  from.localMsat -= htlc.amountMsat;
  from.offered.add(htlc);
  flight.htlcs.push(htlc);
  if (htlc.index > 0) node.forwardingMsat += htlc.amountMsat;
  ground.wire.cross(channel, () => arrive(ground, htlc));
}

function arrive(ground: Ground, htlc: Htlc): void {
  if (htlc.phase !== 'offered') return;
  htlc.phase = 'arrived';
  const { node } = htlc.to;
  if (htlc.index === htlc.flight.hops.length - 1) ground.receive(htlc);
  else if (node.faults.sticking) node.stuck.add(htlc);
  else forwardHtlc(ground, htlc);
}

/** The HTLC goes on to the next node, or back. */
export function forwardHtlc(ground: Ground, htlc: Htlc): void {
  if (htlc.phase !== 'arrived') return;
  const { hops } = htlc.flight;
  const [here, hop] = [hops[htlc.index], hops[htlc.index + 1]];
  if (here === undefined || hop === undefined) throw new Error('forwarded beyond the payee');
  const cltvExpiry = htlc.cltvExpiry - here.cltvDelta;
  const reason = reasonAgainst(ground, htlc, hop, cltvExpiry);
  if (reason === null) offer(ground, htlc.flight, htlc.to.node, hop, cltvExpiry);
  else failHtlc(ground, htlc, reason);
}

/** The receiver gives the HTLC back. */
export function failHtlc(ground: Ground, htlc: Htlc, reason: PartFailure): void {
  if (htlc.phase !== 'arrived') return;
  htlc.phase = 'failing';
  htlc.failure = htlc.to.node.faults.garbling ? 'unattributable' : reason;
  ground.wire.cross(htlc.channel, () => failed(ground, htlc));
}

/** The receiver takes the HTLC by its preimage. */
export function settleHtlc(ground: Ground, htlc: Htlc, preimage: Preimage): void {
  if (htlc.phase !== 'arrived') return;
  htlc.phase = 'settling';
  htlc.preimage = preimage;
  htlc.to.localMsat += htlc.amountMsat;
  ground.wire.cross(htlc.channel, () => settled(ground, htlc));
}

/** The offering end has the amount back. */
function failed(ground: Ground, htlc: Htlc): void {
  if (htlc.phase === 'over') return;
  htlc.phase = 'over';
  htlc.from.offered.delete(htlc);
  htlc.from.localMsat += htlc.amountMsat;
  const reason = htlc.failure ?? 'node_down';
  const before = htlc.flight.htlcs[htlc.index - 1];
  if (before === undefined) {
    endFailed(htlc.flight, reason);
    return;
  }
  htlc.from.node.forwardingMsat -= htlc.amountMsat;
  failHtlc(ground, before, reason);
}

/** The offering end knows the preimage: a forwarding node takes the other half with it in the same step. */
function settled(ground: Ground, htlc: Htlc): void {
  const { preimage } = htlc;
  if (htlc.phase === 'over' || preimage === null) return;
  htlc.phase = 'over';
  htlc.from.offered.delete(htlc);
  const before = htlc.flight.htlcs[htlc.index - 1];
  if (before === undefined) {
    endSettled(htlc, preimage);
    return;
  }
  const { node } = htlc.from;
  node.forwardingMsat -= htlc.amountMsat;
  settleHtlc(ground, before, preimage);
  const feeMsat = msat(before.amountMsat - htlc.amountMsat);
  node.log.append({ kind: 'forwarded', amountMsat: htlc.amountMsat, feeMsat });
}

/**
 * Resolves every HTLC that has expired at this height, if need be on the chain, without the peer: whoever has the
 * preimage gets it, else the offering end. Channels stay open, which real ones would not.
 */
export function expireHtlcs(ground: Ground, channels: Iterable<ChannelState>): void {
  const due: Htlc[] = [];
  for (const channel of channels) {
    for (const { offered } of channel.ends) {
      for (const htlc of offered) if (htlc.cltvExpiry <= ground.height()) due.push(htlc);
    }
  }
  // Downstream first: it expires earlier, and what becomes of it decides over the rest.
  for (const htlc of due.sort((a, b) => b.index - a.index)) {
    if (htlc.phase === 'settling') settled(ground, htlc);
    else if (htlc.phase === 'failing' || htlc.phase === 'offered') failed(ground, htlc);
    else if (htlc.flight.htlcs[htlc.index + 1] === undefined) failHtlc(ground, htlc, 'timeout');
  }
  ground.wire.drain();
}

function endFailed({ origin, token, paymentHash }: Flight, reason: PartFailure): void {
  origin.inFlight.delete(token);
  origin.parts.set(token, { kind: 'failed', reason });
  origin.log.append({ kind: 'part_failed', token, paymentHash, reason });
}

function endSettled({ flight, amountMsat }: Htlc, preimage: Preimage): void {
  const { origin, token, paymentHash, hops } = flight;
  const feeMsat = msat(amountMsat - (hops.at(-1)?.amountMsat ?? amountMsat));
  origin.inFlight.delete(token);
  origin.parts.set(token, { kind: 'settled', preimage, feeMsat });
  origin.log.append({ kind: 'part_settled', token, paymentHash, preimage, feeMsat });
}

/** Why the sender itself does not send, or null. */
function objectionTo(ground: Ground, node: NodeState, order: PartOrder): SendAnswer | null {
  const [first] = order.route.hops;
  const delivered = deliveredMsat(order.route);
  if (delivered <= 0n) return refused('no_route', 'a part delivers 1 msat or more');
  if (delivered > order.totalMsat) return refused('no_route', 'a part is at most the total');
  if (ground.time.now() > order.expiresAt) return refused('timeout', 'the part came too late');
  if (!node.faults.synced) return refused('node_down', 'the node lags behind its chain');
  const channel = ground.channelBy(first.scid);
  if (channel === undefined || !channel.ends.some((end) => end.node === node)) {
    return refused('no_route', `no own channel ${first.scid}`);
  }
  const end = endOf(channel, node);
  if (otherEnd(channel, end).node.pubkey !== first.pubkey)
    return refused('no_route', 'not the peer of the channel');
  if (!isActive(channel)) return refused('node_down', 'the peer is offline');
  if (!carries(channel, node, first.amountMsat)) {
    return refused('no_liquidity', `${spendableMsat(channel, end)} msat are spendable`);
  }
  return null;
}

const carries = (channel: ChannelState, node: NodeState, amountMsat: bigint): boolean => {
  const end = endOf(channel, node);
  return amountMsat <= spendableMsat(channel, end) && end.offered.size < MAX_HTLCS;
};

/** Why a forwarding node does not send on, or null. Source: BOLT 4, failure messages. */
function reasonAgainst(ground: Ground, incoming: Htlc, hop: Hop, cltvExpiry: number): PartFailure | null {
  const { node } = incoming.to;
  const channel = ground.channelBy(hop.scid);
  if (channel === undefined || !channel.ends.some((end) => end.node === node)) return 'no_route';
  const end = endOf(channel, node);
  if (otherEnd(channel, end).node.pubkey !== hop.pubkey) return 'no_route';
  if (!isActive(channel)) return 'node_down';
  const { feeBaseMsat, feePpm, cltvDelta } = end.policy;
  const fee = forwardingFee(hop.amountMsat, BigInt(feeBaseMsat), BigInt(feePpm));
  if (incoming.amountMsat < hop.amountMsat + fee) return 'no_route';
  if (incoming.cltvExpiry - cltvExpiry < cltvDelta || cltvExpiry <= ground.height()) return 'no_route';
  return carries(channel, node, hop.amountMsat) ? null : 'no_liquidity';
}
