/** Many seeds after each other, and one told line by line. */
import { createHash } from 'node:crypto';
import { chanceOf } from './chance.ts';
import { FAULTS, type FaultName, NOT_SIMULATED } from './faults.ts';
import type { Oracle, Violation } from './judge.ts';
import { type Plan, planOf } from './plan.ts';
import { runPlan } from './run.ts';
import { shrink } from './shrink.ts';
import type { SqlServer } from './sql-store.ts';

export function planFor(seed: number, names: readonly string[] | null): Plan {
  const unknown = names?.filter((name) => !Object.hasOwn(FAULTS, name)) ?? [];
  if (unknown.length > 0)
    throw new Error(
      `--fault: there is no ${unknown.join(', ')}; there are ${Object.keys(FAULTS).join(', ')}`,
    );
  return planOf(seed, chanceOf(seed, 1), names as readonly FaultName[] | null);
}

export async function tellSeed(
  seed: number,
  faults: readonly string[] | null,
  isTold: boolean,
): Promise<number> {
  const plan = planFor(seed, faults);
  const outcome = await runPlan(plan, isTold);
  if (isTold) tell(plan, outcome.lines);
  const isWell = outcome.violations.length === 0;
  console.log(`${isWell ? 'well' : 'NOT WELL'} after ${outcome.tookMs.toFixed(0)} ms`);
  if (!isWell) await tellShortest(plan);
  return isWell ? 0 : 1;
}

function tell(plan: Plan, lines: readonly string[]): void {
  console.log(JSON.stringify(plan));
  for (const line of lines) console.log(line);
}

async function tellShortest(plan: Plan): Promise<void> {
  console.log('its shortest story:');
  const shortest = await shrink(plan);
  tell(shortest, (await runPlan(shortest, true)).lines);
}

/** Names all that happens in these seeds: the same again, whoever runs them. */
export async function digestOf({ from, count }: Seeds, faults: readonly string[] | null): Promise<string> {
  const digest = createHash('sha256');
  for (let seed = from; seed < from + count; seed++) {
    for (const line of (await runPlan(planFor(seed, faults), true)).lines) digest.update(`${line}\n`);
  }
  return digest.digest('hex');
}

export interface Seeds {
  readonly from: number;
  readonly count: number;
  /** Real PostgreSQL; null: the model of the store. */
  readonly server: SqlServer | null;
}

/** Names both of a violation, and of the first seed that has one. */
export async function findFirst({ from, count }: Seeds, faults: readonly string[] | null) {
  for (let seed = from; seed < from + count; seed++) {
    const [first] = await violationsOf(planFor(seed, faults));
    if (first !== undefined) return { seed, oracle: first.oracle, detail: first.detail };
  }
  return { seed: null, oracle: null, detail: null };
}

/** With what a mutation breaks altogether. */
const violationsOf = (plan: Plan): Promise<readonly Pick<Violation, 'oracle' | 'detail'>[]> =>
  runPlan(plan).then(
    ({ violations }) => violations,
    (error: unknown) => [{ oracle: 'no_end', detail: String(error) }],
  );

/** What came of many seeds, as `--json` prints it: all zero when all is well. */
interface Figures {
  seeds: number;
  failed_seeds: number;
  double_payments: number;
  lost_msat: number;
  ledger_diff_msat: number;
  unrecorded: number;
  holds_leaked: number;
  by_fault: Record<string, { seeds: number; failed: number } | { not_simulated: string }>;
}

export async function runSeeds(
  { from, count, server }: Seeds,
  faults: readonly string[] | null,
  isJson: boolean,
): Promise<number> {
  const found: Violation[] = [];
  let first: Plan | null = null;
  const byFault = new Map(Object.keys(FAULTS).map((name) => [name, { seeds: 0, failed: 0 }]));
  let failed = 0;
  const began = performance.now();
  const cpu = process.cpuUsage();
  for (let seed = from; seed < from + count; seed++) {
    const plan = planFor(seed, faults);
    const outcome = await runPlan(plan, false, (await server?.fresh()) ?? null);
    for (const name of new Set(plan.faults.map(({ name }) => name))) {
      const counted = byFault.get(name) ?? { seeds: 0, failed: 0 };
      counted.seeds++;
      if (outcome.violations.length > 0) counted.failed++;
    }
    if (outcome.violations.length === 0) continue;
    failed++;
    first ??= plan;
    found.push(...outcome.violations);
    console.error(
      `seed ${seed}: ${outcome.violations.map(({ oracle, detail }) => `${oracle}: ${detail}`).join('; ')}`,
    );
  }
  const ms = performance.now() - began;
  const cpuMs = process.cpuUsage(cpu).user / count / 1000;
  console.error(
    `${count} seeds in ${(ms / 1000).toFixed(1)} s, ${((count * 1000) / ms).toFixed(0)} a second, ${cpuMs.toFixed(1)} ms of CPU each; ${failed} failed`,
  );
  if (first !== null && !isJson && server === null) await tellShortest(first);
  if (isJson) console.log(JSON.stringify(figuresOf(count, failed, found, byFault)));
  return failed === 0 ? 0 : 1;
}

function figuresOf(
  seeds: number,
  failed: number,
  found: readonly Violation[],
  byFault: ReadonlyMap<string, { seeds: number; failed: number }>,
): Figures {
  const of = (...oracles: Oracle[]) => found.filter(({ oracle }) => oracles.includes(oracle));
  const msat = (...oracles: Oracle[]) => of(...oracles).reduce((total, each) => total + Number(each.msat), 0);
  return {
    seeds,
    failed_seeds: failed,
    double_payments: of('double_payment').length,
    lost_msat: msat('lost', 'credit'),
    ledger_diff_msat: msat('ledger_diff'),
    unrecorded: of('unrecorded').length,
    holds_leaked: of('hold_leaked', 'no_end').length,
    by_fault: {
      ...Object.fromEntries(byFault),
      ...Object.fromEntries(
        Object.entries(NOT_SIMULATED).map(([name, why]) => [name, { not_simulated: why }]),
      ),
    },
  };
}
