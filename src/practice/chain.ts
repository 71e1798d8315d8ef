/**
 * A regtest chain inside the process: blocks that a full node would accept, coins, a mempool and a faucet. It lives
 * in a file that is consistent whenever the process ends, and opens at once however long it has grown.
 * Scripts are not run: who spends a coin must say so himself, as practice nodes do.
 */
import { type Block, mineBlock } from './chain_block.ts';
import { createBlocks } from './chain_blocks.ts';
import { type Coin, createCoins } from './chain_coins.ts';
import { payFromFaucet } from './chain_faucet.ts';
import { createMempool, type Submission, type Waiting } from './chain_mempool.ts';
import { openChainStore } from './chain_store.ts';
import type { Outpoint } from './chain_transaction.ts';

export type { Block } from './chain_block.ts';
export { FaucetDry } from './chain_faucet.ts';
export type { Submission } from './chain_mempool.ts';

export interface Chain {
  readonly tip: Block;
  readonly height: number;
  block(height: number): Block | undefined;
  /** @param id the hash as people write it */
  blockById(id: string): Block | undefined;
  /** At most `limit` blocks above `height`, in order. */
  blocksAfter(height: number, limit: number): readonly Block[];
  /** The median of the eleven blocks up to `height`, in seconds since 1970. Source: BIP 113. */
  medianTime(height: number): number;
  /** A coin that no block has spent, that of a waiting transaction included. */
  coin(outpoint: Outpoint): Coin | undefined;
  /** Of the block that holds the transaction; undefined: it waits, or is unknown. */
  heightOf(txid: string): number | undefined;
  /** The bytes of a transaction that is confirmed or waits. */
  transaction(txid: string): Uint8Array | undefined;
  /** How many transactions wait for a block. */
  readonly waiting: number;
  /** Their txids, in the order of arrival. */
  waitingIds(): readonly string[];
  waitingOf(txid: string): Waiting | undefined;
  /**
   * Takes a transaction into the mempool; when it is accepted, that is durable. Bytes that are no transaction are
   * rejected, too.
   */
  submit(raw: Uint8Array): Submission;
  mine(): Block;
  /**
   * Pays from the faucet; the transaction waits in the mempool.
   * @returns the txid
   * @throws FaucetDry when the faucet holds too little: mine more blocks.
   */
  fund(script: Uint8Array, amountSat: bigint): string;
  /** Calls `listener` for every block mined from now on, after it is durable; the answer ends that. */
  onBlock(listener: (block: Block) => void): () => void;
  /** Afterwards nothing of it may be used. */
  close(): void;
}

export interface ChainOptions {
  /** Null: in memory, gone with the process. */
  readonly file: string | null;
  /** The wall clock, seconds since 1970. */
  readonly nowSeconds?: () => number;
}

const wallClock = (): number => Math.floor(Date.now() / 1000);

/** @throws Error when the file holds no chain, or that of a newer Argosy */
export function openChain({ file, nowSeconds = wallClock }: ChainOptions): Chain {
  const store = openChainStore(file);
  const blocks = createBlocks(store);
  const coins = createCoins(store);
  const mempool = createMempool({
    store,
    coins,
    confirmed: (txid) => blocks.heightOf(txid) !== undefined,
    now: () => ({ height: blocks.tip.height, medianTime: blocks.medianTime, coin: coins.find }),
    nowSeconds,
  });
  const listeners = new Set<(block: Block) => void>();

  function mine(): Block {
    const { tip } = blocks;
    const time = Math.max(nowSeconds(), blocks.medianTime(tip.height) + 1);
    const block = mineBlock(tip, mempool.next(), time);
    store.commit(() => {
      blocks.append(block);
      coins.connect(block);
      mempool.connect(block);
    });
    blocks.advance(block);
    for (const listener of listeners) listener(block);
    return block;
  }

  return {
    get tip() {
      return blocks.tip;
    },
    get height() {
      return blocks.tip.height;
    },
    block: blocks.at,
    blockById: blocks.byId,
    blocksAfter: blocks.after,
    medianTime: blocks.medianTime,
    coin: coins.find,
    heightOf: blocks.heightOf,
    transaction: (txid) => mempool.find(txid)?.transaction.raw ?? blocks.raw(txid),
    get waiting() {
      return mempool.size;
    },
    waitingIds: mempool.ids,
    waitingOf: mempool.find,
    submit: mempool.submit,
    mine,
    fund(script, amountSat) {
      const submission = mempool.submit(payFromFaucet(coins, blocks.tip.height + 1, script, amountSat));
      if (submission.kind === 'rejected') throw new Error(`the faucet's payment: ${submission.reason}`);
      return submission.txid;
    },
    onBlock(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: store.close,
  };
}
