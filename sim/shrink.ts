/** The shortest story that still goes wrong: whatever is not needed for it is left out, one thing after another. */
import type { Plan } from './plan.ts';
import { runPlan } from './run.ts';

const RUNS_MAX = 300;

/** @returns a plan with as little in it as can be, that still fails */
export async function shrink(failing: Plan): Promise<Plan> {
  let shortest = failing;
  let runs = 0;
  const fails = async (plan: Plan): Promise<boolean> =>
    runs++ < RUNS_MAX && (await runPlan(plan)).violations.length > 0;
  for (let isShorter = true; isShorter; ) {
    isShorter = false;
    for (const shorter of shorterThan(shortest)) {
      if (!(await fails(shorter))) continue;
      shortest = shorter;
      isShorter = true;
      break;
    }
  }
  return shortest;
}

function* shorterThan(plan: Plan): Generator<Plan> {
  for (const key of ['faults', 'payments', 'receipts', 'forwards'] as const) {
    for (const index of plan[key].keys()) yield { ...plan, [key]: plan[key].toSpliced(index, 1) };
  }
  for (const [index, payment] of plan.payments.entries()) {
    for (const at of payment.asks.keys()) {
      if (payment.asks.length === 1) continue;
      const fewer = { ...payment, asks: payment.asks.toSpliced(at, 1) };
      yield { ...plan, payments: plan.payments.with(index, fewer) };
    }
  }
  if (plan.processes > 1) yield { ...plan, processes: plan.processes - 1 };
  if (plan.guardless !== null) yield { ...plan, guardless: null };
  if (plan.greedy) yield { ...plan, greedy: false };
}
