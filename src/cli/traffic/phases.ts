/** Before, during and after: traffic is told apart by what was broken meanwhile. Pure. */
import type { NodeCondition } from '../../sdk/index.ts';
import { type Outcome, summarize, type TrafficSummary } from './tally.ts';

/** Begins whenever other own nodes are broken, or in another way. */
export interface Phase {
  /** Null: all nodes are well. */
  readonly broken: string | null;
  /** ms, by the same clock as those of outcomes. */
  readonly beganMs: number;
}

export interface PhaseSummary extends TrafficSummary {
  readonly phase: string;
  /** Since the first one began. */
  readonly began_s: number;
}

const WORDS = { dies: 'dies', 'cut-off': 'is cut off', slow: 'is slow' } as const;

/** @example brokenText([{ node: 'eu', how: 'dies', delay_ms: null }]) // 'eu dies' */
export const brokenText = (conditions: readonly NodeCondition[]): string | null =>
  conditions.flatMap(({ node, how }) => (how === null ? [] : [`${node} ${WORDS[how]}`])).join(', ') || null;

export function summarizePhases(
  phases: readonly Phase[],
  outcomes: readonly Outcome[],
): readonly PhaseSummary[] {
  const first = phases[0]?.beganMs ?? 0;
  return phases.map((phase) => ({
    phase: phase.broken ?? 'all well',
    began_s: Math.round((phase.beganMs - first) / 100) / 10,
    ...summarize(outcomes.filter((outcome) => phaseOf(phases, outcome) === phase)),
  }));
}

/** Where it began; but what was under way when something broke, counts with that: it has to cope with it. */
function phaseOf(phases: readonly Phase[], { beganMs, endedMs }: Outcome): Phase | undefined {
  const at = phases.findLastIndex((phase) => phase.beganMs <= beganMs);
  const lived = phases.slice(Math.max(0, at)).filter((phase) => phase.beganMs < endedMs);
  return lived.find((phase) => phase.broken !== null) ?? lived[0];
}
