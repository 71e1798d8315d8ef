/** Errands in pairs: what the fleet pays a person in one, that person pays back in the next. No channel drains. Pure. */
import type { Errand } from '../../src/cli/traffic/plan.ts';
import { chanceOf } from '../../src/kit/chance.ts';
import { fromSat } from '../../src/money/msat.ts';

const LEAST_SAT = 1_000;
const MOST_SAT = 20_000;

/** The errand of each number, counted from 0. Amounts are small beside any channel of the practice world. */
export function balancedErrands(seed: string, people: readonly string[]): (number: number) => Errand {
  const chance = chanceOf(seed);
  return (number) => {
    const pair = Math.floor(number / 2);
    return {
      direction: number % 2 === 0 ? 'out' : 'in',
      person: people[pair % people.length] ?? '',
      amountMsat: fromSat(BigInt(chance(`${pair}/sat`, LEAST_SAT, MOST_SAT))),
    };
  };
}
