/** Traffic as text for people: while it runs, and when it is over. */
import type { Live } from '../live.ts';
import type { Output } from '../output.ts';
import { facts, pad, table } from '../print.ts';
import { durationText } from '../words.ts';
import type { PhaseSummary } from './phases.ts';
import type { TrafficSummary } from './tally.ts';

/** The result document. */
export interface TrafficResult extends TrafficSummary {
  readonly seed: string;
  readonly phases: readonly PhaseSummary[];
  /** Null: a node did not answer, so that nothing is proven. */
  readonly books_difference_msat: string | null;
}

const percent = (rate: number | null): string => (rate === null ? '-' : `${(rate * 100).toFixed(1)} %`);
const milliseconds = (ms: number | null): string => (ms === null ? '-' : durationText(ms));

const LABEL_WIDTH = 14;
const RATE_WIDTH = 7;

/** A line for each phase; what is under way is told on the last. */
export function showProgress(live: Live, phases: readonly PhaseSummary[], underWay: number): void {
  for (const [at, { phase, settled, failed, unknown, success_rate }] of phases.entries()) {
    const now = at === phases.length - 1 ? `, ${underWay} under way` : '';
    const counts = `${settled} settled, ${failed} failed, ${unknown} unknown${now}`;
    const rate = pad(percent(success_rate), RATE_WIDTH, 'right');
    live.set(`phase ${at}`, `  ${pad(phase, LABEL_WIDTH)} ${rate}  ${counts}`);
  }
}

export function resultLines(result: TrafficResult, output: Output): string[] {
  const { books_difference_msat: difference, phases } = result;
  const verdict = facts(
    [
      ...totals(result),
      [
        'books differ by',
        difference === null ? 'not proven: a node does not answer' : output.money(difference),
      ],
      ['seed', result.seed],
    ],
    output.paint,
  );
  return phases.length > 1 ? [...phaseTable(phases, output), '', ...verdict] : verdict;
}

function totals(all: TrafficSummary): [string, string][] {
  const why = reasons(all);
  return [
    ['asked', String(all.asked)],
    ['settled', `${all.settled}  (${percent(all.success_rate)})`],
    ['failed', why === '' ? String(all.failed) : `${all.failed}  (${why})`],
    ['unknown', String(all.unknown)],
    ['half within', milliseconds(all.p50_ms)],
    ['95 % within', milliseconds(all.p95_ms)],
  ];
}

const reasons = ({ failures }: TrafficSummary): string =>
  Object.entries(failures)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ');

/** Before, during and after. */
function phaseTable(phases: readonly PhaseSummary[], { paint }: Output): string[] {
  const right = { align: 'right' as const };
  const columns = [
    { title: 'phase' },
    { title: 'from', ...right },
    { title: 'asked', ...right },
    { title: 'settled', ...right },
    { title: 'success', ...right },
    { title: 'half within', ...right },
    { title: '95 % within', ...right },
    { title: 'failed' },
  ];
  const rows = phases.map((each) => [
    each.phase,
    `${each.began_s.toFixed(1)} s`,
    String(each.asked),
    String(each.settled),
    percent(each.success_rate),
    milliseconds(each.p50_ms),
    milliseconds(each.p95_ms),
    [reasons(each), ...(each.unknown > 0 ? [`unknown ${each.unknown}`] : [])].filter(Boolean).join(', '),
  ]);
  return table(columns, rows, paint);
}
