/** Coins for whoever a test names, out of coinbases that anyone may spend. */
import { RawTx } from '@scure/btc-signer';
import { scriptOf } from '../../../src/practice/chain_address.ts';
import { ANYONE_SCRIPT, ANYONE_WITNESS } from '../../../src/practice/chain_transaction.ts';

export type Rpc = <T = unknown>(method: string, params?: readonly unknown[]) => Promise<T>;

export interface Payment {
  readonly address: string;
  readonly sat: number;
}

interface Coin {
  readonly txid: string;
  readonly index: number;
  readonly sat: number;
}

const FEE_SAT = 20_000;
const RIPE_BLOCKS = 100;
const SAT_PER_BITCOIN = 1e8;

/** Coinbases from the first block on, one by one; change is spent before the next of them. */
export function payCoins(rpc: Rpc): (payments: readonly Payment[]) => Promise<string> {
  let change: Coin | null = null;
  let nextHeight = 1;
  /** One payer at a time: two would take the same coin. */
  let queue: Promise<unknown> = Promise.resolve();

  async function nextCoin(): Promise<Coin> {
    if (change !== null) {
      const coin = change;
      change = null;
      return coin;
    }
    const ripe = (await rpc<number>('getblockcount')) - RIPE_BLOCKS;
    while (nextHeight < ripe) {
      const hash = await rpc<string>('getblockhash', [nextHeight++]);
      const txid = (await rpc<{ tx: string[] }>('getblock', [hash, 1])).tx[0] ?? '';
      const out = await rpc<{ value: number } | null>('gettxout', [txid, 0, true]);
      if (out !== null) return { txid, index: 0, sat: Math.round(out.value * SAT_PER_BITCOIN) };
    }
    throw new Error('no coinbase is ripe: mine more blocks first');
  }

  async function pay(payments: readonly Payment[]): Promise<string> {
    const wanted = payments.reduce((sum, { sat }) => sum + sat, FEE_SAT);
    const coins: Coin[] = [];
    let got = 0;
    while (got < wanted) {
      const coin = await nextCoin();
      coins.push(coin);
      got += coin.sat;
    }
    const outputs = payments.map(({ address, sat }) => ({ amount: BigInt(sat), script: scriptOf(address) }));
    const left = got - wanted;
    const hasChange = left > FEE_SAT;
    if (hasChange) outputs.push({ amount: BigInt(left), script: ANYONE_SCRIPT });
    const inputs = coins.map(({ txid, index }) => ({
      txid: Buffer.from(txid, 'hex'),
      index,
      finalScriptSig: new Uint8Array(),
      sequence: 0xfffffffd,
    }));
    const witnesses = coins.map(() => ANYONE_WITNESS);
    const bytes = RawTx.encode({ version: 2, segwitFlag: true, inputs, outputs, witnesses, lockTime: 0 });
    const txid = await rpc<string>('sendrawtransaction', [Buffer.from(bytes).toString('hex')]);
    if (hasChange) change = { txid, index: payments.length, sat: left };
    return txid;
  }

  return (payments) => {
    const paid = queue.then(() => pay(payments));
    queue = paid.catch(() => {});
    return paid;
  };
}
