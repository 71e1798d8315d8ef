/** What is paid over the LND network: each errand is undone by its neighbour, so that no channel drains. Pure. */
import { chanceOf } from '../../../src/kit/chance.ts';
import { fromSat } from '../../../src/money/msat.ts';
import type { Errand } from '../errand.ts';

const STRANGERS = ['merchant', 'exchange', 'hub'] as const;
type Range = readonly [least: number, most: number];
/** A customer of this Argosy. */
export const CUSTOMER = 'till';
const TILL = `customer:${CUSTOMER}`;
const BUSINESS = 'own:business';

const SMALL_SAT: Range = [1_000, 20_000];
/** No channel of an own node can carry so much alone: several parts. */
const LARGE_SAT: Range = [1_250_000, 1_500_000];
const LARGE_PERCENT = 12;
const OWN_PERCENT = 12;
const TWICE_PERCENT = 25;

/** The errand of each number, from 0: out and back in pairs; one pair of eight is between own accounts. */
export function crashErrands(seed: string): (number: number) => Errand {
  const chance = chanceOf(`${seed}/errands`);
  return (number) => {
    const pair = Math.floor(number / 2);
    const back = number % 2 === 1;
    const large = chance(`${pair}/large`, 0, 99) < LARGE_PERCENT;
    // An LND that is killed over a payment in parts takes it up again without its time limit, for as long as it takes.
    const person = large ? 'exchange' : (STRANGERS[pair % STRANGERS.length] ?? 'merchant');
    const sat = chance(`${pair}/sat`, ...(large ? LARGE_SAT : SMALL_SAT));
    const amountMsat = fromSat(BigInt(sat));
    if (chance(`${pair}/own`, 0, 99) < OWN_PERCENT) {
      const [account, payee] = back ? [TILL, BUSINESS] : [BUSINESS, TILL];
      return { direction: 'own', person: payee, account, amountMsat };
    }
    const twice = !back && chance(`${pair}/twice`, 0, 99) < TWICE_PERCENT;
    return { direction: back ? 'in' : 'out', person, amountMsat, twice };
  };
}
