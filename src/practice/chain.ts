/**
 * A regtest chain inside the process: blocks that a full node would accept, coins, a mempool and a faucet.
 * Scripts are not run: who spends a coin must say so himself, as practice nodes do.
 */
import { RawTx } from '@scure/btc-signer';
import { type Block, genesis, mineBlock } from './chain_block.ts';
import { type Coin, type Coins, createCoins, MATURITY_BLOCKS } from './chain_coins.ts';
import { createMempool, type Submission } from './chain_mempool.ts';
import { ANYONE_SCRIPT, ANYONE_WITNESS, type Outpoint, readTransaction } from './chain_transaction.ts';

export type { Block } from './chain_block.ts';
export type { Submission } from './chain_mempool.ts';

export interface Chain {
  readonly tip: Block;
  readonly height: number;
  /** Every block from the genesis on, by height. */
  readonly blocks: readonly Block[];
  /** Unconfirmed transactions. */
  readonly waiting: number;
  /** Takes a transaction into the mempool. Never throws: bytes that are no transaction are rejected, too. */
  submit(raw: Uint8Array): Submission;
  mine(): Block;
  /**
   * Pays from the faucet; the transaction waits in the mempool.
   * @returns the txid
   * @throws when the faucet holds too little: mine more blocks.
   */
  fund(script: Uint8Array, amountSat: bigint): string;
  /** Calls `listener` for every block mined from now on; the answer ends that. */
  onBlock(listener: (block: Block) => void): () => void;
}

const FAUCET_FEE_SAT = 1_000n;
const DUST_SAT = 1_000n;
const MEDIAN_BLOCKS = 11;

/** Source: BIP 113. */
function medianTimePast(blocks: readonly Block[], height: number): number {
  const times = blocks.slice(Math.max(0, height - MEDIAN_BLOCKS + 1), height + 1).map((block) => block.time);
  times.sort((a, b) => a - b);
  return times[times.length >> 1] ?? 0;
}

/** @param nowSeconds the wall clock, seconds since 1970. */
export function createChain(nowSeconds = () => Math.floor(Date.now() / 1000)): Chain {
  const blocks: Block[] = [genesis()];
  const tip = (): Block => blocks.at(-1) ?? genesis();
  const coins = createCoins();
  const mempool = createMempool(coins, () => ({
    height: tip().height,
    medianTime: medianTimePast(blocks, tip().height),
    medianTimeAt: (height) => medianTimePast(blocks, height),
  }));
  const faucet = createFaucet(coins, mempool.coin, () => tip().height + 1);
  const listeners = new Set<(block: Block) => void>();

  return {
    get tip() {
      return tip();
    },
    get height() {
      return tip().height;
    },
    blocks,
    get waiting() {
      return mempool.size;
    },
    submit: mempool.submit,
    mine() {
      const time = Math.max(nowSeconds(), medianTimePast(blocks, tip().height) + 1);
      const block = mineBlock(tip(), mempool.take(), time);
      blocks.push(block);
      coins.connect(block);
      faucet.collect(block);
      for (const listener of listeners) listener(block);
      return block;
    },
    fund(script, amountSat) {
      const submission = mempool.submit(faucet.pay(script, amountSat));
      if (submission.kind === 'rejected') throw new Error(`the faucet's payment: ${submission.reason}`);
      return submission.txid;
    },
    onBlock(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

interface Faucet {
  collect(block: Block): void;
  pay(script: Uint8Array, amountSat: bigint): Uint8Array;
}

/** Owns the coinbases; its change comes back to it. */
function createFaucet(
  coins: Coins,
  find: (outpoint: Outpoint) => Coin | undefined,
  nextHeight: () => number,
): Faucet {
  let owned: Outpoint[] = [];
  const ripe = (coin: Coin): boolean => !coin.coinbase || nextHeight() - coin.height >= MATURITY_BLOCKS;

  function choose(amountSat: bigint): { chosen: Outpoint[]; sumSat: bigint } {
    const chosen: Outpoint[] = [];
    let sumSat = 0n;
    for (const outpoint of owned) {
      const coin = find(outpoint);
      if (coin === undefined || !ripe(coin)) continue;
      chosen.push(outpoint);
      sumSat += coin.amountSat;
      if (sumSat >= amountSat) return { chosen, sumSat };
    }
    throw new Error(`the faucet holds ${sumSat} sat of ${amountSat} that are ripe: mine more blocks first`);
  }

  return {
    collect(block) {
      const first = block.transactions[0];
      if (first !== undefined && coins.has(`${first.txid}:0`)) owned.push(`${first.txid}:0`);
    },
    pay(script, amountSat) {
      const { chosen, sumSat } = choose(amountSat + FAUCET_FEE_SAT);
      const changeSat = sumSat - amountSat - FAUCET_FEE_SAT;
      const outputs = [{ amount: amountSat, script }];
      if (changeSat > DUST_SAT) outputs.push({ amount: changeSat, script: ANYONE_SCRIPT });
      const raw = RawTx.encode({
        version: 2,
        segwitFlag: true,
        inputs: chosen.map(spend),
        outputs,
        witnesses: chosen.map(() => ANYONE_WITNESS),
        lockTime: 0,
      });
      owned = owned.filter((outpoint) => !chosen.includes(outpoint));
      if (outputs.length > 1) owned.unshift(`${readTransaction(raw).txid}:1`);
      return raw;
    },
  };
}

function spend(outpoint: Outpoint) {
  const [txid = '', index = ''] = outpoint.split(':');
  return {
    txid: Buffer.from(txid, 'hex'),
    index: Number(index),
    finalScriptSig: new Uint8Array(),
    sequence: 0xfffffffd,
  };
}
