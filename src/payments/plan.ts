/** Which node pays, and which receives: pure, and explained candidate by candidate. */
import type { NodeId } from '../lightning/ids.ts';
import { deliveredMsat, feeMsat, type Route, totalCltvDelta } from '../lightning/route.ts';
import { type Msat, msat, sum } from '../money/msat.ts';
import type { RouteAnswer } from '../nodes/node.ts';

/** What was asked of one own node, and what it answered. */
export interface PayerFacts {
  readonly node: NodeId;
  readonly region: string;
  readonly health: 'up' | 'lagging' | 'down';
  /** Sum over its active channels. */
  readonly spendableMsat: Msat;
  /** Null: not asked, or no answer. */
  readonly answer: RouteAnswer | null;
  /** How long it was waited for; null: it was not asked. */
  readonly answerMs: number | null;
}

export type Obstacle =
  | 'node_down'
  | 'node_lagging'
  | 'no_liquidity'
  | 'no_route'
  | 'fee_limit'
  /** It tried this very route for this payment already. */
  | 'route_failed_before';

export interface PayerCandidate {
  readonly node: NodeId;
  readonly region: string;
  readonly health: PayerFacts['health'];
  readonly spendableMsat: Msat;
  readonly feeMsat: Msat | null;
  /** Blocks that the funds may be locked at most. */
  readonly cltvDelta: number | null;
  readonly routes: readonly Route[];
  /** Null: it can pay. */
  readonly obstacle: Obstacle | null;
  readonly answerMs: number | null;
}

/** What told the chosen one from the next that could have paid. */
export type Advantage = 'only_one' | 'cheapest' | 'preferred_region' | 'most_spendable' | 'none';

export interface PaymentPlan {
  readonly chosen: PayerCandidate | null;
  /** Null: nobody can. */
  readonly why: Advantage | null;
  /** Best first; those who cannot pay come last, each with the reason. */
  readonly candidates: readonly PayerCandidate[];
}

/** A plan, and when the last of those asked had answered. ms since 1970. */
export interface MadePlan extends PaymentPlan {
  readonly plannedAt: number;
}

export interface PayerQuestion {
  readonly amountMsat: Msat;
  readonly feeLimitMsat: Msat;
  /** Wins among equally cheap nodes. */
  readonly preferredRegion: string | null;
  /** Routes that failed in earlier attempts, as `routeKey` names them. */
  readonly failedRoutes: ReadonlySet<string>;
}

const MAX_ROUNDS = 1_000;

/** Names a route at a node: the channels in order. */
export const routeKey = (node: NodeId, route: Route): string =>
  `${node}:${route.hops.map((hop) => hop.scid).join('>')}`;

/** The cheapest able node pays; among equals the preferred region, then the larger reserve of liquidity. */
export function choosePayer(question: PayerQuestion, facts: readonly PayerFacts[]): PaymentPlan {
  const candidates = facts.map((fact) => weigh(question, fact)).sort((a, b) => compare(question, a, b));
  const [first, second] = candidates.filter((candidate) => candidate.obstacle === null);
  if (first === undefined) return { chosen: null, why: null, candidates };
  return { chosen: first, why: advantageOf(question, first, second), candidates };
}

/** `compare`, in a word. */
function advantageOf(
  { preferredRegion }: PayerQuestion,
  first: PayerCandidate,
  second: PayerCandidate | undefined,
): Advantage {
  if (second === undefined) return 'only_one';
  if (first.feeMsat !== second.feeMsat) return 'cheapest';
  if (first.region === preferredRegion && second.region !== preferredRegion) return 'preferred_region';
  return first.spendableMsat > second.spendableMsat ? 'most_spendable' : 'none';
}

function weigh(question: PayerQuestion, fact: PayerFacts): PayerCandidate {
  const { node, region, health, spendableMsat, answer, answerMs } = fact;
  const routes = answer?.kind === 'routes' ? toldApart(answer.routes) : [];
  const candidate: PayerCandidate = {
    node,
    region,
    health,
    spendableMsat,
    feeMsat: routes.length === 0 ? null : sum(routes.map(feeMsat)),
    cltvDelta: routes.length === 0 ? null : Math.max(...routes.map(totalCltvDelta)),
    routes,
    obstacle: null,
    answerMs,
  };
  return { ...candidate, obstacle: obstacleOf(question, candidate, answer) };
}

/**
 * Parts of one attempt are known by their amounts, which therefore differ: of two equal ones the first leaves 1 msat
 * to the second. Fees stay as they are. More rounds than parts are needed only by many equal ones.
 */
function toldApart(routes: readonly Route[]): readonly Route[] {
  let apart = routes;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const amounts = apart.map(deliveredMsat);
    const second = amounts.findIndex((amount, index) => amounts.indexOf(amount) < index);
    const first = amounts.indexOf(amounts[second] as Msat);
    if (second < 0 || amounts[second] === 1n) return apart;
    const change = (index: number) => (index === first ? -1n : index === second ? 1n : 0n);
    apart = apart.map((route, index) => shifted(route, change(index)));
  }
  return apart;
}

const shifted = ({ hops: [first, ...rest] }: Route, byMsat: bigint): Route => {
  const shift = <Each extends { readonly amountMsat: Msat }>(hop: Each): Each => ({
    ...hop,
    amountMsat: msat(hop.amountMsat + byMsat),
  });
  return { hops: [shift(first), ...rest.map(shift)] };
};

function obstacleOf(
  question: PayerQuestion,
  candidate: PayerCandidate,
  answer: RouteAnswer | null,
): Obstacle | null {
  if (candidate.health === 'down' || answer === null) return 'node_down';
  if (candidate.health === 'lagging') return 'node_lagging';
  if (answer.kind === 'none') return answer.reason;
  if (candidate.feeMsat !== null && candidate.feeMsat > question.feeLimitMsat) return 'fee_limit';
  const failed = candidate.routes.some((route) => question.failedRoutes.has(routeKey(candidate.node, route)));
  return failed ? 'route_failed_before' : null;
}

function compare(question: PayerQuestion, a: PayerCandidate, b: PayerCandidate): number {
  if ((a.obstacle === null) !== (b.obstacle === null)) return a.obstacle === null ? -1 : 1;
  const byFee = order(a.feeMsat ?? question.feeLimitMsat, b.feeMsat ?? question.feeLimitMsat);
  if (byFee !== 0) return byFee;
  const preferred = (candidate: PayerCandidate) => (candidate.region === question.preferredRegion ? 0n : 1n);
  const byRegion = order(preferred(a), preferred(b));
  return byRegion !== 0 ? byRegion : order(b.spendableMsat, a.spendableMsat);
}

const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

export interface ReceiverFacts {
  readonly node: NodeId;
  readonly region: string;
  readonly health: 'up' | 'lagging' | 'down';
  /** Sum over its active channels. */
  readonly receivableMsat: Msat;
}

/**
 * Who issues an invoice: a healthy node whose inbound liquidity covers the amount; of those one in the preferred
 * region, else the one with the most room. Null: nobody can.
 */
export function chooseReceiver(
  question: { readonly amountMsat: Msat | null; readonly preferredRegion: string | null },
  facts: readonly ReceiverFacts[],
): ReceiverFacts | null {
  const able = facts.filter(
    (fact) =>
      fact.health === 'up' && fact.receivableMsat > 0n && fact.receivableMsat >= (question.amountMsat ?? 1n),
  );
  const preferred = (fact: ReceiverFacts) => (fact.region === question.preferredRegion ? 0n : 1n);
  const sorted = able.sort(
    (a, b) => order(preferred(a), preferred(b)) || order(b.receivableMsat, a.receivableMsat),
  );
  return sorted[0] ?? null;
}
