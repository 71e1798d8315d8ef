/** What may enter the next block: no unknown coin, no money from nothing, all locks ripe. Scripts are not run. */
import { type Coin, MATURITY_BLOCKS } from './chain_coins.ts';
import type { ChainInput, ChainTransaction, Outpoint } from './chain_transaction.ts';

/** The reasons are Bitcoin Core's, so that outside nodes understand them. */
export type Refusal =
  | 'decode-failed'
  | 'bad-txns-vin-empty'
  | 'bad-txns-vout-empty'
  | 'tx-size'
  | 'bad-txns-inputs-missingorspent'
  | 'bad-txns-inputs-duplicate'
  | 'bad-txns-premature-spend-of-coinbase'
  | 'bad-txns-in-belowout'
  | 'bad-txns-spends-conflicting-tx'
  | 'txn-mempool-conflict'
  | 'non-final'
  | 'non-BIP68-final'
  | 'mempool-full';

/** The chain as the next block will find it. */
export interface Now {
  readonly height: number;
  /** Of the last eleven blocks up to `height`, in seconds since 1970. Source: BIP 113. */
  medianTime(height: number): number;
  coin(outpoint: Outpoint): Coin | undefined;
}

/** As much as Bitcoin Core relays. */
const TRANSACTION_WEIGHT_MAX = 400_000;
const FINAL = 0xffffffff;
/** Lock times from here on are seconds, below they are heights. */
const FIRST_TIME_LOCK = 500_000_000;
const SEQUENCE_DISABLED = 0x80000000;
const SEQUENCE_TIME = 0x00400000;
const SEQUENCE_MASK = 0xffff;
const SEQUENCE_SECONDS = 512;

/** The fee, or why the transaction may not enter a block now. */
export function weigh(transaction: ChainTransaction, now: Now): bigint | Refusal {
  const misshapen = refuseShape(transaction);
  if (misshapen !== null) return misshapen;
  if (lockTimeHolds(transaction, now)) return 'non-final';
  let feeSat = 0n;
  for (const input of transaction.inputs) {
    const spent = now.coin(input.spends);
    if (spent === undefined) return 'bad-txns-inputs-missingorspent';
    const height = spent.height ?? now.height + 1;
    if (spent.coinbase && now.height + 1 - height < MATURITY_BLOCKS)
      return 'bad-txns-premature-spend-of-coinbase';
    if (transaction.version >= 2 && sequenceHolds(input, height, now)) return 'non-BIP68-final';
    feeSat += spent.amountSat;
  }
  for (const output of transaction.outputs) feeSat -= output.amountSat;
  return feeSat < 0n ? 'bad-txns-in-belowout' : feeSat;
}

function refuseShape({ inputs, outputs, weight }: ChainTransaction): Refusal | null {
  if (inputs.length === 0) return 'bad-txns-vin-empty';
  if (outputs.length === 0) return 'bad-txns-vout-empty';
  if (weight > TRANSACTION_WEIGHT_MAX) return 'tx-size';
  return new Set(inputs.map((input) => input.spends)).size < inputs.length
    ? 'bad-txns-inputs-duplicate'
    : null;
}

function lockTimeHolds({ lockTime, inputs }: ChainTransaction, now: Now): boolean {
  if (lockTime === 0 || inputs.every((input) => input.sequence === FINAL)) return false;
  return lockTime >= (lockTime < FIRST_TIME_LOCK ? now.height + 1 : now.medianTime(now.height));
}

/** Source: BIP 68. */
function sequenceHolds({ sequence }: ChainInput, coinHeight: number, now: Now): boolean {
  if ((sequence & SEQUENCE_DISABLED) !== 0) return false;
  const lock = sequence & SEQUENCE_MASK;
  if ((sequence & SEQUENCE_TIME) === 0) return now.height + 1 - coinHeight < lock;
  const agedSeconds = now.medianTime(now.height) - now.medianTime(coinHeight - 1);
  return agedSeconds < lock * SEQUENCE_SECONDS;
}

/**
 * Why a transaction may not take the place of others.
 * @param rivalFeesSat what each of them pays, by txid; their children included
 */
export function refuseReplacement(
  transaction: ChainTransaction,
  feeSat: bigint,
  rivalFeesSat: ReadonlyMap<string, bigint>,
): Refusal | null {
  const sumSat = [...rivalFeesSat.values()].reduce((sum, fee) => sum + fee, 0n);
  if (rivalFeesSat.size > 0 && feeSat <= sumSat) return 'txn-mempool-conflict';
  const spendsRival = transaction.inputs.some(({ spends }) => rivalFeesSat.has(spends.split(':')[0] ?? ''));
  return spendsRival ? 'bad-txns-spends-conflicting-tx' : null;
}
