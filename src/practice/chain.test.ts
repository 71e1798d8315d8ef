import { createHash } from 'node:crypto';
import { RawTx } from '@scure/btc-signer';
import { describe, expect, it } from 'vitest';
import { type Block, type Chain, openChain } from './chain.ts';
import { meetsTarget, merkleRoot, witnessCommitment } from './chain_block.ts';
import { ANYONE_SCRIPT, ANYONE_WITNESS, readTransaction, sha256d } from './chain_transaction.ts';

const SOMEBODY = Uint8Array.of(0, 20, ...new Uint8Array(20).fill(7));
const FINAL = 0xffffffff;

function mined(blocks: number): Chain {
  const chain = openChain({ file: null });
  for (let block = 0; block < blocks; block++) chain.mine();
  return chain;
}

interface Spending {
  readonly txid: string;
  readonly amountSat: bigint;
  readonly index?: number;
  readonly sequence?: number;
  readonly lockTime?: number;
}
const spend = ({ txid, amountSat, index = 0, sequence = 0xfffffffd, lockTime = 0 }: Spending): Uint8Array =>
  RawTx.encode({
    version: 2,
    segwitFlag: true,
    inputs: [{ txid: Buffer.from(txid, 'hex'), index, finalScriptSig: new Uint8Array(), sequence }],
    outputs: [{ amount: amountSat, script: ANYONE_SCRIPT }],
    witnesses: [ANYONE_WITNESS],
    lockTime,
  });

/** A chain with a confirmed coin of 1,000,000 sat that anyone may spend. */
function withCoin(): { chain: Chain; txid: string } {
  const chain = mined(110);
  const txid = chain.fund(ANYONE_SCRIPT, 1_000_000n);
  chain.mine();
  return { chain, txid };
}
const rejected = (reason: string) => ({ kind: 'rejected', reason });

describe('a block of the practice chain', () => {
  it('follows the genesis block of regtest', () => {
    const genesis = openChain({ file: null }).tip;
    expect(genesis.id).toBe('0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206');
    const [only] = genesis.transactions;
    expect(Buffer.from(genesis.header).subarray(36, 68)).toEqual(Buffer.from(only?.hash ?? []));
  });

  it('has a header that names its parent, its merkle root, and meets the target', () => {
    const chain = mined(110);
    chain.fund(SOMEBODY, 5_000n);
    const parent = chain.tip;
    const block = chain.mine();
    const header = Buffer.from(block.header);
    expect(header.subarray(4, 36)).toEqual(Buffer.from(parent.hash));
    expect(header.subarray(36, 68)).toEqual(
      Buffer.from(merkleRoot(block.transactions.map((transaction) => transaction.hash))),
    );
    expect(meetsTarget(sha256d(header))).toBe(true);
  });

  it('commits to the witnesses of its transactions, and begins its coinbase with the height', () => {
    const chain = mined(110);
    chain.fund(SOMEBODY, 5_000n);
    const { transactions, height } = chain.mine();
    const [coinbase, ...others] = transactions;
    const commitment = Buffer.concat([Buffer.from('6a24aa21a9ed', 'hex'), witnessCommitment(others)]);
    expect(Buffer.from(coinbase?.outputs[1]?.script ?? [])).toEqual(commitment);
    const script = RawTx.decode(coinbase?.raw ?? new Uint8Array()).inputs[0]?.finalScriptSig;
    expect(Buffer.from(script ?? []).toString('hex')).toBe(`01${height.toString(16)}00`);
  });

  it('writes its height as BIP 34 wants it, also where the sign takes a byte of its own', () => {
    const chain = mined(300);
    const pushed = (height: number): string => {
      const raw = chain.block(height)?.transactions[0]?.raw ?? new Uint8Array();
      return Buffer.from(RawTx.decode(raw).inputs[0]?.finalScriptSig ?? []).toString('hex');
    };
    expect([1, 16, 17, 127, 128, 255, 256].map(pushed)).toEqual([
      '5100',
      '6000',
      '011100',
      '017f00',
      '02800000',
      '02ff0000',
      '02000100',
    ]);
  });

  it('can be found by its height and by its id, and is the same then', () => {
    const chain = withCoin().chain;
    const { tip } = chain;
    const outline = (block: Block | undefined) => [block?.id, block?.transactions.map(({ txid }) => txid)];
    expect(tip.transactions).toHaveLength(2);
    expect(outline(chain.block(tip.height))).toEqual(outline(tip));
    expect(outline(chain.blockById(tip.id))).toEqual(outline(tip));
    expect(chain.blocksAfter(tip.height - 3, 2).map(({ height }) => height)).toEqual([109, 110]);
    expect(chain.block(tip.height + 1)).toBeUndefined();
  });

  it('is later than the median of the eleven before it, however fast blocks come', () => {
    const chain = openChain({ file: null, nowSeconds: () => 1_700_000_000 });
    for (let block = 0; block < 40; block++) chain.mine();
    const blocks = chain.blocksAfter(-1, 100);
    expect(blocks).toHaveLength(41);
    for (const [height, block] of blocks.entries()) {
      const before = blocks.slice(Math.max(0, height - 11), height).map(({ time }) => time);
      before.sort((a, b) => a - b);
      if (height > 0) expect(block.time).toBeGreaterThan(before[before.length >> 1] ?? 0);
    }
  });
});

describe('a merkle root', () => {
  const leaf = (name: string): Buffer => createHash('sha256').update(name).digest();

  it('of one leaf is the leaf', () => expect(merkleRoot([leaf('a')])).toEqual(leaf('a')));

  it('counts the last of an odd number of leaves twice', () => {
    const [a, b, c] = [leaf('a'), leaf('b'), leaf('c')];
    const pair = (one: Uint8Array, other: Uint8Array) => sha256d(Buffer.concat([one, other]));
    expect(merkleRoot([a, b, c])).toEqual(pair(pair(a, b), pair(c, c)));
  });
});

describe('the mempool of the practice chain', () => {
  it('takes a payment, and the next block confirms it', () => {
    const { chain, txid } = withCoin();
    const submission = chain.submit(spend({ txid, amountSat: 990_000n }));
    expect(submission.kind).toBe('accepted');
    expect(chain.waiting).toBe(1);
    expect(chain.mine().transactions).toHaveLength(2);
    expect(chain.waiting).toBe(0);
  });

  it('takes the same transaction again without harm, also once it is confirmed', () => {
    const { chain, txid } = withCoin();
    const raw = spend({ txid, amountSat: 990_000n });
    expect(chain.submit(raw)).toEqual(chain.submit(raw));
    chain.mine();
    expect(chain.submit(raw).kind).toBe('accepted');
    expect(chain.waiting).toBe(0);
  });

  it('refuses a coin that does not exist, and one that has been spent', () => {
    const { chain, txid } = withCoin();
    const missing = rejected('bad-txns-inputs-missingorspent');
    expect(chain.submit(spend({ txid: '11'.repeat(32), amountSat: 1n }))).toEqual(missing);
    chain.submit(spend({ txid, amountSat: 990_000n }));
    chain.mine();
    expect(chain.submit(spend({ txid, amountSat: 980_000n }))).toEqual(missing);
  });

  it('refuses to spend a coin twice at once, unless the fee is higher', () => {
    const { chain, txid } = withCoin();
    chain.submit(spend({ txid, amountSat: 990_000n }));
    expect(chain.submit(spend({ txid, amountSat: 995_000n }))).toEqual(rejected('txn-mempool-conflict'));
    const replacement = chain.submit(spend({ txid, amountSat: 900_000n }));
    expect(replacement.kind).toBe('accepted');
    expect(chain.waiting).toBe(1);
  });

  it('drops the children of what is replaced, and refuses a replacement that spends one of them', () => {
    const { chain, txid } = withCoin();
    const parent = readTransaction(spend({ txid, amountSat: 990_000n }));
    chain.submit(parent.raw);
    chain.submit(spend({ txid: parent.txid, amountSat: 980_000n }));
    expect(chain.waiting).toBe(2);
    chain.submit(spend({ txid, amountSat: 900_000n }));
    expect(chain.waiting).toBe(1);
  });

  it('refuses money from nothing', () => {
    const { chain, txid } = withCoin();
    expect(chain.submit(spend({ txid, amountSat: 1_000_001n }))).toEqual(rejected('bad-txns-in-belowout'));
  });

  it('refuses a coinbase that is not 100 blocks deep', () => {
    const chain = mined(100);
    const young = chain.block(2)?.transactions[0]?.txid ?? '';
    const ripe = chain.block(1)?.transactions[0]?.txid ?? '';
    const premature = rejected('bad-txns-premature-spend-of-coinbase');
    expect(chain.submit(spend({ txid: young, amountSat: 1_000n }))).toEqual(premature);
    expect(chain.submit(spend({ txid: ripe, amountSat: 1_000n })).kind).toBe('accepted');
  });

  it('refuses a lock time that has not come, and takes it once it has', () => {
    const { chain, txid } = withCoin();
    const locked = spend({ txid, amountSat: 990_000n, lockTime: chain.height + 2 });
    expect(chain.submit(locked)).toEqual(rejected('non-final'));
    chain.mine();
    chain.mine();
    expect(chain.submit(locked).kind).toBe('accepted');
  });

  it('does not look at a lock time where all inputs are final', () => {
    const { chain, txid } = withCoin();
    const locked = spend({ txid, amountSat: 990_000n, lockTime: 9_999, sequence: FINAL });
    expect(chain.submit(locked).kind).toBe('accepted');
  });

  it('refuses an input that has to age by blocks, and takes it once it has', () => {
    const { chain, txid } = withCoin();
    const aging = spend({ txid, amountSat: 990_000n, sequence: 3 });
    expect(chain.submit(aging)).toEqual(rejected('non-BIP68-final'));
    chain.mine();
    chain.mine();
    expect(chain.submit(aging).kind).toBe('accepted');
  });

  it('refuses an input that has to age by time', () => {
    const { chain, txid } = withCoin();
    const aging = spend({ txid, amountSat: 990_000n, sequence: 0x00400001 });
    expect(chain.submit(aging)).toEqual(rejected('non-BIP68-final'));
  });

  it('refuses what pays nobody', () => {
    const { chain, txid } = withCoin();
    const generous = RawTx.encode({ ...RawTx.decode(spend({ txid, amountSat: 1n })), outputs: [] });
    expect(chain.submit(generous)).toEqual(rejected('bad-txns-vout-empty'));
  });

  it('leaves for the next block what does not fit into one', () => {
    const { chain, txid } = withCoin();
    const script = Uint8Array.of(0x6a, ...new Uint8Array(90_000));
    let parent = txid;
    for (let amountSat = 900_000n; amountSat > 887_000n; amountSat -= 1_000n) {
      const padded = RawTx.decode(spend({ txid: parent, amountSat }));
      const raw = RawTx.encode({ ...padded, outputs: [...padded.outputs, { amount: 0n, script }] });
      expect(chain.submit(raw).kind).toBe('accepted');
      parent = readTransaction(raw).txid;
    }
    expect(chain.mine().transactions).toHaveLength(12);
    expect(chain.waiting).toBe(2);
    expect(chain.mine().transactions).toHaveLength(3);
  });

  it('refuses bytes that are no transaction', () => {
    expect(mined(1).submit(Uint8Array.of(1, 2, 3))).toEqual(rejected('decode-failed'));
  });
});

describe('the faucet', () => {
  it('pays from ripe coinbases, and spends its change again', () => {
    const chain = mined(101);
    for (let payment = 0; payment < 20; payment++) chain.fund(SOMEBODY, 100_000_000n);
    expect(chain.waiting).toBe(20);
    expect(chain.mine().transactions).toHaveLength(21);
  });

  it('says what to do when it is dry', () => {
    expect(() => mined(50).fund(SOMEBODY, 1_000n)).toThrow(/mine more blocks/);
  });
});
