/** Transactions as the practice chain reads them. Scripts are not run: amounts, coins and locks are checked. */
import { createHash } from 'node:crypto';
import { RawTx } from '@scure/btc-signer';
import { RawOldTx } from '@scure/btc-signer/script.js';

/** `txid:index`, the txid in the byte order that people write. */
export type Outpoint = string;

export function splitOutpoint(outpoint: Outpoint): [txid: string, index: number] {
  const [txid = '', index = ''] = outpoint.split(':');
  return [txid, Number(index)];
}

export interface ChainOutput {
  readonly amountSat: bigint;
  readonly script: Uint8Array;
}

export interface ChainInput {
  readonly spends: Outpoint;
  readonly sequence: number;
}

export interface ChainTransaction {
  readonly raw: Uint8Array;
  /** As people write it: the hash reversed. */
  readonly txid: string;
  /** The txid in the order of the wire, a leaf of the merkle tree. */
  readonly hash: Uint8Array;
  /** Hash with the witness, a leaf of the witness commitment. Source: BIP 141. */
  readonly witnessHash: Uint8Array;
  /** Source: BIP 141. */
  readonly weight: number;
  readonly version: number;
  readonly lockTime: number;
  readonly inputs: readonly ChainInput[];
  readonly outputs: readonly ChainOutput[];
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
export const sha256d = (bytes: Uint8Array): Buffer => sha256(sha256(bytes));
/** The order of the wire -> the hex that people write. */
export const reversedHex = (bytes: Uint8Array): string => Buffer.from(bytes).reverse().toString('hex');

/** @throws when the bytes are no transaction. */
export function readTransaction(raw: Uint8Array): ChainTransaction {
  const { version, lockTime, inputs, outputs, segwitFlag } = RawTx.decode(raw);
  const stripped = segwitFlag ? RawOldTx.encode({ version, lockTime, inputs, outputs }) : raw;
  const hash = sha256d(stripped);
  return {
    raw,
    txid: reversedHex(hash),
    hash,
    witnessHash: segwitFlag ? sha256d(raw) : hash,
    weight: 3 * stripped.length + raw.length,
    version,
    lockTime,
    inputs: inputs.map(({ txid, index, sequence }) => ({
      spends: `${Buffer.from(txid).toString('hex')}:${index}`,
      sequence,
    })),
    outputs: outputs.map(({ amount, script }) => ({ amountSat: amount, script })),
  };
}

const OP_TRUE = Uint8Array.of(0x51);
/** P2WSH of OP_TRUE: whoever names the script may spend it. The faucet's coins are locked so. */
export const ANYONE_SCRIPT: Uint8Array = Buffer.concat([Uint8Array.of(0, 32), sha256(OP_TRUE)]);
export const ANYONE_WITNESS: Uint8Array[] = [OP_TRUE];
