import { larger, type Msat, msat } from './msat.ts';

/** Parts per million of an amount, rounded down as BOLT 7 does for routing fees. */
export const ppmOf = (amount: Msat, ppm: bigint): Msat => msat((amount * ppm) / 1_000_000n);

/** What a forwarding node asks: base + proportional. Source: BOLT 7. */
export const forwardingFee = (amount: Msat, baseMsat: bigint, ppm: bigint): Msat =>
  msat(baseMsat + ppmOf(amount, ppm));

/** The fee limit of a payment whose caller names none: the greater of 1% and 1,000 msat. */
export const defaultFeeLimit = (amount: Msat): Msat => larger(ppmOf(amount, 10_000n), msat(1000n));
