/** Who pays whom how much in practice traffic: follows from the seed and the people alone. Pure. */
import { type Chance, chanceOf } from '../../kit/chance.ts';
import { fromSat, type Msat } from '../../money/msat.ts';

/** `out`: the fleet pays a person; `in`: a person pays the fleet. */
export interface Errand {
  readonly direction: 'out' | 'in';
  readonly person: string;
  readonly amountMsat: Msat;
}

export interface Trader {
  readonly name: string;
  /** Of all its channels: nobody is asked for more than a hundredth of it at once. */
  readonly capacityMsat: bigint;
}

const MOST_ZEROS = 2;
const SHARE_OF_CAPACITY = 100n;
/** After so many errands as many others take the same amounts back to whom they came from, so that no channel dries up. */
const TURN = 16;

/** The errand of each number, counted from 0: between 100 and 99,900 sat, small ones as often as large ones. */
export function errandsOf(seed: string, traders: readonly Trader[]): (number: number) => Errand {
  const chance = chanceOf(seed);
  return (number) => {
    const turn = Math.floor(number / TURN);
    const trip = Math.floor(turn / 2) * TURN + (number % TURN);
    const back = turn % 2 === 1;
    const outFirst = chance(`${trip}/direction`, 0, 1) === 0;
    const trader = traders[chance(`${trip}/person`, 0, traders.length - 1)];
    return {
      direction: outFirst === back ? 'in' : 'out',
      person: trader?.name ?? '',
      amountMsat: amountOf(trip, trader?.capacityMsat ?? 0n, chance),
    };
  };
}

function amountOf(trip: number, capacityMsat: bigint, chance: Chance): Msat {
  let zeros = MOST_ZEROS;
  while (zeros > 0 && fromSat(999n * 10n ** BigInt(zeros)) > capacityMsat / SHARE_OF_CAPACITY) zeros--;
  const digits = BigInt(chance(`${trip}/digits`, 100, 999));
  return fromSat(digits * 10n ** BigInt(chance(`${trip}/zeros`, 0, zeros)));
}
