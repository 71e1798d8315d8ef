/** Runs the simulation over every mutation, each in a process of its own: what it loads is changed. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MUTATIONS } from './mutations.ts';

export interface Caught {
  /** Null: no seed showed it. */
  readonly seed: number | null;
  readonly oracle: string | null;
  readonly detail: string | null;
}

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const run = promisify(execFile);

export async function runMutations(seeds: { from: number; count: number }, isJson: boolean): Promise<number> {
  let caught = 0;
  for (const { name } of MUTATIONS) {
    const options = ['--mutation', name, '--from', String(seeds.from), '--seeds', String(seeds.count)];
    const { stdout } = await run(process.execPath, [MAIN, ...options]);
    const { seed, oracle, detail } = JSON.parse(stdout) as Caught;
    if (seed !== null) caught++;
    console.error(seed === null ? `NOT CAUGHT  ${name}` : `seed ${seed}: ${name}: ${oracle}: ${detail}`);
  }
  if (isJson) console.log(JSON.stringify({ mutations: MUTATIONS.length, caught }));
  return caught === MUTATIONS.length ? 0 : 1;
}
