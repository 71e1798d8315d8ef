/** The facet `routes`: as few parts as will do, each on its cheapest path. */
import { FEATURE, offers } from '../../lightning/bolt11.ts';
import type { NodePubkey } from '../../lightning/ids.ts';
import { feeMsat, type Route } from '../../lightning/route.ts';
import { type Msat, msat, sum } from '../../money/msat.ts';
import type { RouteAnswer, RouteQuestion } from '../node.ts';
import { cheapestPath, NO_LIMIT, type PathQuestion } from './path.ts';
import type { NodeState } from './state.ts';

/** Blocks that may be found while a part is on its way, as LND reckons with. */
const BLOCK_PADDING = 3;
const HALVINGS = 24;
const MAX_PARTS = 64;

export function findRoutes(
  source: NodeState,
  question: RouteQuestion,
  nodeBy: (pubkey: NodePubkey) => NodeState | undefined,
): RouteAnswer {
  const used = new Map<string, bigint>();
  const path = (amountMsat: Msat): Route | null => {
    const { payee, hints } = question;
    const finalCltvDelta = question.finalCltvDelta + BLOCK_PADDING;
    const usedMsat: PathQuestion['usedMsat'] = (from, scid) => used.get(`${from}/${scid}`) ?? 0n;
    return cheapestPath({ source, payee, amountMsat, finalCltvDelta, hints, nodeBy, usedMsat });
  };
  const take = (route: Route): void => {
    let from = source.pubkey;
    for (const hop of route.hops) {
      const key = `${from}/${hop.scid}`;
      used.set(key, (used.get(key) ?? 0n) + hop.amountMsat);
      from = hop.pubkey;
    }
  };

  const routes: Route[] = [];
  let left: bigint = question.amountMsat;
  for (let parts = partsAllowed(question); parts > 0 && left > 0n; parts -= 1) {
    const route = path(msat(left)) ?? (parts > 1 ? widest(path, left) : null);
    if (route === null) break;
    take(route);
    routes.push(route);
    left -= route.hops.at(-1)?.amountMsat ?? 0n;
  }
  const [first, ...rest] = routes;
  if (left > 0n || first === undefined) {
    used.clear();
    return { kind: 'none', reason: path(msat(1n)) === null ? 'no_route' : 'no_liquidity' };
  }
  if (sum(routes.map(feeMsat)) > question.feeLimitMsat) return { kind: 'none', reason: 'fee_limit' };
  return { kind: 'routes', routes: [first, ...rest] };
}

/** A payee that does not offer `basic_mpp` is paid in one part. Source: BOLT 11. */
const partsAllowed = ({ maxParts, features }: RouteQuestion): number =>
  offers(features, FEATURE.basicMpp) ? Math.min(maxParts, MAX_PARTS) : Math.min(maxParts, 1);

/** The path that can carry most of an amount which no path carries whole, to a 2^24th of it. */
function widest(path: (amountMsat: Msat) => Route | null, amountMsat: bigint): Route | null {
  let best: Route | null = null;
  let [fits, tooMuch] = [0n, amountMsat < NO_LIMIT ? amountMsat : NO_LIMIT];
  for (let round = 0; round < HALVINGS && tooMuch - fits > 1n; round += 1) {
    const middle = (fits + tooMuch) / 2n;
    const route = path(msat(middle));
    if (route === null) tooMuch = middle;
    else [fits, best] = [middle, route];
  }
  return best;
}
