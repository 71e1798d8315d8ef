/** What an operation is, and what the arguments of many have in common: so few kinds that they often meet. */
import fc from 'fast-check';
import type { Db, Tx } from '../../../src/kit/db.ts';
import { nodeId, type PaymentHash, partToken } from '../../../src/lightning/ids.ts';
import type { Stores } from './stores.ts';

/** One call. Both sides do it; what it gives, or throws, must be the same. */
export interface Operation {
  readonly text: string;
  /** Needs no transaction. */
  readonly reads: boolean;
  run(stores: Stores, on: Tx, db: Db): Promise<unknown>;
}

type Run<A> = (stores: Stores, tx: Tx, args: A, db: Db) => Promise<unknown>;

const show = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each));

const operation =
  (reads: boolean) =>
  <A>(name: string, args: fc.Arbitrary<A>, run: Run<A>): fc.Arbitrary<Operation> =>
    args.map((given) => {
      const text = `${name} ${show(given)}`;
      return {
        text,
        reads,
        run: (stores, tx, db) => run(stores, tx, given, db),
        [fc.toStringMethod]: () => text,
      };
    });
export const write = operation(false);
export const read = operation(true);

/** Several at once in one transaction, which SQL may ask for in one statement. All have ended before the first says so. */
export async function atOnce<T>(calls: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(calls);
  return Promise.all(calls);
}

export const oneOf = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
export const several = <T>(...values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.uniqueArray(oneOf(...values), { minLength: 1, maxLength: values.length });
export const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
export const big = (max: number): fc.Arbitrary<bigint> => upTo(max).map(BigInt);

/** Now, or so far ahead that no test lives to see it. ms. */
export const delay = oneOf(0, 3_600_000);
/** Client's times: long past, or far ahead. ms since 1970. */
export const LONG_AGO = 1_000_000_000_000;
export const FAR_AHEAD = 4_000_000_000_000;

export const node = oneOf(nodeId('us'), nodeId('eu'));
export const NETWORK = 'regtest';
export const hash = upTo(2).map((n) => `${n}`.repeat(64) as PaymentHash);
export const token = upTo(4).map((n) => partToken(`${n}`.repeat(64)));
export const paymentId = upTo(3).map((n) => `pay_${n}`);
export const invoiceId = upTo(2).map((n) => `inv_${n}`);
