/** What became of practice traffic. Pure. */

export type End =
  | { readonly kind: 'settled'; readonly ms: number }
  | { readonly kind: 'failed'; readonly reason: string }
  /** Nobody waited for its end any more. */
  | { readonly kind: 'unknown' };

/** What became of an errand. */
export type Outcome = End & {
  /** ms, as `performance.now()` counts. */
  readonly beganMs: number;
  readonly endedMs: number;
};

/** The result document. */
export interface TrafficSummary {
  readonly asked: number;
  readonly settled: number;
  readonly failed: number;
  /** How many failed for each reason. */
  readonly failures: Readonly<Record<string, number>>;
  readonly unknown: number;
  /** Settled of asked, from 0 to 1; null: nothing was asked. */
  readonly success_rate: number | null;
  /** From asking the payer to the end, of those that settled. */
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
}

export function summarize(outcomes: readonly End[]): TrafficSummary {
  const failures: Record<string, number> = {};
  const times: number[] = [];
  for (const outcome of outcomes) {
    if (outcome.kind === 'settled') times.push(outcome.ms);
    if (outcome.kind === 'failed') failures[outcome.reason] = (failures[outcome.reason] ?? 0) + 1;
  }
  times.sort((a, b) => a - b);
  const failed = Object.values(failures).reduce((total, count) => total + count, 0);
  return {
    asked: outcomes.length,
    settled: times.length,
    failed,
    failures,
    unknown: outcomes.length - times.length - failed,
    success_rate:
      outcomes.length === 0 ? null : Math.round((times.length / outcomes.length) * 10_000) / 10_000,
    p50_ms: percentile(times, 50),
    p95_ms: percentile(times, 95),
  };
}

/** Nearest rank: the smallest time that so many per cent do not exceed. */
function percentile(sorted: readonly number[], percent: number): number | null {
  const rank = Math.ceil((percent / 100) * sorted.length);
  const time = sorted[Math.max(0, rank - 1)];
  return time === undefined ? null : Math.round(time);
}
