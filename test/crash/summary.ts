/** What a run of kills adds up to. Pure. */
import type { Kill } from './plan.ts';
import type { Asked } from './seen.ts';
import type { Violation } from './verdict.ts';

/** A kill, and the start after it. */
export interface KillReport extends Kill {
  /** Null: the next kill came before it was ready. */
  readonly readyMs: number | null;
  /** False: the next kill came before anybody looked whether all is well. */
  readonly checked: boolean;
  /** Errands so far. */
  readonly asked: number;
  readonly settled: number;
}

export interface CrashSummary {
  readonly seed: string;
  readonly kills: number;
  readonly payments: {
    readonly asked: number;
    readonly settled: number;
    readonly failed: number;
    readonly refused: number;
    /** Sent by a client who never heard the end of that try, and asked again. */
    readonly in_doubt: number;
  };
  /** Why they failed or were refused, and how many. */
  readonly reasons: Readonly<Record<string, number>>;
  /** From the start of a process that followed a kill until it was ready. */
  readonly restart_ms: { readonly p50: number | null; readonly p95: number | null };
  readonly violations: readonly Violation[];
  /** Where everything was left for whoever has to find out; null: nothing is wrong. */
  readonly kept: string | null;
}

export interface CrashFacts {
  readonly seed: string;
  readonly kills: number;
  readonly startsMs: readonly number[];
  readonly asked: readonly Asked[];
  readonly violations: readonly Violation[];
  readonly kept: string | null;
}

export function summarizeCrash({ seed, kills, startsMs, asked, violations, kept }: CrashFacts): CrashSummary {
  const count = (end: Asked['end']): number => asked.filter((each) => each.end === end).length;
  const reasons: Record<string, number> = {};
  for (const { reason } of asked) if (reason !== null) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return {
    seed,
    kills,
    payments: {
      asked: asked.length,
      settled: count('settled'),
      failed: count('failed'),
      refused: count('refused'),
      in_doubt: asked.filter(({ inDoubt }) => inDoubt).length,
    },
    reasons,
    restart_ms: { p50: percentile(startsMs, 50), p95: percentile(startsMs, 95) },
    violations,
    kept,
  };
}

/** Nearest rank. */
function percentile(values: readonly number[], percent: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? null;
}

const SHOWN = 20;

export function killDocument({ number, moment, afterMs, database, readyMs, ...rest }: KillReport): object {
  return { event: 'kill', kill: number, moment, after_ms: afterMs, database, ready_ms: readyMs, ...rest };
}

export function killLine(report: KillReport, kills: number): string {
  const { number, moment, afterMs, database, readyMs, checked, settled, asked } = report;
  const after = readyMs === null ? 'killed again while starting' : `ready after ${readyMs} ms`;
  const well = checked ? `, all well: ${settled} of ${asked} payments settled` : '';
  const kill = `kill ${number} of ${kills}: ${moment}, ${afterMs} ms, PostgreSQL ${database}`;
  return `${kill}; ${after}${well}`;
}

export function practiceLines(summary: CrashSummary): string[] {
  const { payments, restart_ms, violations, kept, seed, kills, reasons } = summary;
  const why = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`);
  const lines = [
    `${kills} kills, seed ${seed}: ${payments.settled} payments settled, ${payments.failed} failed, ` +
      `${payments.refused} refused${why.length === 0 ? '' : ` (${why.join(', ')})`}, ${payments.in_doubt} sent again in doubt`,
    ...(restart_ms.p50 === null
      ? []
      : [`ready again after ${restart_ms.p50} ms (half), ${restart_ms.p95} ms (95 %)`]),
    ...violations.slice(0, SHOWN).map(({ rule, detail }) => `VIOLATION ${rule}: ${detail}`),
    ...(violations.length > SHOWN ? [`and ${violations.length - SHOWN} more`] : []),
  ];
  if (kept === null) return lines;
  return [
    ...lines,
    `Look: npx argosy up --data ${kept}/data`,
    `      ${kept}/evidence.json, ${kept}/log, ${kept}/data/postgres/log; then remove ${kept}`,
  ];
}
