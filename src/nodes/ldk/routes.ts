/** Finds routes with LDK's router, over the worker's graph and the node's own channels. */
import { randomBytes } from 'node:crypto';
import { nodePubkey, scidFromNumber, scidToNumber } from '../../lightning/ids.ts';
import type { HintHop, Hop, Route } from '../../lightning/route.ts';
import { msat } from '../../money/msat.ts';
import type { RouteAnswer, RouteQuestion } from '../node.ts';
import { fromHex, ldk, someU64, toHex, unwrap } from './bindings.ts';

export interface RouteFinder {
  readonly pubkey: string;
  readonly graph: ldk.NetworkGraph;
  readonly logger: ldk.Logger;
  readonly scorer: ldk.ProbabilisticScorer;
  readonly channels: ldk.ChannelManager;
}

/** Blocks that funds may be locked for at most: a week, as LDK has it by default. */
const MAX_TOTAL_CLTV_DELTA = 1008;
const MAX_HOPS = 19;
/** A part takes a quarter of a channel's capacity at most, so that several find room; a single one takes all. */
const SATURATION_OF_PARTS = 2;
const SATURATION_OF_ONE = 0;
/** Small enough for any channel that is of use at all. */
const TINY_MSAT = 1_000n;

function toFeatures(hex: string): ldk.Bolt11InvoiceFeatures {
  const bytes = fromHex(hex.length % 2 === 0 ? hex : `0${hex}`);
  const length = Uint8Array.of(bytes.length >> 8, bytes.length & 0xff);
  const read = ldk.Bolt11InvoiceFeatures.constructor_read(Buffer.concat([length, bytes]));
  return unwrap(read, ldk.Result_Bolt11InvoiceFeaturesDecodeErrorZ_OK, 'feature bits of the invoice');
}

const toHintHop = (hop: HintHop): ldk.RouteHintHop =>
  ldk.RouteHintHop.constructor_new(
    fromHex(hop.pubkey),
    scidToNumber(hop.scid),
    ldk.RoutingFees.constructor_new(hop.feeBaseMsat, hop.feePpm),
    hop.cltvDelta,
    someU64(null),
    someU64(null),
  );

interface Limits {
  readonly amountMsat: bigint;
  readonly feeLimitMsat: bigint | null;
}

function toParameters(question: RouteQuestion, limits: Limits): ldk.RouteParameters {
  const payee = ldk.Payee.constructor_clear(
    fromHex(question.payee),
    question.hints.map((hint) => ldk.RouteHint.constructor_new(hint.map(toHintHop))),
    toFeatures(question.features),
    question.finalCltvDelta,
  );
  const parameters = ldk.PaymentParameters.constructor_new(
    payee,
    someU64(null),
    MAX_TOTAL_CLTV_DELTA,
    question.maxParts,
    MAX_HOPS,
    question.maxParts === 1 ? SATURATION_OF_ONE : SATURATION_OF_PARTS,
    new BigUint64Array(),
    new BigUint64Array(),
  );
  return ldk.RouteParameters.constructor_new(parameters, limits.amountMsat, someU64(limits.feeLimitMsat));
}

function findWithin(finder: RouteFinder, question: RouteQuestion, limits: Limits): ldk.Route | null {
  const memory = ldk.ScorerAccountingForInFlightHtlcs.constructor_new(
    finder.scorer.as_ScoreLookUp(),
    finder.channels.compute_inflight_htlcs(),
  );
  const result = ldk.UtilMethods.constructor_find_route(
    fromHex(finder.pubkey),
    toParameters(question, limits),
    finder.graph,
    finder.channels.list_usable_channels(),
    finder.logger,
    memory.as_ScoreLookUp(),
    ldk.ProbabilisticScoringFeeParameters.constructor_default(),
    randomBytes(32),
  );
  return result.is_ok() ? unwrap(result, ldk.Result_RouteLightningErrorZ_OK, 'find_route') : null;
}

/** LDK counts what each node keeps; the port counts what arrives. */
function toRoute(path: ldk.Path): Route {
  let amountMsat = 0n;
  const hops: Hop[] = [];
  for (const hop of path.get_hops().reverse()) {
    amountMsat += hop.get_fee_msat();
    hops.unshift({
      pubkey: nodePubkey(toHex(hop.get_pubkey())),
      scid: scidFromNumber(hop.get_short_channel_id()),
      amountMsat: msat(amountMsat),
      cltvDelta: hop.get_cltv_expiry_delta(),
    });
  }
  const [first, ...others] = hops;
  if (first === undefined) throw new Error('LDK found a route without hops');
  return { hops: [first, ...others] };
}

export function findRoutes(finder: RouteFinder, question: RouteQuestion): RouteAnswer {
  const { amountMsat, feeLimitMsat } = question;
  const found = findWithin(finder, question, { amountMsat, feeLimitMsat });
  if (found !== null) {
    const [first, ...others] = found.get_paths().map(toRoute);
    if (first === undefined) throw new Error('LDK found no paths, yet no error');
    return { kind: 'routes', routes: [first, ...others] };
  }
  // LDK names no reason that a program could read: ask again for less.
  if (findWithin(finder, question, { amountMsat, feeLimitMsat: null }) !== null)
    return { kind: 'none', reason: 'fee_limit' };
  const tiny = findWithin(finder, question, { amountMsat: TINY_MSAT, feeLimitMsat: null });
  return { kind: 'none', reason: tiny === null ? 'no_route' : 'no_liquidity' };
}

/** Names a channel that exists nowhere: block 0 of a chain holds one transaction. */
export const GHOST_SCID = 0xdeadbeefn;

const toRouteHop = (hop: Hop, scid: bigint, keptMsat: bigint): ldk.RouteHop =>
  ldk.RouteHop.constructor_new(
    fromHex(hop.pubkey),
    ldk.NodeFeatures.constructor_empty(),
    scid,
    ldk.ChannelFeatures.constructor_empty(),
    keptMsat,
    hop.cltvDelta,
    true,
  );

function toPath(route: Route): ldk.Path {
  const hops = route.hops.map((hop, at) => {
    const next = route.hops[at + 1];
    return toRouteHop(hop, scidToNumber(hop.scid), hop.amountMsat - (next?.amountMsat ?? 0n));
  });
  return ldk.Path.constructor_new(hops, null);
}

/**
 * LDK tells the payee that the total is the sum of the paths. Where other nodes send the rest, a second path over
 * a channel that does not exist makes up the difference: it fails before anything leaves.
 */
export function toLdkRoute(route: Route, missingMsat: bigint): ldk.Route {
  const paths = [toPath(route)];
  const payee = route.hops.at(-1) ?? route.hops[0];
  if (missingMsat > 0n)
    paths.push(ldk.Path.constructor_new([toRouteHop(payee, GHOST_SCID, missingMsat)], null));
  return ldk.Route.constructor_new(paths, null);
}

export const isGhost = (path: ldk.Path): boolean => path.get_hops()[0]?.get_short_channel_id() === GHOST_SCID;
