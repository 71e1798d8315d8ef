/** A plan as the API shows it, and as it is kept. */
import type { PayerCandidate, PaymentPlan } from './plan.ts';

const candidateView = (candidate: PayerCandidate) => ({
  node: candidate.node,
  region: candidate.region,
  health: candidate.health,
  spendable_msat: candidate.spendableMsat.toString(),
  fee_msat: candidate.feeMsat?.toString() ?? null,
  cltv_delta: candidate.cltvDelta,
  hops:
    candidate.routes.length === 0 ? null : Math.max(...candidate.routes.map((route) => route.hops.length)),
  parts: candidate.routes.length,
  obstacle: candidate.obstacle,
  answer_ms: candidate.answerMs,
});

export const planView = (plan: PaymentPlan) => ({
  chosen: plan.chosen?.node ?? null,
  why: plan.why,
  candidates: plan.candidates.map(candidateView),
});
export type PlanView = ReturnType<typeof planView>;
