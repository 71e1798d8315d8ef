/** Runs the simulation over every mutation, each in a process of its own: what it loads is changed. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MUTATIONS, type Mutation } from './mutations.ts';

export interface Caught {
  /** Null: no seed showed it. */
  readonly seed: number | null;
  readonly oracle: string | null;
  readonly detail: string | null;
}

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const run = promisify(execFile);
const AT_ONCE = 2;

async function firstSeed({ name, fault }: Mutation, seeds: { from: number; count: number }): Promise<Caught> {
  const range = ['--from', String(seeds.from), '--seeds', String(seeds.count)];
  if (fault !== undefined) range.push('--fault', fault);
  const { stdout } = await run(process.execPath, [MAIN, '--mutation', name, '--json', ...range]);
  return JSON.parse(stdout) as Caught;
}

export async function runMutations(seeds: { from: number; count: number }, isJson: boolean): Promise<number> {
  let caught = 0;
  const left = MUTATIONS.values();
  const work = async (): Promise<void> => {
    for (const mutation of left) {
      const { name } = mutation;
      const { seed, oracle, detail } = await firstSeed(mutation, seeds);
      if (seed !== null) caught++;
      console.error(seed === null ? `NOT CAUGHT: ${name}` : `seed ${seed}: ${name}: ${oracle}: ${detail}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (isJson) console.log(JSON.stringify({ mutations: MUTATIONS.length, caught }));
  return caught === MUTATIONS.length ? 0 : 1;
}
