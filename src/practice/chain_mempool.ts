/** The transactions that wait for a block. */
import type { SQLOutputValue } from 'node:sqlite';
import type { Block } from './chain_block.ts';
import type { Coins } from './chain_coins.ts';
import { type Now, type Refusal, refuseReplacement, weigh } from './chain_rules.ts';
import type { ChainStore } from './chain_store.ts';
import { type ChainTransaction, readTransaction } from './chain_transaction.ts';

export type Submission =
  | { readonly kind: 'accepted'; readonly txid: string }
  | { readonly kind: 'rejected'; readonly reason: Refusal };

export interface Waiting {
  readonly transaction: ChainTransaction;
  readonly feeSat: bigint;
  /** Seconds since 1970. */
  readonly sinceSeconds: number;
  readonly sinceHeight: number;
}

export interface Mempool {
  readonly size: number;
  /** The txids, in the order of arrival. */
  ids(): string[];
  find(txid: string): Waiting | undefined;
  submit(raw: Uint8Array): Submission;
  /** As many as fit into a block, parents first. */
  next(): ChainTransaction[];
  /** Its transactions wait no more. Inside a commit. */
  connect(block: Block): void;
}

export interface MempoolParts {
  readonly store: ChainStore;
  readonly coins: Coins;
  readonly confirmed: (txid: string) => boolean;
  readonly now: () => Now;
  readonly nowSeconds: () => number;
}

const CAPACITY = 10_000;
/** Of the 4,000,000 that a block may have; the rest is for its header and its coinbase. */
const BLOCK_WEIGHT = 3_990_000;

export function createMempool({ store, coins, confirmed, now, nowSeconds }: MempoolParts): Mempool {
  const { database } = store;
  const count = database.prepare('select count(*) as waiting from waiting');
  const listIds = database.prepare('select txid from waiting order by sequence');
  const listRaw = database.prepare('select raw from waiting order by sequence');
  const one = database.prepare(
    'select raw, fee_sat, since_seconds, since_height from waiting where txid = ?',
  );
  one.setReadBigInts(true);
  const insert = database.prepare(
    'insert into waiting (txid, raw, fee_sat, since_seconds, since_height) values (?, ?, ?, ?, ?)',
  );
  const remove = database.prepare('delete from waiting where txid = ?');

  const size = (): number => Number(count.get()?.waiting);
  function find(txid: string): Waiting | undefined {
    const row = one.get(txid);
    return row === undefined ? undefined : toWaiting(row);
  }

  /** Everything that would have to go, the children of what conflicts included. */
  function rivalsOf(transaction: ChainTransaction): ReadonlyMap<string, Waiting> {
    const rivals = new Map<string, Waiting>();
    const spent = transaction.inputs.map(({ spends }) => spends);
    for (const outpoint of spent) {
      const txid = coins.find(outpoint)?.spentBy ?? '';
      const rival = find(txid);
      if (rival === undefined || rivals.has(txid)) continue;
      rivals.set(txid, rival);
      for (const index of rival.transaction.outputs.keys()) spent.push(`${txid}:${index}`);
    }
    return rivals;
  }

  function enter(transaction: ChainTransaction): Submission {
    const { txid, raw } = transaction;
    if (find(txid) !== undefined || confirmed(txid)) return { kind: 'accepted', txid };
    if (size() >= CAPACITY) return { kind: 'rejected', reason: 'mempool-full' };
    const today = now();
    const feeSat = weigh(transaction, today);
    if (typeof feeSat === 'string') return { kind: 'rejected', reason: feeSat };
    const rivals = rivalsOf(transaction);
    const rivalFeesSat = new Map([...rivals].map(([rival, waiting]) => [rival, waiting.feeSat]));
    const reason = refuseReplacement(transaction, feeSat, rivalFeesSat);
    if (reason !== null) return { kind: 'rejected', reason };
    store.commit(() => {
      for (const rival of rivals.values()) {
        remove.run(rival.transaction.txid);
        coins.leave(rival.transaction);
      }
      insert.run(txid, raw, feeSat, nowSeconds(), today.height);
      coins.enter(transaction);
    });
    return { kind: 'accepted', txid };
  }

  return {
    get size() {
      return size();
    },
    ids: () => listIds.all().map(({ txid }) => String(txid)),
    find,
    submit(raw) {
      const transaction = parse(raw);
      return transaction === null ? { kind: 'rejected', reason: 'decode-failed' } : enter(transaction);
    },
    next() {
      const chosen: ChainTransaction[] = [];
      let weight = 0;
      for (const { raw } of listRaw.iterate()) {
        const transaction = readTransaction(raw as Uint8Array);
        weight += transaction.weight;
        // Whatever comes later may be a child of this one: nobody goes ahead.
        if (weight > BLOCK_WEIGHT) break;
        chosen.push(transaction);
      }
      return chosen;
    },
    connect(block) {
      for (const { txid } of block.transactions) remove.run(txid);
    },
  };
}

function parse(raw: Uint8Array): ChainTransaction | null {
  try {
    return readTransaction(raw);
  } catch {
    return null;
  }
}

const toWaiting = (row: Record<string, SQLOutputValue>): Waiting => ({
  transaction: readTransaction(row.raw as Uint8Array),
  feeSat: row.fee_sat as bigint,
  sinceSeconds: Number(row.since_seconds),
  sinceHeight: Number(row.since_height),
});
