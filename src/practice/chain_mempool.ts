/** What may wait for a block: no unknown or doubly spent coin, no money from nothing, all locks ripe. */
import { type Coin, type Coins, MATURITY_BLOCKS } from './chain_coins.ts';
import {
  type ChainInput,
  type ChainTransaction,
  type Outpoint,
  readTransaction,
} from './chain_transaction.ts';

/** The reasons are Bitcoin Core's, so that outside nodes understand them. */
export type Refusal =
  | 'decode-failed'
  | 'bad-txns-inputs-missingorspent'
  | 'bad-txns-inputs-duplicate'
  | 'bad-txns-premature-spend-of-coinbase'
  | 'bad-txns-in-belowout'
  | 'bad-txns-spends-conflicting-tx'
  | 'txn-mempool-conflict'
  | 'non-final'
  | 'non-BIP68-final'
  | 'mempool-full';

export type Submission =
  | { readonly kind: 'accepted'; readonly txid: string }
  | { readonly kind: 'rejected'; readonly reason: Refusal };

export interface Now {
  readonly height: number;
  /** Seconds since 1970. Source: BIP 113. */
  readonly medianTime: number;
  medianTimeAt(height: number): number;
}

export interface Mempool {
  readonly size: number;
  submit(raw: Uint8Array): Submission;
  /** A confirmed coin, or the output of a transaction that waits. */
  coin(outpoint: Outpoint): Coin | undefined;
  /** All that wait, parents first; the mempool is empty afterwards. */
  take(): ChainTransaction[];
}

interface Entry {
  readonly transaction: ChainTransaction;
  readonly feeSat: bigint;
}

const CAPACITY = 10_000;
const FINAL = 0xffffffff;
/** Lock times from here on are seconds, below they are heights. */
const FIRST_TIME_LOCK = 500_000_000;
const SEQUENCE_DISABLED = 0x80000000;
const SEQUENCE_TIME = 0x00400000;
const SEQUENCE_MASK = 0xffff;
const SEQUENCE_SECONDS = 512;

function lockTimeHolds({ lockTime, inputs }: ChainTransaction, now: Now): boolean {
  if (lockTime === 0 || inputs.every((input) => input.sequence === FINAL)) return false;
  return lockTime >= (lockTime < FIRST_TIME_LOCK ? now.height + 1 : now.medianTime);
}

/** Source: BIP 68. */
function sequenceHolds(input: ChainInput, coin: Coin, now: Now): boolean {
  if ((input.sequence & SEQUENCE_DISABLED) !== 0) return false;
  const lock = input.sequence & SEQUENCE_MASK;
  if ((input.sequence & SEQUENCE_TIME) === 0) return now.height + 1 - coin.height < lock;
  return now.medianTime - now.medianTimeAt(coin.height - 1) < lock * SEQUENCE_SECONDS;
}

/** The fee, or why the transaction may not enter a block now. */
function weigh(
  transaction: ChainTransaction,
  now: Now,
  find: (outpoint: Outpoint) => Coin | undefined,
): bigint | Refusal {
  if (lockTimeHolds(transaction, now)) return 'non-final';
  const spends = transaction.inputs.map((input) => input.spends);
  if (new Set(spends).size < spends.length) return 'bad-txns-inputs-duplicate';
  let feeSat = 0n;
  for (const input of transaction.inputs) {
    const spent = find(input.spends);
    if (spent === undefined) return 'bad-txns-inputs-missingorspent';
    if (spent.coinbase && now.height + 1 - spent.height < MATURITY_BLOCKS)
      return 'bad-txns-premature-spend-of-coinbase';
    if (transaction.version >= 2 && sequenceHolds(input, spent, now)) return 'non-BIP68-final';
    feeSat += spent.amountSat;
  }
  for (const output of transaction.outputs) feeSat -= output.amountSat;
  return feeSat < 0n ? 'bad-txns-in-belowout' : feeSat;
}

/** Why a transaction may not take the place of others. */
function conflict(
  transaction: ChainTransaction,
  feeSat: bigint,
  rivals: ReadonlyMap<string, Entry>,
): Refusal | null {
  let rivalFeesSat = 0n;
  for (const rival of rivals.values()) rivalFeesSat += rival.feeSat;
  if (rivals.size > 0 && feeSat <= rivalFeesSat) return 'txn-mempool-conflict';
  const spendsRival = transaction.inputs.some(({ spends }) => rivals.has(spends.split(':')[0] ?? ''));
  return spendsRival ? 'bad-txns-spends-conflicting-tx' : null;
}

export function createMempool(coins: Coins, readNow: () => Now): Mempool {
  const entries = new Map<string, Entry>();
  const spentBy = new Map<Outpoint, string>();

  function coin(outpoint: Outpoint): Coin | undefined {
    const confirmed = coins.find(outpoint);
    if (confirmed !== undefined) return confirmed;
    const [txid = '', index = ''] = outpoint.split(':');
    const output = entries.get(txid)?.transaction.outputs[Number(index)];
    return output && { ...output, height: readNow().height + 1, coinbase: false };
  }

  function collectWithChildren(txid: string, into: Map<string, Entry>): void {
    const entry = entries.get(txid);
    if (entry === undefined || into.has(txid)) return;
    into.set(txid, entry);
    for (const index of entry.transaction.outputs.keys()) {
      const child = spentBy.get(`${txid}:${index}`);
      if (child !== undefined) collectWithChildren(child, into);
    }
  }

  /** Everything that would have to go, the children of what conflicts included. */
  function rivalsOf(transaction: ChainTransaction): ReadonlyMap<string, Entry> {
    const rivals = new Map<string, Entry>();
    for (const { spends } of transaction.inputs) {
      const rival = spentBy.get(spends);
      if (rival !== undefined) collectWithChildren(rival, rivals);
    }
    return rivals;
  }

  function remove(txid: string): void {
    const entry = entries.get(txid);
    if (entry === undefined) return;
    entries.delete(txid);
    for (const { spends } of entry.transaction.inputs) spentBy.delete(spends);
  }

  function enter(transaction: ChainTransaction): Submission {
    const { txid } = transaction;
    if (entries.has(txid) || coins.confirmed(txid)) return { kind: 'accepted', txid };
    if (entries.size >= CAPACITY) return { kind: 'rejected', reason: 'mempool-full' };
    const feeSat = weigh(transaction, readNow(), coin);
    if (typeof feeSat === 'string') return { kind: 'rejected', reason: feeSat };
    const rivals = rivalsOf(transaction);
    const reason = conflict(transaction, feeSat, rivals);
    if (reason !== null) return { kind: 'rejected', reason };
    for (const rival of rivals.keys()) remove(rival);
    entries.set(txid, { transaction, feeSat });
    for (const { spends } of transaction.inputs) spentBy.set(spends, txid);
    return { kind: 'accepted', txid };
  }

  return {
    get size() {
      return entries.size;
    },
    coin,
    submit(raw) {
      let transaction: ChainTransaction;
      try {
        transaction = readTransaction(raw);
      } catch {
        return { kind: 'rejected', reason: 'decode-failed' };
      }
      return enter(transaction);
    },
    take() {
      const waiting = [...entries.values()].map((entry) => entry.transaction);
      entries.clear();
      spentBy.clear();
      return waiting;
    },
  };
}
