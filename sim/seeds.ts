/** Many seeds after each other, and one told line by line. */
import { chanceOf } from './chance.ts';
import { FAULTS, type FaultName } from './faults.ts';
import { type Plan, planOf } from './plan.ts';
import { runPlan } from './run.ts';

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
  const { violations, lines, tookMs } = await runPlan(plan, isTold);
  console.log(JSON.stringify(plan));
  for (const line of lines) console.log(line);
  console.log(`${violations.length === 0 ? 'well' : 'NOT WELL'} after ${tookMs.toFixed(0)} ms`);
  return violations.length === 0 ? 0 : 1;
}

export async function runSeeds(
  from: number,
  count: number,
  faults: readonly string[] | null,
  isJson: boolean,
): Promise<number> {
  let failed = 0;
  let virtual = 0;
  const began = performance.now();
  const cpu = process.cpuUsage();
  for (let seed = from; seed < from + count; seed++) {
    const { violations, tookMs, restarted } = await runPlan(planFor(seed, faults));
    virtual += tookMs;
    if (restarted) console.error(`seed ${seed}: restarted`);
    if (violations.length > 0) {
      failed++;
      console.error(
        `seed ${seed}: ${violations.map(({ oracle, detail }) => `${oracle}: ${detail}`).join('; ')}`,
      );
    }
  }
  const ms = performance.now() - began;
  console.error(
    `${count} seeds in ${(ms / 1000).toFixed(1)} s: ${((count * 1000) / ms).toFixed(0)} a second, ${(process.cpuUsage(cpu).user / count / 1000).toFixed(1)} ms of CPU each; ${(virtual / count / 1000).toFixed(1)} virtual s each; ${failed} failed`,
  );
  if (isJson) console.log(JSON.stringify({ seeds: count }));
  return failed === 0 ? 0 : 1;
}
