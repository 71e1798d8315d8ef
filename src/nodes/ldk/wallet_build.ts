/** Chooses coins and signs. */
import { Transaction } from '@scure/btc-signer';
import type { Keyring } from './wallet_keys.ts';

export interface Coin {
  readonly txid: string;
  readonly index: number;
  readonly amountSat: bigint;
  /** Index of its key. */
  readonly key: number;
}

export interface BuiltTransaction {
  readonly raw: Uint8Array;
  readonly txid: string;
  readonly feeSat: bigint;
  readonly spent: readonly Coin[];
  /** Null when too little was left to be worth a coin. */
  readonly change: Coin | null;
}

const DUST_SAT = 330n;
/** Virtual bytes of a transaction without inputs and outputs, and of one input that spends P2WPKH. */
const BASE_VBYTES = 11;
const INPUT_VBYTES = 69;
const outputVbytes = (script: Uint8Array): number => 9 + script.length;
/** Replaceable by a higher fee. Source: BIP 125. */
const SEQUENCE = 0xfffffffd;

/**
 * The smallest coin that pays alone, so that payments at the same time do not build on each other's change; else the
 * largest coins, until they pay what so many of them need; null when all are too little.
 */
function choose(
  coins: readonly Coin[],
  neededSat: (inputs: number) => bigint,
): { readonly chosen: readonly Coin[]; readonly sumSat: bigint } | null {
  const alone = coins.filter((coin) => coin.amountSat >= neededSat(1));
  if (alone.length > 0) {
    const [first, ...others] = alone as [Coin, ...Coin[]];
    const smallest = others.reduce((least, coin) => (coin.amountSat < least.amountSat ? coin : least), first);
    return { chosen: [smallest], sumSat: smallest.amountSat };
  }
  const sorted = coins.toSorted((one, other) => (one.amountSat < other.amountSat ? 1 : -1));
  let sumSat = 0n;
  for (const [at, coin] of sorted.entries()) {
    sumSat += coin.amountSat;
    if (sumSat >= neededSat(at + 1)) return { chosen: sorted.slice(0, at + 1), sumSat };
  }
  return null;
}

interface Output {
  readonly script: Uint8Array;
  readonly amount: bigint;
}

function sign(chosen: readonly Coin[], outputs: readonly Output[], keys: Keyring): Transaction {
  const transaction = new Transaction({ allowUnknownOutputs: true });
  for (const { txid, index, amountSat, key } of chosen) {
    const witnessUtxo = { script: keys.at(key).script, amount: amountSat };
    transaction.addInput({ txid, index, witnessUtxo, sequence: SEQUENCE });
  }
  for (const output of outputs) transaction.addOutput(output);
  for (const [at, { key }] of chosen.entries()) transaction.signIdx(keys.at(key).secret, at);
  transaction.finalize();
  return transaction;
}

export interface Payment {
  readonly script: Uint8Array;
  readonly amountSat: bigint;
  readonly feeRateSatPerVb: number;
}

/** Null when the coins are too little for amount and fee. */
export function buildPayment(
  { script, amountSat, feeRateSatPerVb }: Payment,
  coins: readonly Coin[],
  keys: Keyring,
): BuiltTransaction | null {
  const home = keys.fresh();
  const vbytes = BASE_VBYTES + outputVbytes(script) + outputVbytes(home.script);
  const feeOf = (inputs: number): bigint =>
    BigInt(Math.ceil(feeRateSatPerVb * (vbytes + INPUT_VBYTES * inputs)));
  const choice = choose(coins, (inputs) => amountSat + feeOf(inputs));
  if (choice === null) return null;
  const { chosen, sumSat } = choice;
  const restSat = sumSat - amountSat - feeOf(chosen.length);
  const keepsChange = restSat >= DUST_SAT;
  const outputs = [{ script, amount: amountSat }];
  if (keepsChange) outputs.push({ script: home.script, amount: restSat });
  const transaction = sign(chosen, outputs, keys);
  const change = { txid: transaction.id, index: 1, amountSat: restSat, key: home.index };
  return {
    raw: transaction.extract(),
    txid: transaction.id,
    feeSat: sumSat - amountSat - (keepsChange ? restSat : 0n),
    spent: chosen,
    change: keepsChange ? change : null,
  };
}
