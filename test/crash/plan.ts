/** When each kill comes, and what it takes along: follows from the seed alone. Pure. */
import { chanceOf } from '../../src/kit/chance.ts';

/**
 * `birth`: while the world is made for the first time; `starting`: while it is started again; `recovering`: with what
 * the last kill has left unfinished; `traffic`: after everything was well.
 */
export type Moment = 'birth' | 'starting' | 'recovering' | 'traffic';

export interface Kill {
  /** From 1. */
  readonly number: number;
  readonly moment: Moment;
  /** From the start of the process where it is killed starting, else from the first payment after it was ready. */
  readonly afterMs: number;
  /** PostgreSQL is no part of the process: it may live on, to be found by the next start. */
  readonly database: 'orphaned' | 'killed';
}

const READY_MS = [200, 4_000] as const;
/** As long as a start takes. */
const STARTING_MS = [50, 3_000] as const;
const STARTING_PERCENT = 15;
const RECOVERING_PERCENT = 20;
const DATABASE_KILLED_PERCENT = 25;

export function planKills(seed: string, count: number): readonly Kill[] {
  const chance = chanceOf(seed);
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1;
    const moment = momentOf(number, chance(`${number}/moment`, 0, 99));
    const range: readonly [number, number] =
      moment === 'birth' || moment === 'starting' ? STARTING_MS : READY_MS;
    const killed = chance(`${number}/database`, 0, 99) < DATABASE_KILLED_PERCENT;
    return {
      number,
      moment,
      afterMs: chance(`${number}/after`, ...range),
      database: killed ? 'killed' : 'orphaned',
    };
  });
}

function momentOf(number: number, percent: number): Moment {
  if (number === 1) return 'birth';
  if (percent < STARTING_PERCENT) return 'starting';
  return percent < STARTING_PERCENT + RECOVERING_PERCENT ? 'recovering' : 'traffic';
}
