/** The node's coins on the chain: P2WPKH keys from its seed, found by scanning blocks. */
import { createHmac } from 'node:crypto';
import { Address, OutScript, p2wpkh, Transaction } from '@scure/btc-signer';
import { pubECDSA } from '@scure/btc-signer/utils.js';
import { untrusted } from '../../lightning/ids.ts';
import { fromSat, MSAT_PER_SAT, type Msat } from '../../money/msat.ts';
import type { OnchainAnswer, OnchainOrder } from '../node.ts';
import { fromHex, toHex } from './bindings.ts';

/** Regtest's address parameters. */
const REGTEST = { bech32: 'bcrt', pubKeyHash: 0x6f, scriptHash: 0xc4, wif: 0xef };

export interface BuiltTransaction {
  readonly raw: Uint8Array;
  readonly txid: string;
  readonly feeSat: bigint;
}

export interface Wallet {
  address(): string;
  /** A fresh script of the wallet, for change and sweeps. */
  script(): Uint8Array;
  /** Confirmed coins, and unconfirmed change. */
  balanceMsat(): Msat;
  scan(transactions: readonly Uint8Array[]): void;
  /** Signs a payment and takes its coins; null when there are too few. */
  pay(script: Uint8Array, amountSat: bigint, feeRateSatPerVb: number): BuiltTransaction | null;
  /** Gives the coins of a payment back that will never be broadcast. */
  discard(txid: string): void;
  /** Idempotent by the order's token. The transaction is new only the first time. */
  send(order: OnchainOrder): { readonly answer: OnchainAnswer; readonly broadcast: Uint8Array | null };
}

interface Coin {
  readonly txid: string;
  readonly index: number;
  readonly amountSat: bigint;
  readonly key: number;
}

const DUST_SAT = 330n;
/** Virtual bytes of a transaction without inputs and outputs, and of one input that spends P2WPKH. */
const BASE_VBYTES = 11;
const INPUT_VBYTES = 69;
const outputVbytes = (script: Uint8Array): number => 9 + script.length;
const READ_ANYTHING = {
  allowUnknownInputs: true,
  allowUnknownOutputs: true,
  allowUnknownVersion: true,
  disableScriptCheck: true,
};
const nameOf = (coin: { txid: string; index: number }): string => `${coin.txid}:${coin.index}`;

export function createWallet(seedHex: string): Wallet {
  const keys: Uint8Array[] = [];
  const keyByScript = new Map<string, number>();
  const coins = new Map<string, Coin>();
  const unconfirmed = new Map<string, readonly Coin[]>();
  const answers = new Map<string, OnchainAnswer>();

  function freshKey(): { script: Uint8Array; address: string } {
    const secret = createHmac('sha256', fromHex(seedHex)).update(`wallet/${keys.length}`).digest();
    const { script, address } = p2wpkh(pubECDSA(secret), REGTEST);
    if (address === undefined) throw new Error('P2WPKH without an address');
    keyByScript.set(toHex(script), keys.length);
    keys.push(secret);
    return { script, address };
  }

  function choose(neededSat: (inputs: number) => bigint): { chosen: Coin[]; sumSat: bigint } | null {
    const chosen: Coin[] = [];
    let sumSat = 0n;
    for (const coin of [...coins.values()].sort((a, b) => (a.amountSat < b.amountSat ? 1 : -1))) {
      chosen.push(coin);
      sumSat += coin.amountSat;
      if (sumSat >= neededSat(chosen.length)) return { chosen, sumSat };
    }
    return null;
  }

  function sign(chosen: readonly Coin[], outputs: readonly { script: Uint8Array; amount: bigint }[]) {
    const transaction = new Transaction({ allowUnknownOutputs: true });
    for (const { txid, index, amountSat, key } of chosen) {
      const secret = keys[key];
      if (secret === undefined) throw new Error(`the wallet lost key ${key}`);
      const { script } = p2wpkh(pubECDSA(secret), REGTEST);
      transaction.addInput({ txid, index, witnessUtxo: { script, amount: amountSat }, sequence: 0xfffffffd });
    }
    for (const output of outputs) transaction.addOutput(output);
    for (const [at, { key }] of chosen.entries()) transaction.signIdx(keys[key] ?? new Uint8Array(), at);
    transaction.finalize();
    return transaction;
  }

  function pay(script: Uint8Array, amountSat: bigint, feeRateSatPerVb: number): BuiltTransaction | null {
    const change = freshKey().script;
    const vbytes = BASE_VBYTES + outputVbytes(script) + outputVbytes(change);
    const fee = (inputs: number): bigint =>
      BigInt(Math.ceil(feeRateSatPerVb * (vbytes + INPUT_VBYTES * inputs)));
    const choice = choose((inputs) => amountSat + fee(inputs));
    if (choice === null) return null;
    const { chosen, sumSat } = choice;
    const changeSat = sumSat - amountSat - fee(chosen.length);
    const keepsChange = changeSat >= DUST_SAT;
    const outputs = [{ script, amount: amountSat }];
    if (keepsChange) outputs.push({ script: change, amount: changeSat });
    const transaction = sign(chosen, outputs);
    for (const coin of chosen) coins.delete(nameOf(coin));
    unconfirmed.set(transaction.id, chosen);
    if (keepsChange) {
      const coin = { txid: transaction.id, index: 1, amountSat: changeSat, key: keys.length - 1 };
      coins.set(nameOf(coin), coin);
    }
    const feeSat = keepsChange ? fee(chosen.length) : sumSat - amountSat;
    return { raw: transaction.extract(), txid: transaction.id, feeSat };
  }

  function readScript(address: string): Uint8Array | null {
    try {
      return OutScript.encode(Address(REGTEST).decode(address));
    } catch {
      return null;
    }
  }

  function scanOne(raw: Uint8Array): void {
    const transaction = Transaction.fromRaw(raw, READ_ANYTHING);
    unconfirmed.delete(transaction.id);
    for (let at = 0; at < transaction.inputsLength; at++) {
      const { txid, index } = transaction.getInput(at);
      if (txid !== undefined && index !== undefined) coins.delete(nameOf({ txid: toHex(txid), index }));
    }
    for (let index = 0; index < transaction.outputsLength; index++) {
      const { script, amount } = transaction.getOutput(index);
      const key = script === undefined ? undefined : keyByScript.get(toHex(script));
      if (key === undefined || amount === undefined) continue;
      const coin = { txid: transaction.id, index, amountSat: amount, key };
      if (!isSpent(coin)) coins.set(nameOf(coin), coin);
    }
  }
  /** Change may be spent again before it is confirmed. */
  const isSpent = (coin: Coin): boolean =>
    [...unconfirmed.values()].some((spent) => spent.some((other) => nameOf(other) === nameOf(coin)));

  function sendNew(order: OnchainOrder): { answer: OnchainAnswer; broadcast: Uint8Array | null } {
    const refused = (reason: 'insufficient_funds' | 'bad_address', detail: string) => ({
      answer: { kind: 'refused' as const, reason, detail: untrusted(detail) },
      broadcast: null,
    });
    const script = readScript(order.address);
    if (script === null)
      return refused('bad_address', `no address of regtest: ${order.address.slice(0, 100)}`);
    // Coins have no millisatoshis: the remainder of the order is rounded up, so that nobody gets less.
    const amountSat = (order.amountMsat + MSAT_PER_SAT - 1n) / MSAT_PER_SAT;
    const built = pay(script, amountSat, order.feeRateSatPerVb);
    if (built === null) return refused('insufficient_funds', 'the wallet holds less than amount and fee');
    const answer = { kind: 'sent' as const, txid: built.txid, feeMsat: fromSat(built.feeSat) };
    answers.set(order.token, answer);
    return { answer, broadcast: built.raw };
  }

  return {
    address: () => freshKey().address,
    script: () => freshKey().script,
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
      for (const coin of unconfirmed.get(txid) ?? []) coins.set(nameOf(coin), coin);
      for (const coin of coins.values()) if (coin.txid === txid) coins.delete(nameOf(coin));
      unconfirmed.delete(txid);
    },
    send(order) {
      const known = answers.get(order.token);
      return known === undefined ? sendNew(order) : { answer: known, broadcast: null };
    },
  };
}
