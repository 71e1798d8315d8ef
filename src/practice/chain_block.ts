/** Blocks that a full node accepts on regtest: proof of work, merkle root, height and witness commitment. */
import { RawTx, Script } from '@scure/btc-signer';
import { CompactSizeLen } from '@scure/btc-signer/script.js';
import {
  ANYONE_SCRIPT,
  type ChainTransaction,
  readTransaction,
  reversedHex,
  sha256d,
} from './chain_transaction.ts';

export interface Block {
  readonly height: number;
  /** 80 bytes. */
  readonly header: Uint8Array;
  /** Of the header, in the order of the wire. */
  readonly hash: Uint8Array;
  /** The hash as people write it. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly transactions: readonly ChainTransaction[];
}

/** Regtest's target in compact form: every second hash meets it. */
const BITS = 0x207fffff;
const TARGET = 0x7fffffn << 232n;
/** Version bits of BIP 9, none signalled. */
const VERSION = 0x20000000;
const SUBSIDY_SAT = 50_0000_0000n;
const HALVING_BLOCKS = 150;
const NO_COIN = new Uint8Array(32);
const COMMITMENT_MARK = Uint8Array.of(0xaa, 0x21, 0xa9, 0xed);

export const meetsTarget = (hash: Uint8Array): boolean => BigInt(`0x${reversedHex(hash)}`) <= TARGET;

/** @param leaves hashes in the order of the wire, at least one. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  let level = leaves;
  while (level.length > 1) {
    const up: Uint8Array[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const left = level[at] ?? NO_COIN;
      up.push(sha256d(Buffer.concat([left, level[at + 1] ?? left])));
    }
    level = up;
  }
  return level[0] ?? NO_COIN;
}

/** Commits to the witnesses of all transactions but the coinbase's own, which counts as zeros. Source: BIP 141. */
export const witnessCommitment = (transactions: readonly ChainTransaction[]): Uint8Array =>
  sha256d(Buffer.concat([merkleRoot([NO_COIN, ...transactions.map((tx) => tx.witnessHash)]), NO_COIN]));

/** The subsidy goes to anyone; the fees of the block are given up, which the rules allow. */
export function coinbase(height: number, transactions: readonly ChainTransaction[]): ChainTransaction {
  const commitment = Buffer.concat([COMMITMENT_MARK, witnessCommitment(transactions)]);
  const raw = RawTx.encode({
    version: 2,
    segwitFlag: true,
    // BIP 34: the script begins with the height. The zero after it makes up the least length of two bytes.
    inputs: [
      { txid: NO_COIN, index: 0xffffffff, finalScriptSig: Script.encode([height, 0]), sequence: 0xffffffff },
    ],
    outputs: [
      { amount: SUBSIDY_SAT >> BigInt(Math.floor(height / HALVING_BLOCKS)), script: ANYONE_SCRIPT },
      { amount: 0n, script: Script.encode(['RETURN', commitment]) },
    ],
    witnesses: [[NO_COIN]],
    lockTime: 0,
  });
  return readTransaction(raw);
}

export function toBlock(
  height: number,
  header: Uint8Array,
  transactions: readonly ChainTransaction[],
): Block {
  const hash = sha256d(header);
  const time = Buffer.from(header).readUInt32LE(68);
  return { height, header, hash, id: reversedHex(hash), time, transactions };
}

/** As it travels between full nodes. */
export const blockBytes = ({ header, transactions }: Block): Uint8Array =>
  Buffer.concat([
    header,
    CompactSizeLen.encode(transactions.length),
    ...transactions.map((transaction) => transaction.raw),
  ]);

/** Searches the nonce. On regtest two tries do, on average. */
export function mineBlock(parent: Block, transactions: readonly ChainTransaction[], time: number): Block {
  const height = parent.height + 1;
  const all = [coinbase(height, transactions), ...transactions];
  const header = Buffer.alloc(80);
  header.writeUInt32LE(VERSION, 0);
  header.set(parent.hash, 4);
  header.set(merkleRoot(all.map((tx) => tx.hash)), 36);
  header.writeUInt32LE(time, 68);
  header.writeUInt32LE(BITS, 72);
  for (let nonce = 0; nonce < 0xffffffff; nonce++) {
    header.writeUInt32LE(nonce, 76);
    if (meetsTarget(sha256d(header))) return toBlock(height, header, all);
  }
  throw new Error('no nonce meets the target of regtest: the header is broken');
}

const GENESIS_HEADER =
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000';

/** Pays 50 BTC to a key that nobody may use: no coin comes of it. */
const GENESIS_TRANSACTION =
  '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000';

/** Regtest's first block. */
export const genesis = (): Block =>
  toBlock(0, Buffer.from(GENESIS_HEADER, 'hex'), [readTransaction(Buffer.from(GENESIS_TRANSACTION, 'hex'))]);
