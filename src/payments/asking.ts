/** Asks every own node what it could do: the facts that the pure plan decides on. */
import { roomMsat } from '../fleet/exposure.ts';
import type { Fleet, OwnNode } from '../fleet/fleet.ts';
import { ANSWER_MS, liquidity, type NodeHealth } from '../fleet/health.ts';
import { type Clock, within } from '../kit/clock.ts';
import { Problem } from '../kit/problems.ts';
import type { Bolt11 } from '../lightning/bolt11.ts';
import { FEATURE, offers } from '../lightning/bolt11.ts';
import { type Msat, msat } from '../money/msat.ts';
import type { RouteQuestion } from '../nodes/node.ts';
import type { PayerFacts, ReceiverFacts } from './plan.ts';

const RECENT_MS = 1_000;
const MAX_PARTS_OF_ONE_NODE = 8;

export function routeQuestion(invoice: Bolt11, amountMsat: Msat, feeLimitMsat: Msat): RouteQuestion {
  return {
    payee: invoice.payee,
    hints: invoice.routeHints,
    features: invoice.features,
    amountMsat,
    finalCltvDelta: invoice.finalCltvDelta,
    feeLimitMsat,
    maxParts: offers(invoice.features, FEATURE.basicMpp) ? MAX_PARTS_OF_ONE_NODE : 1,
  };
}

export const askPayers = (fleet: Fleet, clock: Clock, question: RouteQuestion): Promise<PayerFacts[]> =>
  Promise.all(fleet.nodes.map((own) => askPayer(fleet, clock, own, question)));

async function askPayer(
  fleet: Fleet,
  clock: Clock,
  own: OwnNode,
  question: RouteQuestion,
): Promise<PayerFacts> {
  const asked = clock.elapsed();
  const answerMs = () => Math.round(clock.elapsed() - asked);
  const health = await recentHealth(fleet, clock, own);
  const facts = {
    node: own.id,
    region: own.region,
    health: health.state,
    spendableMsat: msat(liquidity(health).spendableMsat),
  };
  const { routes } = own.node.facets;
  if (health.state === 'down' || health.state === 'drained' || routes === undefined)
    return { ...facts, answer: null, answerMs: null };
  const answer = await within(clock, ANSWER_MS, routes.find(question)).catch(() => null);
  return { ...facts, answer, answerMs: answerMs() };
}

/** At most a second old; a node known to be down is not waited for. */
async function recentHealth(fleet: Fleet, clock: Clock, own: OwnNode): Promise<NodeHealth> {
  const health = fleet.health(own.id);
  const recent = health.state === 'down' || clock.now() - health.at < RECENT_MS;
  return recent ? health : fleet.refresh(own.id);
}

export async function receiverFacts(fleet: Fleet): Promise<ReceiverFacts[]> {
  const capped = fleet.nodes.some((own) => (own.exposureMsatMax ?? null) !== null);
  const exposures = capped ? await fleet.exposures() : null;
  return fleet.nodes.map((own) => {
    const health = fleet.health(own.id);
    return {
      node: own.id,
      region: own.region,
      health: health.state,
      receivableMsat: msat(liquidity(health).receivableMsat),
      roomMsat: exposures === null ? null : roomMsat(own, exposures.get(own.id) ?? msat(0n)),
    };
  });
}

/** A region that is asked for must be one of the fleet's: a typo would else change nothing, unnoticed. */
export function refuseUnknownRegion(fleet: Fleet, region: string | null): void {
  const regions = fleet.nodes.map((own) => own.region);
  if (region === null || regions.includes(region)) return;
  throw new Problem(
    'region_unknown',
    `region: there is no ${JSON.stringify(region)}; there are ${regions.join(', ')}.`,
    {
      field: 'region',
    },
  );
}
