/** The coins that no block has spent: those that blocks have made, and those of transactions that wait. */
import type { SQLOutputValue } from 'node:sqlite';
import type { Block } from './chain_block.ts';
import type { ChainStore } from './chain_store.ts';
import {
  type ChainOutput,
  type ChainTransaction,
  type Outpoint,
  splitOutpoint,
} from './chain_transaction.ts';

export interface Coin extends ChainOutput {
  readonly outpoint: Outpoint;
  /** Of the block that holds it; null: its transaction waits. */
  readonly height: number | null;
  readonly coinbase: boolean;
  /** The waiting transaction that spends it. */
  readonly spentBy: string | null;
}

export interface Coins {
  find(outpoint: Outpoint): Coin | undefined;
  /** The largest that nobody spends and that the next block may spend, at most `limit` of them. */
  free(script: Uint8Array, nextHeight: number, limit: number): Coin[];
  /** A transaction begins to wait. Inside a commit, like the next two. */
  enter(transaction: ChainTransaction): void;
  /** It waits no more, and is not confirmed either. */
  leave(transaction: ChainTransaction): void;
  /** All but the coinbase have waited. */
  connect(block: Block): void;
}

/** A coinbase may be spent so many blocks later. */
export const MATURITY_BLOCKS = 100;
const OP_RETURN = 0x6a;

const COLUMNS = 'txid, position, amount_sat, script, height, coinbase, spent_by';

function toCoin(row: Record<string, SQLOutputValue>): Coin {
  return {
    outpoint: `${row.txid}:${row.position}`,
    amountSat: row.amount_sat as bigint,
    script: row.script as Uint8Array,
    height: row.height === null ? null : Number(row.height),
    coinbase: row.coinbase === 1n,
    spentBy: row.spent_by as string | null,
  };
}

export function createCoins({ database }: ChainStore): Coins {
  const one = database.prepare(`select ${COLUMNS} from coin where txid = ? and position = ?`);
  one.setReadBigInts(true);
  const largest = database.prepare(
    `select ${COLUMNS} from coin
     where script = ? and spent_by is null and amount_sat > 0 and (coinbase = 0 or height <= ?)
     order by amount_sat desc limit ?`,
  );
  largest.setReadBigInts(true);
  const insert = database.prepare(`insert into coin (${COLUMNS}) values (?, ?, ?, ?, ?, ?, null)`);
  const spend = database.prepare('update coin set spent_by = ? where txid = ? and position = ?');
  const giveBack = database.prepare('update coin set spent_by = null where spent_by = ?');
  const removeMade = database.prepare('delete from coin where txid = ?');
  const confirm = database.prepare('update coin set height = ? where txid = ?');
  const removeSpent = database.prepare('delete from coin where spent_by = ?');

  function make({ txid, outputs }: ChainTransaction, height: number | null, coinbase: boolean): void {
    for (const [position, { amountSat, script }] of outputs.entries()) {
      if (script[0] === OP_RETURN) continue;
      insert.run(txid, position, amountSat, script, height, coinbase ? 1 : 0);
    }
  }

  return {
    find(outpoint) {
      const row = one.get(...splitOutpoint(outpoint));
      return row === undefined ? undefined : toCoin(row);
    },
    free: (script, nextHeight, limit) => largest.all(script, nextHeight - MATURITY_BLOCKS, limit).map(toCoin),
    enter(transaction) {
      for (const { spends } of transaction.inputs) spend.run(transaction.txid, ...splitOutpoint(spends));
      make(transaction, null, false);
    },
    leave({ txid }) {
      giveBack.run(txid);
      removeMade.run(txid);
    },
    connect({ height, transactions }) {
      for (const [position, transaction] of transactions.entries()) {
        if (position === 0) make(transaction, height, true);
        else confirm.run(height, transaction.txid);
        removeSpent.run(transaction.txid);
      }
    },
  };
}
