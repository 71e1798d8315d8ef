/** `practice traffic`: steady payments in both directions, to watch the fleet at work or to break it meanwhile. */
import type { Command } from 'commander';
import type { Client } from '../client.ts';
import { onInterrupt } from '../interrupt.ts';
import { openLive } from '../live.ts';
import { asProblem } from '../problem.ts';
import type { Run, Session } from '../session.ts';
import { observePhases } from '../traffic/observe.ts';
import { summarizePhases } from '../traffic/phases.ts';
import { errandsOf } from '../traffic/plan.ts';
import { runTraffic } from '../traffic/run.ts';
import { resultLines, showProgress, type TrafficResult } from '../traffic/show.ts';
import { summarize } from '../traffic/tally.ts';
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

async function traffic(session: Session, options: TrafficOptions) {
  const { output } = session;
  const client = await session.connectUnattended();
  const { data } = await client.practice.people();
  const traders = data
    .map(({ name, capacity_msat }) => ({ name, capacityMsat: BigInt(capacity_msat) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const stop = new AbortController();
  onInterrupt(1, () => stop.abort());
  const live = openLive(process.stderr);
  const observed = await observePhases(client);
  let told = performance.now();
  const outcomes = await runTraffic(client, {
    errandOf: errandsOf(options.seed, traders),
    perSecond: options.perSecond,
    seconds: options.for,
    stop: stop.signal,
    onNews(ended, underWay) {
      if (performance.now() - told < NEWS_MS) return;
      told = performance.now();
      showProgress(live, summarizePhases(observed.phases(), ended), underWay);
    },
  }).finally(observed.stop);
  live.end();
  if (!output.json) output.note('');
  const books_difference_msat = await readDifference(client);
  const phases = summarizePhases(observed.phases(), outcomes);
  const result: TrafficResult = { seed: options.seed, ...summarize(outcomes), phases, books_difference_msat };
  output.show(result, () => resultLines(result, output));
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
