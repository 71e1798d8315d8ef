/** Who pays whom how much in practice traffic: follows from the seed alone. Pure. */
import { chanceOf } from '../../kit/chance.ts';
import { fromSat, type Msat } from '../../money/msat.ts';

/** `out`: the fleet pays a person; `in`: a person pays the fleet. */
export interface Errand {
  readonly direction: 'out' | 'in';
  readonly person: string;
  readonly amountMsat: Msat;
}

/** The errand of each number, counted from 0: between 100 and 99,900 sat, small ones as often as large ones. */
export function errandsOf(seed: string, people: readonly string[]): (number: number) => Errand {
  const chance = chanceOf(seed);
  return (number) => {
    const digits = BigInt(chance(`${number}/digits`, 100, 999));
    const zeros = BigInt(chance(`${number}/zeros`, 0, 2));
    return {
      direction: chance(`${number}/direction`, 0, 1) === 0 ? 'out' : 'in',
      person: people[chance(`${number}/person`, 0, people.length - 1)] ?? '',
      amountMsat: fromSat(digits * 10n ** zeros),
    };
  };
}
