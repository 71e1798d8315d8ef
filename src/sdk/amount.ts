/** Amounts on their way in and out: bigint in the program, decimal digits of msat on the wire. */
import { msat as checked, fromSat } from '../money/msat.ts';

const readDigits = (value: bigint | string): bigint => {
  if (typeof value === 'bigint') return value;
  if (/^\d{1,40}$/.test(value)) return BigInt(value);
  throw new RangeError(`not an amount: ${JSON.stringify(value.slice(0, 60))}`);
};

/**
 * An amount in msat, also out of an answer.
 * @throws RangeError no whole number, below zero, or above 21 million bitcoin
 * @example msat(payment.amount_msat) + 1n
 */
export const msat = (value: bigint | string): bigint => checked(readDigits(value));

/**
 * An amount given in sat, as msat.
 * @throws RangeError no whole number, below zero, or above 21 million bitcoin
 * @example sat(25_000n) // 25_000_000n
 */
export const sat = (value: bigint | string): bigint => fromSat(readDigits(value));
