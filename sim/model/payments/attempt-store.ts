import type * as product from '../../../src/payments/attempt-store.ts';
import { planToKeep } from '../../../src/payments/attempt-store.ts';
import { statement } from '../database.ts';

type Product = typeof product;

export { planToKeep };

export const keepPlan: Product['keepPlan'] = (tx, { paymentId, attempt, plan, rounds }) => {
  const kept = { plan: JSON.stringify(planToKeep(plan)), planned_at: plan.plannedAt };
  return statement(tx, 'keepPlan', (s) =>
    s.upsert(s.tables.attempt, { payment_id: paymentId, attempt, rounds, ...kept }, (row) => ({
      ...row,
      ...kept,
      rounds: row.rounds + rounds,
    })),
  );
};

export const readAttempts: Product['readAttempts'] = (read, paymentId) =>
  statement(read, 'readAttempts', (s) =>
    s
      .list(s.tables.attempt.by.payment_id, paymentId)
      .map((row) => s.see(row))
      .filter((data) => data !== null)
      .sort((one, other) => one.attempt - other.attempt)
      .map(({ attempt, plan, rounds, planned_at }) => ({
        attempt,
        plan: JSON.parse(plan),
        rounds,
        planned_at,
      })),
  );

export const readPartTimes: Product['readPartTimes'] = (read, paymentId) =>
  statement(read, 'readPartTimes', (s) =>
    s
      .list(s.tables.part.by.payment_id, paymentId)
      .map((row) => s.see(row))
      .filter((data) => data !== null)
      .map(({ id, created_at, sent_at, send_ms, ended_at }) => ({
        id,
        created_at,
        sent_at,
        send_ms,
        ended_at,
      })),
  );
