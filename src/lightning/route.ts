import { type Msat, msat } from '../money/msat.ts';
import type { NodePubkey, ShortChannelId } from './ids.ts';

/** One channel crossed. Every daemon's own form of a route follows from these. */
export interface Hop {
  /** The node at the far end of the channel. */
  readonly pubkey: NodePubkey;
  readonly scid: ShortChannelId;
  /** msat that arrive at `pubkey` over this channel: the HTLC's amount there. */
  readonly amountMsat: Msat;
  /** Blocks between the HTLC that `pubkey` receives and the one it sends; at the payee, the final delta. */
  readonly cltvDelta: number;
}

/** A path from an own node to a payee; the first hop crosses an own channel. Never empty. */
export interface Route {
  readonly hops: readonly [Hop, ...Hop[]];
}

/** msat that the payee receives over this route. */
export const deliveredMsat = (route: Route): Msat => (route.hops.at(-1) ?? route.hops[0]).amountMsat;
/** msat that leave the sender: what was delivered, and the fees. */
export const sentMsat = (route: Route): Msat => route.hops[0].amountMsat;
export const feeMsat = (route: Route): Msat => msat(sentMsat(route) - deliveredMsat(route));
/** Blocks that an HTLC over this route may lock funds for at most. */
export const totalCltvDelta = (route: Route): number =>
  route.hops.reduce((blocks, hop) => blocks + hop.cltvDelta, 0);

/** A private channel that the payee names in its invoice. Source: BOLT 11, field `r`. */
export interface HintHop {
  readonly pubkey: NodePubkey;
  readonly scid: ShortChannelId;
  readonly feeBaseMsat: number;
  readonly feePpm: number;
  readonly cltvDelta: number;
}
export type RouteHint = readonly HintHop[];
