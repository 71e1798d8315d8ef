/** Which node pays, and which receives: pure, and explained candidate by candidate. */
import type { NodeState } from '../fleet/standing.ts';
import type { NodeId } from '../lightning/ids.ts';
import { deliveredMsat, feeMsat, type Route, totalCltvDelta } from '../lightning/route.ts';
import { type Msat, msat, sum } from '../money/msat.ts';
import type { RouteAnswer } from '../nodes/node.ts';

/** What was asked of one own node, and what it answered. */
export interface PayerFacts {
  readonly node: NodeId;
  readonly region: string;
  readonly health: NodeState;
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
  /** By hand or by rule. */
  | 'node_drained'
  /** Its chain is another than that of as many other nodes. */
  | 'chain_disputed'
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

const UNFIT: Readonly<Record<Exclude<NodeState, 'up'>, Obstacle>> = {
  disputed: 'chain_disputed',
  lagging: 'node_lagging',
  drained: 'node_drained',
  down: 'node_down',
};

function obstacleOf(
  question: PayerQuestion,
  candidate: PayerCandidate,
  answer: RouteAnswer | null,
): Obstacle | null {
  if (candidate.health !== 'up') return UNFIT[candidate.health];
  if (answer === null) return 'node_down';
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
  readonly health: NodeState;
  /** Sum over its active channels. */
  readonly receivableMsat: Msat;
  /** What it may take before it holds more than it may; null: no cap. */
  readonly roomMsat: Msat | null;
}

/** Whose chain is disputed may receive: nothing of its own is at stake in what others lock. */
const mayReceive = ({ health }: ReceiverFacts): boolean => health === 'up' || health === 'disputed';

/** Whoever could receive, were it not for its cap. */
export const cappedReceivers = (amountMsat: Msat | null, facts: readonly ReceiverFacts[]): ReceiverFacts[] =>
  facts.filter(
    (fact) => mayReceive(fact) && fact.receivableMsat >= (amountMsat ?? 1n) && !hasRoom(fact, amountMsat),
  );

const hasRoom = ({ roomMsat }: ReceiverFacts, amountMsat: Msat | null): boolean =>
  roomMsat === null || roomMsat >= (amountMsat ?? 1n);

/**
 * Who issues an invoice: a healthy node whose inbound liquidity covers the amount; of those that may hold
 * it, one in the preferred region, else the one with the most room. Null: nobody can.
 */
export function chooseReceiver(
  question: { readonly amountMsat: Msat | null; readonly preferredRegion: string | null },
  facts: readonly ReceiverFacts[],
): ReceiverFacts | null {
  const able = facts.filter(
    (fact) =>
      mayReceive(fact) &&
      fact.receivableMsat > 0n &&
      fact.receivableMsat >= (question.amountMsat ?? 1n) &&
      hasRoom(fact, question.amountMsat),
  );
  const preferred = (fact: ReceiverFacts) => (fact.region === question.preferredRegion ? 0n : 1n);
  const sorted = able.sort(
    (a, b) => order(preferred(a), preferred(b)) || order(b.receivableMsat, a.receivableMsat),
  );
  return sorted[0] ?? null;
}
