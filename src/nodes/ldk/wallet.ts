/** The node's coins on the chain, found by scanning blocks. */
import { untrusted } from '../../lightning/ids.ts';
import { fromSat, MSAT_PER_SAT, type Msat } from '../../money/msat.ts';
import type { OnchainAnswer, OnchainOrder } from '../node.ts';
import { toHex } from './bindings.ts';
import { type BuiltTransaction, buildPayment, type Coin, type Payment } from './wallet_build.ts';
import { createKeyring, readAddress } from './wallet_keys.ts';
import { readOnce } from './wallet_read.ts';

export interface Wallet {
  /** A fresh one every time. */
  address(): string;
  /** A fresh script of the wallet, for coins that come home. */
  script(): Uint8Array;
  /** Confirmed coins, and unconfirmed change. */
  balanceMsat(): Msat;
  scan(transactions: readonly Uint8Array[]): void;
  /** Signs a payment and takes its coins; null when there are too few. */
  pay(payment: Payment): BuiltTransaction | null;
  /** Gives the coins of a payment back that will never be broadcast. */
  discard(txid: string): void;
  /** Idempotent by the order's token; there is something to broadcast only the first time. */
  send(order: OnchainOrder): Sent;
}

interface Sent {
  readonly answer: OnchainAnswer;
  readonly broadcast: Uint8Array | null;
}

const nameOf = ({ txid, index }: { readonly txid: string; readonly index: number }): string =>
  `${txid}:${index}`;

const refused = (reason: 'insufficient_funds' | 'bad_address', detail: string): Sent => ({
  answer: { kind: 'refused', reason, detail: untrusted(detail) },
  broadcast: null,
});

export function createWallet(seedHex: string): Wallet {
  const keys = createKeyring(seedHex);
  const coins = new Map<string, Coin>();
  /** Own payments without a block yet, by txid. */
  const unconfirmed = new Map<string, BuiltTransaction>();
  const answers = new Map<string, OnchainAnswer>();

  function pay(payment: Payment): BuiltTransaction | null {
    const built = buildPayment(payment, [...coins.values()], keys);
    if (built === null) return null;
    for (const coin of built.spent) coins.delete(nameOf(coin));
    if (built.change !== null) coins.set(nameOf(built.change), built.change);
    unconfirmed.set(built.txid, built);
    return built;
  }

  /** Change may be spent again before it is confirmed. */
  const isSpent = (name: string): boolean =>
    [...unconfirmed.values()].some(({ spent }) => spent.some((coin) => nameOf(coin) === name));

  function scanOne(raw: Uint8Array): void {
    const { transaction, txid: id } = readOnce(raw);
    unconfirmed.delete(id);
    for (let at = 0; at < transaction.inputsLength; at++) {
      const { txid, index } = transaction.getInput(at);
      if (txid !== undefined && index !== undefined) coins.delete(nameOf({ txid: toHex(txid), index }));
    }
    for (let index = 0; index < transaction.outputsLength; index++) {
      const { script, amount } = transaction.getOutput(index);
      const key = script === undefined ? undefined : keys.owner(script);
      if (key === undefined || amount === undefined) continue;
      const coin = { txid: id, index, amountSat: amount, key: key.index };
      if (!isSpent(nameOf(coin))) coins.set(nameOf(coin), coin);
    }
  }

  function sendNew(order: OnchainOrder): Sent {
    const script = readAddress(order.address);
    if (script === null)
      return refused('bad_address', `no address of regtest: ${order.address.slice(0, 100)}`);
    // Coins have no millisatoshis: the order is rounded up, so that nobody gets less.
    const amountSat = (order.amountMsat + MSAT_PER_SAT - 1n) / MSAT_PER_SAT;
    const built = pay({ script, amountSat, feeRateSatPerVb: order.feeRateSatPerVb });
    if (built === null) return refused('insufficient_funds', 'the wallet holds less than amount and fee');
    const answer = { kind: 'sent' as const, txid: built.txid, feeMsat: fromSat(built.feeSat) };
    answers.set(order.token, answer);
    return { answer, broadcast: built.raw };
  }

  return {
    address: () => keys.fresh().address,
    script: () => keys.fresh().script,
    balanceMsat() {
      let sat = 0n;
      for (const coin of coins.values()) sat += coin.amountSat;
      return fromSat(sat);
    },
    scan(transactions) {
      for (const raw of transactions) scanOne(raw);
    },
    pay,
    discard(txid) {
      const built = unconfirmed.get(txid);
      if (built === undefined) return;
      unconfirmed.delete(txid);
      for (const coin of built.spent) coins.set(nameOf(coin), coin);
      if (built.change !== null) coins.delete(nameOf(built.change));
    },
    send(order) {
      const known = answers.get(order.token);
      return known === undefined ? sendNew(order) : { answer: known, broadcast: null };
    },
  };
}
