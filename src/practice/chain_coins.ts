/** The coins that blocks have made and not spent yet. */
import type { Block } from './chain_block.ts';
import type { ChainOutput, Outpoint } from './chain_transaction.ts';

export interface Coin extends ChainOutput {
  /** Of the block that holds it; for an unconfirmed coin, of the block that would. */
  readonly height: number;
  readonly coinbase: boolean;
}

export interface Coins {
  find(outpoint: Outpoint): Coin | undefined;
  has(outpoint: Outpoint): boolean;
  confirmed(txid: string): boolean;
  connect(block: Block): void;
}

/** A coinbase may be spent so many blocks later. */
export const MATURITY_BLOCKS = 100;
const OP_RETURN = 0x6a;

export function createCoins(): Coins {
  const unspent = new Map<Outpoint, Coin>();
  const transactions = new Set<string>();
  return {
    find: (outpoint) => unspent.get(outpoint),
    has: (outpoint) => unspent.has(outpoint),
    confirmed: (txid) => transactions.has(txid),
    connect(block) {
      for (const [position, transaction] of block.transactions.entries()) {
        transactions.add(transaction.txid);
        for (const { spends } of transaction.inputs) unspent.delete(spends);
        for (const [index, output] of transaction.outputs.entries()) {
          if (output.script[0] === OP_RETURN) continue;
          const coin = { ...output, height: block.height, coinbase: position === 0 };
          unspent.set(`${transaction.txid}:${index}`, coin);
        }
      }
    },
  };
}
