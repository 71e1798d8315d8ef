/**
 * One payment with all that is known of it: what each attempt was planned on, when its parts were sent and ended, and
 * its ledger transfers. Lists and events leave these out: they would carry them with every payment.
 */
import type { Statements } from '../kit/db.ts';
import { readTransfers } from '../ledger/store.ts';
import { type KeptAttempt, type PartTimes, readAttempts, readPartTimes } from './attempt-store.ts';
import { findPayment } from './store.ts';
import { paymentView, time, timeOrNull } from './views.ts';

type AttemptView = ReturnType<typeof paymentView>['attempts'][number];

/** Null: there is no such payment. */
export async function readPaymentDetail(read: Statements, id: string) {
  const stored = await findPayment(read, id);
  if (stored === null) return null;
  const sources = [id, ...stored.payment.parts.map((part) => part.id)];
  const [kept, times, transfers] = await Promise.all([
    readAttempts(read, id),
    readPartTimes(read, id),
    readTransfers(read, sources),
  ]);
  const view = paymentView(stored);
  return {
    ...view,
    attempts: detailedAttempts(view.attempts, kept, times),
    transfers: transfers.map(({ debit, credit, amount_msat, source, reason, at }) => ({
      debit,
      credit,
      amount_msat: amount_msat.toString(),
      source,
      reason,
      at: time(at),
    })),
  };
}

/** An attempt that found nobody to pay has a plan and no parts. */
function detailedAttempts(
  sent: readonly AttemptView[],
  kept: readonly KeptAttempt[],
  times: readonly PartTimes[],
) {
  const numbers = [...new Set([...sent, ...kept].map(({ attempt }) => attempt))].sort((a, b) => a - b);
  return numbers.map((attempt) => {
    const { node, parts } = sent.find((each) => each.attempt === attempt) ?? { node: null, parts: [] };
    const plan = kept.find((each) => each.attempt === attempt);
    return {
      attempt,
      node,
      ...(plan === undefined ? {} : { plan: planWithTimes(plan) }),
      parts: parts.map((part) => ({ ...part, ...timingsOf(times.find(({ id }) => id === part.id)) })),
    };
  });
}

/** All are asked at once: whoever takes longest to answer keeps the plan waiting. */
function planWithTimes({ plan, rounds, planned_at }: KeptAttempt) {
  const longestMs = Math.max(0, ...plan.candidates.map(({ answer_ms }) => answer_ms ?? 0));
  return { asked_at: time(planned_at - longestMs), planned_at: time(planned_at), rounds, ...plan };
}

function timingsOf(times: PartTimes | undefined) {
  if (times === undefined) return {};
  const { created_at, sent_at, send_ms, ended_at } = times;
  const answeredAt = send_ms === null ? null : sent_at;
  return {
    timings: {
      planned_at: time(created_at),
      sent_at: timeOrNull(answeredAt === null ? null : Math.max(created_at, answeredAt - (send_ms ?? 0))),
      answered_at: timeOrNull(answeredAt),
      ended_at: timeOrNull(ended_at),
    },
  };
}
