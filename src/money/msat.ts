/** Money. One unit inside Argosy: the millisatoshi, as a bigint that has been checked once. */

declare const brand: unique symbol;

/** Millisatoshis, 0 or more, at most 21 million bitcoin. Source: BOLT 2 (`u64` msat), capped by the supply. */
export type Msat = bigint & { readonly [brand]: 'Msat' };

/** 21,000,000 BTC in msat. Fits PostgreSQL's `bigint`. */
export const MAX_MSAT = 2_100_000_000_000_000_000n as Msat;
export const ZERO_MSAT = 0n as Msat;
export const MSAT_PER_SAT = 1000n;

/**
 * The one way from a bigint to money.
 * @throws RangeError below zero or above the supply: arithmetic went wrong, which is a bug and not an input.
 * @example msat(25_000_000n) // 25,000 sat
 */
export function msat(value: bigint): Msat {
  if (value < 0n || value > MAX_MSAT) throw new RangeError(`not an amount of msat: ${value}`);
  return value as Msat;
}

/** sat -> msat. @example fromSat(25_000n) === 25_000_000n */
export const fromSat = (sat: bigint): Msat => msat(sat * MSAT_PER_SAT);

/** Why a text is no amount; the API and the CLI turn each into its own problem code. */
export type AmountFault = 'not_numeric' | 'negative' | 'fractional' | 'zero' | 'overflow';
export type ParsedAmount =
  | { readonly kind: 'amount'; readonly msat: Msat }
  | { readonly kind: 'fault'; readonly fault: AmountFault };

/**
 * Parses the decimal string of an amount in `unit`. Zero is a fault: nobody pays or asks for nothing.
 * @example parseAmount('25000', 'sat') // { kind: 'amount', msat: 25_000_000n }
 */
export function parseAmount(text: string, unit: 'msat' | 'sat'): ParsedAmount {
  const fault = (f: AmountFault): ParsedAmount => ({ kind: 'fault', fault: f });
  if (/^-\d+(\.\d+)?$/.test(text)) return fault('negative');
  if (/^\d+\.\d+$/.test(text)) return fault('fractional');
  if (!/^\d+$/.test(text)) return fault('not_numeric');
  if (text.length > 40) return fault('overflow');
  const value = BigInt(text) * (unit === 'sat' ? MSAT_PER_SAT : 1n);
  if (value === 0n) return fault('zero');
  return value > MAX_MSAT ? fault('overflow') : { kind: 'amount', msat: msat(value) };
}

/**
 * For people: sat with thousands separators, the msat remainder only when there is one.
 * @example formatSat(msat(25_000_012n)) // '25,000.012'
 */
export function formatSat(amount: bigint): string {
  const sign = amount < 0n ? '-' : '';
  const absolute = amount < 0n ? -amount : amount;
  const whole = (absolute / MSAT_PER_SAT).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  const rest = absolute % MSAT_PER_SAT;
  return rest === 0n ? `${sign}${whole}` : `${sign}${whole}.${rest.toString().padStart(3, '0')}`;
}

export const larger = (a: Msat, b: Msat): Msat => (a > b ? a : b);
export const smaller = (a: Msat, b: Msat): Msat => (a < b ? a : b);
export const sum = (amounts: Iterable<bigint>): Msat => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return msat(total);
};
