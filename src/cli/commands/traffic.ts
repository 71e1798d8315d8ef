/** `practice traffic`: steady payments in both directions, to watch the fleet at work or to break it meanwhile. */
import type { Command } from 'commander';
import type { Client } from '../client.ts';
import { onInterrupt } from '../interrupt.ts';
import { openLive } from '../live.ts';
import { facts } from '../print.ts';
import { asProblem } from '../problem.ts';
import type { Run, Session } from '../session.ts';
import { errandsOf } from '../traffic/plan.ts';
import { runTraffic } from '../traffic/run.ts';
import { summarize, type TrafficSummary } from '../traffic/tally.ts';
import { wholeNumber } from '../whole.ts';

interface TrafficOptions {
  readonly perSecond: number;
  readonly for: number;
  readonly seed: string;
}

const PER_SECOND_MAX = 50;
const SECONDS_MAX = 86_400;
const NEWS_MS = 1_000;

export function addTraffic(practice: Command, run: Run): void {
  practice
    .command('traffic')
    .description('Steady payments between the fleet and people, both ways, until time is up or Ctrl-C')
    .option('--per-second <n>', 'how many are begun', wholeNumber(1, PER_SECOND_MAX), 5)
    .option('--for <seconds>', 'how long', wholeNumber(1, SECONDS_MAX), 10)
    .option('--seed <text>', 'the same seed chooses the same people and amounts', 'argosy')
    .action(run(traffic));
}

interface TrafficResult extends TrafficSummary {
  readonly seed: string;
  /** Null: a node did not answer, so that nothing is proven. */
  readonly books_difference_msat: string | null;
}

async function traffic(session: Session, options: TrafficOptions) {
  const { output } = session;
  const client = await session.connect();
  const { data } = await client.practice.people();
  const traders = data
    .map(({ name, capacity_msat }) => ({ name, capacityMsat: BigInt(capacity_msat) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const stop = new AbortController();
  onInterrupt(1, () => stop.abort());
  const live = openLive(process.stderr);
  let told = performance.now();
  const outcomes = await runTraffic(client, {
    errandOf: errandsOf(options.seed, traders),
    perSecond: options.perSecond,
    seconds: options.for,
    stop: stop.signal,
    onNews(ended, underWay) {
      if (performance.now() - told < NEWS_MS) return;
      told = performance.now();
      live.set('traffic', progressLine(summarize(ended), underWay));
    },
  });
  live.end();
  const books_difference_msat = await readDifference(client);
  const result: TrafficResult = { seed: options.seed, ...summarize(outcomes), books_difference_msat };
  output.show(result, () => summaryLines(session, result));
  return books_difference_msat === null || books_difference_msat === '0' ? (0 as const) : (1 as const);
}

async function readDifference(client: Client): Promise<string | null> {
  try {
    return (await client.checkBooks()).difference_msat;
  } catch (error) {
    if (asProblem(error).text.code === 'node_unavailable') return null;
    throw error;
  }
}

const progressLine = ({ settled, failed, unknown }: TrafficSummary, underWay: number): string =>
  `  ${settled} settled, ${failed} failed, ${unknown} unknown, ${underWay} under way`;

const percent = (rate: number | null): string => (rate === null ? '-' : `${(rate * 100).toFixed(1)} %`);
const milliseconds = (ms: number | null): string => (ms === null ? '-' : `${ms} ms`);

function summaryLines({ output }: Session, result: TrafficResult): string[] {
  const { books_difference_msat: difference } = result;
  const reasons = Object.entries(result.failures).sort(([, a], [, b]) => b - a);
  const why = reasons.map(([reason, count]) => `${reason} ${count}`).join(', ');
  return facts(
    [
      ['asked', String(result.asked)],
      ['settled', `${result.settled}  (${percent(result.success_rate)})`],
      ['failed', why === '' ? String(result.failed) : `${result.failed}  (${why})`],
      ['unknown', String(result.unknown)],
      ['half within', milliseconds(result.p50_ms)],
      ['95 % within', milliseconds(result.p95_ms)],
      [
        'books differ by',
        difference === null ? 'not proven: a node does not answer' : output.money(difference),
      ],
      ['seed', result.seed],
    ],
    output.paint,
  );
}
