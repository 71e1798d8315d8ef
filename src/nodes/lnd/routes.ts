/** Finds routes with LND's graph and memory. */
import { scidToNumber } from '../../lightning/ids.ts';
import { feeMsat, type Route } from '../../lightning/route.ts';
import { type Msat, msat, sum } from '../../money/msat.ts';
import type { RouteAnswer, RouteQuestion } from '../node.ts';
import { type Ask, LndError } from './call.ts';
import type { LndClient } from './client.ts';
import { fromLndRoute, toChannel } from './map.ts';
import type { Channel, QueryRoutesRequest, RouteHint } from './proto/lightning.ts';

/** A block or two may come before the payee sees its HTLC. Source: BOLT 4, as LND and Core Lightning do. */
const CLTV_PADDING = 3;
/** Left in a channel for the fees of a part that would empty it. */
const FEE_ROOM_PPM = 5_000n;

export async function findRoutes(client: LndClient, question: RouteQuestion): Promise<RouteAnswer> {
  const whole = await ask(client, question, question.amountMsat, question.feeLimitMsat, []);
  if (whole !== null) return { kind: 'routes', routes: [whole] };
  const { channels } = await client.lightning.listChannels({ active_only: true });
  const free = channels
    .map((channel) => ({ channel, spendableMsat: toChannel(channel).spendableMsat }))
    .sort((a, b) => (a.spendableMsat > b.spendableMsat ? -1 : 1));
  if (sum(free.map((each) => each.spendableMsat)) < question.amountMsat) {
    return { kind: 'none', reason: 'no_liquidity' };
  }
  if (question.maxParts > 1) {
    const routes = await split(client, question, free);
    if (routes !== null) return { kind: 'routes', routes };
  }
  const atAnyFee = await ask(client, question, question.amountMsat, question.amountMsat, []);
  return { kind: 'none', reason: atAnyFee === null ? 'no_route' : 'fee_limit' };
}

interface Free {
  readonly channel: Channel;
  readonly spendableMsat: Msat;
}

/** The fullest channels first, each as much as it can. Null: not in so few parts. */
async function split(
  client: LndClient,
  question: RouteQuestion,
  free: readonly Free[],
): Promise<[Route, ...Route[]] | null> {
  const routes: Route[] = [];
  let left: bigint = question.amountMsat;
  let feesLeft: bigint = question.feeLimitMsat;
  for (const { channel, spendableMsat } of free) {
    if (left === 0n || routes.length === question.maxParts) break;
    const most = (spendableMsat * (1_000_000n - FEE_ROOM_PPM)) / 1_000_000n - 1_000n;
    const amount = most < left ? most : left;
    if (amount <= 0n) continue;
    const route = await ask(client, question, msat(amount), msat(feesLeft), [channel.chan_id]);
    if (route === null) continue;
    routes.push(route);
    left -= amount;
    feesLeft -= feeMsat(route);
  }
  const [first, ...rest] = routes;
  return left > 0n || first === undefined ? null : [first, ...rest];
}

/** Null: LND knows none. */
async function ask(
  client: LndClient,
  { payee, hints, features, finalCltvDelta }: RouteQuestion,
  amountMsat: Msat,
  feeLimitMsat: Msat,
  outgoing: readonly string[],
): Promise<Route | null> {
  const finalDelta = finalCltvDelta + CLTV_PADDING;
  const request: Ask<QueryRoutesRequest> = {
    pub_key: payee,
    amt_msat: amountMsat.toString(),
    final_cltv_delta: finalDelta,
    fee_limit: { fixed_msat: feeLimitMsat.toString() },
    use_mission_control: true,
    route_hints: hints.map(toLndHint),
    dest_features: featureBits(features) as unknown as QueryRoutesRequest['dest_features'],
    outgoing_chan_ids: outgoing,
  };
  try {
    const { routes } = await client.lightning.queryRoutes(request);
    const [route] = routes;
    return route === undefined ? null : fromLndRoute(route, finalDelta);
  } catch (error) {
    if (error instanceof LndError && isNoRoute(error)) return null;
    throw error;
  }
}

const isNoRoute = ({ message }: LndError): boolean =>
  /unable to find a path|no path|insufficient local balance|not enough|target not found|no route/i.test(
    message,
  );

const toLndHint = (hint: RouteQuestion['hints'][number]): Ask<RouteHint> => ({
  hop_hints: hint.map((hop) => ({
    node_id: hop.pubkey,
    chan_id: scidToNumber(hop.scid).toString(),
    fee_base_msat: hop.feeBaseMsat,
    fee_proportional_millionths: hop.feePpm,
    cltv_expiry_delta: hop.cltvDelta,
  })),
});

/** Numbers of the bits that are set in a bit field, as hex. Source: BOLT 9. */
function featureBits(features: string): number[] {
  const field = BigInt(`0x0${features}`);
  return Array.from({ length: features.length * 4 }, (_, bit) => bit).filter(
    (bit) => (field >> BigInt(bit)) & 1n,
  );
}
