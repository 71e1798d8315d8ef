/** The methods of Bitcoin Core's RPC that outside nodes call: those about blocks, coins and the mempool. */
import type { Block, Chain } from './chain.ts';
import { blockBytes } from './chain_block.ts';
import type { Waiting } from './chain_mempool.ts';
import {
  btc,
  hex,
  RPC_CODE,
  RpcRefusal,
  readBytes,
  readCount,
  readFlag,
  readHash,
  readLevel,
} from './chain_rpc_values.ts';
import { type ChainTransaction, readTransaction, reversedHex, splitOutpoint } from './chain_transaction.ts';

export interface RpcMethod {
  /** Names of the parameters, in their order. */
  readonly takes: readonly string[];
  run(chain: Chain, params: readonly unknown[]): unknown;
}

/** Of any block of regtest: the fewest tries on average, by its target. */
const BLOCK_WORK = 2n;
const DIFFICULTY = 4.656542373906925e-10;
const RELAY_FEE_SAT_PER_KVB = 1_000n;
/** More than what the mempool asks for, so that nobody bargains. */
const ESTIMATE_SAT_PER_KVB = 2_000n;
/** Of the Bitcoin Core whose answers these are. */
const CORE_VERSION = 280_000;

const chainWork = (height: number): string =>
  (BLOCK_WORK * BigInt(height + 1)).toString(16).padStart(64, '0');
const virtualSize = (weight: number): number => Math.ceil(weight / 4);

function findBlock(chain: Chain, id: unknown): Block {
  const block = chain.blockById(readHash('blockhash', id));
  if (block !== undefined) return block;
  throw new RpcRefusal(RPC_CODE.notFound, 'Block not found');
}

function describeHeader(chain: Chain, block: Block): Record<string, unknown> {
  const header = Buffer.from(block.header);
  const next = chain.block(block.height + 1)?.id;
  const version = header.readInt32LE(0);
  return {
    hash: block.id,
    confirmations: chain.height - block.height + 1,
    height: block.height,
    version,
    versionHex: version.toString(16).padStart(8, '0'),
    merkleroot: reversedHex(header.subarray(36, 68)),
    time: block.time,
    mediantime: chain.medianTime(block.height),
    nonce: header.readUInt32LE(76),
    bits: header.readUInt32LE(72).toString(16),
    difficulty: DIFFICULTY,
    chainwork: chainWork(block.height),
    nTx: block.transactions.length,
    ...(block.height === 0 ? {} : { previousblockhash: reversedHex(header.subarray(4, 36)) }),
    ...(next === undefined ? {} : { nextblockhash: next }),
  };
}

function describeBlock(chain: Chain, block: Block): Record<string, unknown> {
  const size = blockBytes(block).length;
  const tx = block.transactions.map(({ txid }) => txid);
  return { ...describeHeader(chain, block), size, tx };
}

function readBlock(chain: Chain, block: Block, verbosity: number): unknown {
  if (verbosity === 0) return hex(blockBytes(block));
  if (verbosity === 1) return describeBlock(chain, block);
  throw new RpcRefusal(RPC_CODE.invalidParameter, 'the practice chain knows verbosity 0 and 1');
}

const BLOCKS: Readonly<Record<string, RpcMethod>> = {
  getblockchaininfo: {
    takes: [],
    run: (chain) => ({
      chain: 'regtest',
      blocks: chain.height,
      headers: chain.height,
      bestblockhash: chain.tip.id,
      difficulty: DIFFICULTY,
      time: chain.tip.time,
      mediantime: chain.medianTime(chain.height),
      verificationprogress: 1,
      initialblockdownload: false,
      chainwork: chainWork(chain.height),
      size_on_disk: 0,
      pruned: false,
      warnings: [],
    }),
  },
  getblockcount: { takes: [], run: (chain) => chain.height },
  getbestblockhash: { takes: [], run: (chain) => chain.tip.id },
  getblockhash: {
    takes: ['height'],
    run(chain, [height]) {
      const block = chain.block(readCount('height', height));
      if (block !== undefined) return block.id;
      throw new RpcRefusal(RPC_CODE.invalidParameter, 'Block height out of range');
    },
  },
  getblockheader: {
    takes: ['blockhash', 'verbose'],
    run(chain, [id, verbose]) {
      const block = findBlock(chain, id);
      return readFlag('verbose', verbose, true) ? describeHeader(chain, block) : hex(block.header);
    },
  },
  getblock: {
    takes: ['blockhash', 'verbosity'],
    run: (chain, [id, verbosity]) =>
      readBlock(chain, findBlock(chain, id), readLevel('verbosity', verbosity, 1)),
  },
  getnetworkinfo: {
    takes: [],
    run: () => ({
      version: CORE_VERSION,
      subversion: '/Argosy practice chain/',
      protocolversion: 70_016,
      localrelay: true,
      timeoffset: 0,
      networkactive: true,
      connections: 0,
      networks: [],
      relayfee: btc(RELAY_FEE_SAT_PER_KVB),
      incrementalfee: btc(RELAY_FEE_SAT_PER_KVB),
      localaddresses: [],
      warnings: [],
    }),
  },
};

const COINS: Readonly<Record<string, RpcMethod>> = {
  gettxout: {
    takes: ['txid', 'n', 'include_mempool'],
    run(chain, [txid, n, includeMempool]) {
      const coin = chain.coin(`${readHash('txid', txid)}:${readCount('n', n)}`);
      if (coin === undefined) return null;
      const spent = readFlag('include_mempool', includeMempool, true)
        ? coin.spentBy !== null
        : coin.height === null;
      if (spent) return null;
      return {
        bestblock: chain.tip.id,
        confirmations: coin.height === null ? 0 : chain.height - coin.height + 1,
        value: btc(coin.amountSat),
        scriptPubKey: { hex: hex(coin.script) },
        coinbase: coin.coinbase,
      };
    },
  },
  getrawtransaction: {
    takes: ['txid', 'verbose', 'blockhash'],
    run(chain, [txid, verbose]) {
      if (readLevel('verbose', verbose, 0) > 0)
        throw new RpcRefusal(RPC_CODE.invalidParameter, 'the practice chain knows verbose=false only');
      const raw = chain.transaction(readHash('txid', txid));
      if (raw !== undefined) return hex(raw);
      throw new RpcRefusal(RPC_CODE.notFound, 'No such mempool or blockchain transaction');
    },
  },
};

function describeWaiting(chain: Chain, { transaction, feeSat, sinceSeconds, sinceHeight }: Waiting) {
  const { txid, inputs, outputs, witnessHash, weight } = transaction;
  const parents = inputs.map(({ spends }) => splitOutpoint(spends)[0]);
  const children = outputs.map((_, index) => chain.coin(`${txid}:${index}`)?.spentBy ?? null);
  return {
    vsize: virtualSize(weight),
    weight,
    time: sinceSeconds,
    height: sinceHeight,
    wtxid: reversedHex(witnessHash),
    fees: { base: btc(feeSat), modified: btc(feeSat) },
    depends: [...new Set(parents)].filter((parent) => chain.waitingOf(parent) !== undefined),
    spentby: [...new Set(children)].filter((child) => child !== null),
    'bip125-replaceable': true,
    unbroadcast: false,
  };
}

function findWaiting(chain: Chain, txid: string): Waiting {
  const waiting = chain.waitingOf(txid);
  if (waiting !== undefined) return waiting;
  throw new RpcRefusal(RPC_CODE.notFound, 'Transaction not in mempool');
}

/** Submitting what is confirmed is harmless, but Core says so, and clients look for it. */
function refuseConfirmed(chain: Chain, { txid, outputs }: ChainTransaction): void {
  if (chain.heightOf(txid) === undefined) return;
  const unspent = outputs.some((_, index) => chain.coin(`${txid}:${index}`) !== undefined);
  throw unspent
    ? new RpcRefusal(RPC_CODE.alreadyConfirmed, 'Transaction outputs already in utxo set')
    : new RpcRefusal(RPC_CODE.transaction, 'bad-txns-inputs-missingorspent');
}

function submit(chain: Chain, raw: Uint8Array): string {
  const submission = chain.submit(raw);
  if (submission.kind === 'accepted') {
    refuseConfirmed(chain, readTransaction(raw));
    return submission.txid;
  }
  const { reason } = submission;
  if (reason === 'decode-failed')
    throw new RpcRefusal(
      RPC_CODE.deserialization,
      'TX decode failed. Make sure the tx has at least one input.',
    );
  const missing = reason === 'bad-txns-inputs-missingorspent';
  throw new RpcRefusal(missing ? RPC_CODE.transaction : RPC_CODE.rejected, reason);
}

const MEMPOOL: Readonly<Record<string, RpcMethod>> = {
  getrawmempool: {
    takes: ['verbose', 'mempool_sequence'],
    run(chain, [verbose]) {
      const ids = chain.waitingIds();
      if (!readFlag('verbose', verbose, false)) return ids;
      return Object.fromEntries(ids.map((txid) => [txid, describeWaiting(chain, findWaiting(chain, txid))]));
    },
  },
  getmempoolentry: {
    takes: ['txid'],
    run: (chain, [txid]) => describeWaiting(chain, findWaiting(chain, readHash('txid', txid))),
  },
  getmempoolinfo: {
    takes: [],
    run: (chain) => ({
      loaded: true,
      size: chain.waiting,
      mempoolminfee: btc(RELAY_FEE_SAT_PER_KVB),
      minrelaytxfee: btc(RELAY_FEE_SAT_PER_KVB),
      incrementalrelayfee: btc(RELAY_FEE_SAT_PER_KVB),
      unbroadcastcount: 0,
      fullrbf: true,
    }),
  },
  estimatesmartfee: {
    takes: ['conf_target', 'estimate_mode'],
    run: (_, [target]) => ({ feerate: btc(ESTIMATE_SAT_PER_KVB), blocks: readCount('conf_target', target) }),
  },
  sendrawtransaction: {
    takes: ['hexstring', 'maxfeerate', 'maxburnamount'],
    run(chain, [hexstring]) {
      return submit(chain, readBytes('hexstring', hexstring));
    },
  },
};

export const RPC_METHODS: ReadonlyMap<string, RpcMethod> = new Map(
  Object.entries({ ...BLOCKS, ...COINS, ...MEMPOOL }),
);
