/** What each attempt was planned on, and when its parts were sent and ended: for whoever asks why, and where the time went. */
import { instant, json, type Statements, type Tx } from '../kit/db.ts';
import type { MadePlan, PaymentPlan } from './plan.ts';
import { type PlanView, planView } from './plan-view.ts';

/** The best of a fleet of any size. */
const CANDIDATES_MAX = 32;

export function planToKeep(plan: PaymentPlan): PlanView {
  const { candidates, ...chosen } = planView(plan);
  return { ...chosen, candidates: candidates.slice(0, CANDIDATES_MAX) };
}

export interface NewAttempt {
  readonly paymentId: string;
  readonly attempt: number;
  readonly plan: MadePlan;
  /** How often the fleet was asked. */
  readonly rounds: number;
}

/** Of the first attempt there is one that has led to nothing: the newest is kept. */
export async function keepPlan(tx: Tx, { paymentId, attempt, plan, rounds }: NewAttempt): Promise<void> {
  await tx.query(
    `insert into attempt (payment_id, attempt, plan, rounds, planned_at) values ($1, $2, $3, $4, $5)
     on conflict (payment_id, attempt) do update
     set plan = excluded.plan, rounds = attempt.rounds + excluded.rounds, planned_at = excluded.planned_at`,
    [paymentId, attempt, json(planToKeep(plan)), rounds, instant(plan.plannedAt)],
  );
}

export interface KeptAttempt {
  readonly attempt: number;
  readonly plan: PlanView;
  readonly rounds: number;
  /** ms since 1970. */
  readonly planned_at: number;
}

export const readAttempts = (read: Statements, paymentId: string): Promise<KeptAttempt[]> =>
  read.query('select attempt, plan, rounds, planned_at from attempt where payment_id = $1 order by attempt', [
    paymentId,
  ]);

/** ms since 1970, but for `send_ms`. */
export interface PartTimes {
  readonly id: string;
  readonly created_at: number;
  readonly sent_at: number | null;
  readonly send_ms: number | null;
  readonly ended_at: number | null;
}

export const readPartTimes = (read: Statements, paymentId: string): Promise<PartTimes[]> =>
  read.query('select id, created_at, sent_at, send_ms, ended_at from part where payment_id = $1', [
    paymentId,
  ]);
