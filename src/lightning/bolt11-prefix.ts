import { MAX_MSAT, type Msat, msat } from '../money/msat.ts';
import { type Faulty, faulty } from './bolt11-fault.ts';
import type { Network } from './ids.ts';

/** What the human-readable part of an invoice says. */
export interface Prefix {
  readonly kind: 'prefix';
  readonly network: Network;
  /** msat asked for; null leaves the amount to the payer. */
  readonly amountMsat: Msat | null;
}

const CURRENCY: Readonly<Record<Network, string>> = {
  bitcoin: 'bc',
  testnet: 'tb',
  signet: 'tbs',
  regtest: 'bcrt',
};
const NETWORK = new Map(
  Object.entries(CURRENCY).map(([network, currency]) => [currency, network as Network]),
);

/** msat in one unit of each multiplier, greatest first; `p` is a tenth of a msat and stands apart. */
const MSAT_PER_UNIT = [
  ['', 100_000_000_000n],
  ['m', 100_000_000n],
  ['u', 100_000n],
  ['n', 100n],
] as const;

/** `lnbc2500u` -> the network and the amount. Source: BOLT 11, "Human-Readable Part". */
export function readPrefix(prefix: string): Prefix | Faulty {
  const [, currency = '', digits = ''] = /^ln([a-z]*)(.*)$/.exec(prefix) ?? [];
  const network = NETWORK.get(currency);
  if (network === undefined) return faulty('unknown_network', 'The prefix names no network of bitcoin');
  if (digits === '') return { kind: 'prefix', network, amountMsat: null };
  const amount = readAmount(digits);
  return typeof amount === 'bigint' ? { kind: 'prefix', network, amountMsat: amount } : amount;
}

function readAmount(text: string): Msat | Faulty {
  const [, digits, multiplier] = /^(\d+)([a-z]?)$/.exec(text) ?? [];
  if (digits === undefined) return faulty('bad_amount', 'The amount is not a number with one multiplier');
  const amount = multiplier === 'p' ? picoToMsat(BigInt(digits)) : scaled(BigInt(digits), multiplier ?? '');
  if (typeof amount !== 'bigint') return amount;
  if (amount === 0n) return faulty('bad_amount', 'The amount is zero');
  if (amount > MAX_MSAT) return faulty('bad_amount', 'The amount is more than all bitcoin');
  return msat(amount);
}

function picoToMsat(pico: bigint): bigint | Faulty {
  if (pico % 10n !== 0n) return faulty('bad_amount', 'The amount has a fraction of a millisatoshi');
  return pico / 10n;
}

function scaled(amount: bigint, multiplier: string): bigint | Faulty {
  const unit = MSAT_PER_UNIT.find(([letter]) => letter === multiplier);
  if (unit === undefined)
    return faulty('bad_multiplier', 'The multiplier of the amount is none of m, u, n, p');
  return amount * unit[1];
}

/**
 * The human-readable part, its amount in the shortest form.
 * @throws RangeError for an amount of zero: ask for no amount instead.
 * @example writePrefix('bitcoin', msat(250_000_000n)) // 'lnbc2500u'
 */
export function writePrefix(network: Network, amountMsat: Msat | null): string {
  const start = `ln${CURRENCY[network]}`;
  if (amountMsat === null) return start;
  if (amountMsat <= 0n) throw new RangeError('an invoice asks for more than nothing, or for no amount');
  for (const [letter, unit] of MSAT_PER_UNIT) {
    if (amountMsat % unit === 0n) return `${start}${amountMsat / unit}${letter}`;
  }
  return `${start}${amountMsat * 10n}p`;
}
