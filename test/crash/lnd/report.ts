/** What a run over LND adds up to, for scripts and for people. Pure. */
import type { Violation } from '../verdict.ts';
import type { Strike } from './plan.ts';
import type { LndCrashFacts, RoundReport } from './run.ts';

export interface LndCrashSummary {
  readonly world: 'lnd';
  readonly seed: string;
  readonly kills: number;
  readonly double_payments: number;
  /** Decimal, as all amounts. */
  readonly lost_msat: string;
  readonly ledger_diff_msat: string;
  /** Errands of clients, paid, received and between own accounts. */
  readonly payments: number;
  readonly settled: number;
  readonly failed: number;
  readonly refused: number;
  /** Sent by a client who did not hear the end of that try, and asked again. */
  readonly in_doubt: number;
  /** Why they failed or were refused, and how many. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly minutes: number;
  readonly violations: readonly Violation[];
  /** Where the evidence lies; null: nothing is wrong. */
  readonly kept: string | null;
}

const SHOWN = 20;

export function summarizeLnd(
  seed: string,
  { kills, asked, verdict, kept, tookMs }: LndCrashFacts,
): LndCrashSummary {
  const count = (end: string): number => asked.filter((each) => each.end === end).length;
  const reasons: Record<string, number> = {};
  for (const { reason } of asked) if (reason !== null) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return {
    world: 'lnd',
    seed,
    kills,
    double_payments: verdict.doublePayments,
    lost_msat: verdict.lostMsat.toString(),
    ledger_diff_msat: verdict.ledgerDiffMsat.toString(),
    payments: asked.length,
    settled: count('settled'),
    failed: count('failed'),
    refused: count('refused'),
    in_doubt: asked.filter(({ inDoubt }) => inDoubt).length,
    reasons,
    minutes: Math.round(tookMs / 6_000) / 10,
    violations: verdict.violations,
    kept,
  };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

export const strikeLine = ({ number, victim, how, lastsMs }: Strike): string =>
  how === 'kill'
    ? `kill ${number}: ${victim}, started again after ${seconds(lastsMs)}`
    : `kill ${number}: ${victim} frozen for ${seconds(lastsMs)}`;

export const roundLine = ({ kills, asked, settled, struckMs, healedMs }: RoundReport): string =>
  `after ${kills} all is well: ${settled} of ${asked} errands settled; struck for ${seconds(struckMs)}, ended and ` +
  `proven ${seconds(healedMs)} later`;

export function summaryLines(summary: LndCrashSummary): string[] {
  const { kills, seed, payments, settled, failed, refused, in_doubt, minutes, violations, kept } = summary;
  const why = Object.entries(summary.reasons).map(([reason, count]) => `${reason} ${count}`);
  return [
    `${kills} kills, seed ${seed}, ${minutes} minutes: ${payments} errands, ${settled} settled, ${failed} failed, ` +
      `${refused} refused${why.length === 0 ? '' : ` (${why.join(', ')})`}, ${in_doubt} sent again in doubt`,
    `${summary.double_payments} double payments, ${summary.lost_msat} msat lost, the ledger differs by ` +
      `${summary.ledger_diff_msat} msat`,
    ...violations.slice(0, SHOWN).map(({ rule, detail }) => `VIOLATION ${rule}: ${detail}`),
    ...(violations.length > SHOWN ? [`and ${violations.length - SHOWN} more`] : []),
    ...(kept === null ? [] : [`Look: ${kept}/evidence.json and the logs beside it; then remove ${kept}`]),
  ];
}
