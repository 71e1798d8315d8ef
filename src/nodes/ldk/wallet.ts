/** The node's coins on the chain, found by scanning blocks. */
import { untrusted } from '../../lightning/ids.ts';
import { fromSat, MSAT_PER_SAT, type Msat } from '../../money/msat.ts';
import type { OnchainAnswer, OnchainOrder, OpenAnswer } from '../node.ts';
import { toHex } from './bindings.ts';
import { pack, type Store, unpack } from './store.ts';
import { type BuiltTransaction, buildPayment, type Coin, type Payment } from './wallet_build.ts';
import { createKeyring, readAddress, type WalletKey } from './wallet_keys.ts';
import { readOnce } from './wallet_read.ts';

export interface Wallet {
  /** A fresh one every time. */
  address(): string;
  /** A fresh script of the wallet, for coins that come home. */
  script(): Uint8Array;
  /** Confirmed coins, and unconfirmed change. */
  balanceMsat(): Msat;
  /** @returns what came from elsewhere, change apart */
  scan(transactions: readonly Uint8Array[]): readonly Arrival[];
  /** Signs a payment and takes its coins; null when there are too few. */
  pay(payment: Payment): BuiltTransaction | null;
  /** Gives the coins of a payment back that will never be broadcast. */
  discard(txid: string): void;
  /** Idempotent by the order's token; there is something to broadcast only the first time. */
  send(order: OnchainOrder): Sent;
  /** Of a payment that was sent: 0 without a block, 1 with one; null: it was not sent from here. */
  confirmations(txid: string): number | null;
  /** Puts the wallet into the step's commit, if it has changed. */
  save(): void;
}

/** Coins that one transaction has brought. */
export interface Arrival {
  readonly txid: string;
  readonly amountMsat: Msat;
}

/** What is stored of a wallet. */
interface Purse {
  readonly keys: number;
  readonly coins: readonly Coin[];
  readonly unconfirmed: readonly BuiltTransaction[];
}
const EMPTY: Purse = { keys: 0, coins: [], unconfirmed: [] };
const WALLET = 'wallet';
/** Where the order names none. */
const FEE_SAT_PER_VB = 2;

interface Sent {
  readonly answer: OnchainAnswer;
  /** What leaves the wallet with it, fee included. */
  readonly leavesMsat: bigint;
  readonly broadcast: Uint8Array | null;
}

const nameOf = ({ txid, index }: { readonly txid: string; readonly index: number }): string =>
  `${txid}:${index}`;

const refused = (reason: 'insufficient_funds' | 'bad_address', detail: string): Sent => ({
  answer: { kind: 'refused', reason, detail: untrusted(detail) },
  leavesMsat: 0n,
  broadcast: null,
});

export function createWallet(store: Store, node: string, seedHex: string): Wallet {
  const row = store.get('select bytes from state where node = ? and name = ?', node, WALLET);
  const purse = row === undefined ? EMPTY : unpack<Purse>(row.bytes);
  const keys = createKeyring(seedHex, purse.keys);
  const coins = new Map(purse.coins.map((coin): [string, Coin] => [nameOf(coin), coin]));
  /** Own payments without a block yet, by txid. */
  const unconfirmed = new Map(purse.unconfirmed.map((built) => [built.txid, built]));
  let changed = false;
  // A channel that was not funded to the end is forgotten by LDK when the node stops: nobody will send for its coins.
  for (const txid of [...unconfirmed.keys()])
    if (store.get('select txid from sent_transaction where txid = ?', txid) === undefined) discard(txid);

  function pay(payment: Payment): BuiltTransaction | null {
    const built = buildPayment(payment, [...coins.values()], keys);
    changed = true;
    if (built === null) return null;
    for (const coin of built.spent) coins.delete(nameOf(coin));
    if (built.change !== null) coins.set(nameOf(built.change), built.change);
    unconfirmed.set(built.txid, built);
    return built;
  }

  function discard(txid: string): void {
    const built = unconfirmed.get(txid);
    if (built === undefined) return;
    changed = true;
    unconfirmed.delete(txid);
    for (const coin of built.spent) coins.set(nameOf(coin), coin);
    if (built.change !== null) coins.delete(nameOf(built.change));
  }

  /** Change may be spent again before it is confirmed. */
  const isSpent = (name: string): boolean =>
    [...unconfirmed.values()].some(({ spent }) => spent.some((coin) => nameOf(coin) === name));

  function scanOne(raw: Uint8Array): Arrival {
    let arrivedSat = 0n;
    const { transaction, txid: id } = readOnce(raw);
    changed = unconfirmed.delete(id) || changed;
    for (let at = 0; at < transaction.inputsLength; at++) {
      const { txid, index } = transaction.getInput(at);
      if (txid === undefined || index === undefined) continue;
      changed = coins.delete(nameOf({ txid: toHex(txid), index })) || changed;
    }
    for (let index = 0; index < transaction.outputsLength; index++) {
      const { script, amount } = transaction.getOutput(index);
      const key = script === undefined ? undefined : keys.owner(script);
      if (key === undefined || amount === undefined) continue;
      const coin = { txid: id, index, amountSat: amount, key: key.index };
      if (isSpent(nameOf(coin))) continue;
      if (!coins.has(nameOf(coin))) arrivedSat += amount;
      coins.set(nameOf(coin), coin);
      changed = true;
    }
    return { txid: id, amountMsat: fromSat(arrivedSat) };
  }

  function sendNew(order: OnchainOrder): Sent {
    const script = readAddress(order.address);
    if (script === null)
      return refused('bad_address', `no address of regtest: ${order.address.slice(0, 100)}`);
    // Coins have no millisatoshis: the order is rounded up, so that nobody gets less.
    const amountSat = (order.amountMsat + MSAT_PER_SAT - 1n) / MSAT_PER_SAT;
    const built = pay({ script, amountSat, feeRateSatPerVb: order.feeRateSatPerVb ?? FEE_SAT_PER_VB });
    if (built === null) return refused('insufficient_funds', 'the wallet holds less than amount and fee');
    const answer = { kind: 'sent' as const, txid: built.txid, feeMsat: fromSat(built.feeSat) };
    return { answer, leavesMsat: fromSat(amountSat + built.feeSat), broadcast: built.raw };
  }

  function fresh(): WalletKey {
    changed = true;
    return keys.fresh();
  }

  return {
    address: () => fresh().address,
    script: () => fresh().script,
    balanceMsat() {
      let sat = 0n;
      for (const coin of coins.values()) sat += coin.amountSat;
      return fromSat(sat);
    },
    scan: (transactions) => transactions.map(scanOne).filter(({ amountMsat }) => amountMsat > 0n),
    pay,
    discard,
    send(order) {
      const known = store.get(
        'select answer from onchain_order where node = ? and token = ?',
        node,
        order.token,
      );
      if (known !== undefined)
        return { answer: unpack<OnchainAnswer>(known.answer), leavesMsat: 0n, broadcast: null };
      const sent = sendNew(order);
      store.run(
        'insert into onchain_order (node, token, answer) values (?, ?, ?)',
        node,
        order.token,
        pack(sent.answer),
      );
      return sent;
    },
    confirmations(txid) {
      if (unconfirmed.has(txid)) return 0;
      const answers = store.all('select answer from onchain_order where node = ?', node);
      const sent = answers.map(({ answer }) => unpack<OnchainAnswer | OpenAnswer>(answer));
      return sent.some((answer) => answer.kind === 'sent' && answer.txid === txid) ? 1 : null;
    },
    save() {
      if (!changed) return;
      changed = false;
      const now: Purse = {
        keys: keys.count(),
        coins: [...coins.values()],
        unconfirmed: [...unconfirmed.values()],
      };
      store.run(
        'insert or replace into state (node, name, bytes, height) values (?, ?, ?, 0)',
        node,
        WALLET,
        pack(now),
      );
    },
  };
}
