/**
 * The practice world: a chain, the business's own nodes in one worker, and the world outside in another.
 * Real Lightning nodes and worthless coins; everything is built anew at every start.
 */
import { createHash } from 'node:crypto';
import { Address, OutScript } from '@scure/btc-signer';
import { type NodeId, nodeId } from '../lightning/ids.ts';
import { fromSat } from '../money/msat.ts';
import { type LdkHost, type LdkNodeOptions, linkNodes, startLdkHost } from '../nodes/ldk/host.ts';
import type { LightningNode } from '../nodes/node.ts';
import { type Block, type Chain, createChain } from './chain.ts';
import {
  ALIASES,
  CHANNELS,
  OPENING_SAT,
  PEOPLE,
  type Person,
  type PlannedChannel,
  REGIONS,
  type Region,
  SPARE_SAT,
} from './world_plan.ts';

export type { Person, Region } from './world_plan.ts';

/** The steps of a start, in their order. */
export type Phase = 'chain' | 'nodes' | 'wallets' | 'channels' | 'gossip';
export interface Progress {
  readonly phase: Phase;
  readonly state: 'running' | 'done';
  /** For people. */
  readonly detail: string;
  /** Since the phase began. */
  readonly elapsedMs: number;
}

export interface WorldOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** 32 bytes hex from which all keys follow. Default: the same keys at every start. */
  readonly seedHex?: string;
  /** ms; a payee gives an incomplete set of parts up within two to three of them. Default 5,000. */
  readonly tickMs?: number;
  /** Mines what waits in the mempool, and a block now and then. Default true. */
  readonly mining?: boolean;
  /** Seconds since 1970, for the times of blocks. Default: the wall clock. */
  readonly nowSeconds?: () => number;
}

export interface OwnNode {
  readonly id: NodeId;
  readonly region: Region;
  readonly driver: 'ldk';
  readonly node: LightningNode;
}

export interface World {
  readonly nodes: readonly OwnNode[];
  readonly people: ReadonlyMap<Person, LightningNode>;
  /** Blocks of the chain. */
  height(): number;
  /** Resolves once every node knows the new blocks. */
  mine(blocks: number): Promise<void>;
  /** Pays an on-chain address from the faucet, in a block of its own. @returns the txid */
  fund(address: string, amountSat: bigint): Promise<string>;
  /** While someone holds, complete payments to them stay unclaimed. */
  hold(who: Region | Person, on: boolean): Promise<void>;
  /** Ends with the error that a worker died of, or with null after `stop`. */
  readonly ended: Promise<Error | null>;
  stop(): Promise<void>;
}

type Name = Region | Person;

/** A coinbase matures after 100 blocks: the first ten are enough for everybody. */
const FIRST_BLOCKS = 110;
/** Source: BOLT 7: channels are announced at six confirmations. */
const ANNOUNCED_BLOCKS = 6;
const POLL_MS = 15;
const HURRY_MS = 100;
const PATIENCE_MS = 30_000;
const DEFAULT_SEED = '41'.repeat(32);
const REGTEST = { bech32: 'bcrt', pubKeyHash: 0x6f, scriptHash: 0xc4, wif: 0xef };

interface Hosts {
  readonly own: LdkHost;
  readonly outside: LdkHost;
}
interface Place {
  readonly host: LdkHost;
  readonly name: Name;
}
const isOwn = (name: Name): name is Region => (REGIONS as readonly Name[]).includes(name);
const placeOf = (hosts: Hosts, name: Name): Place => ({
  host: isOwn(name) ? hosts.own : hosts.outside,
  name,
});
const nodeOf = (hosts: Hosts, name: Name): LightningNode => placeOf(hosts, name).host.node(name);
const EVERYBODY: readonly Name[] = [...REGIONS, ...PEOPLE];

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const phase = createPhases(options.onProgress ?? (() => {}));
  const chain = await phase('chain', `${FIRST_BLOCKS} blocks`, async () => buildChain(options));
  const hosts = await phase('nodes', EVERYBODY.join(', '), () => startHosts(chain, options));
  try {
    const feeder = createFeeder(chain, hosts);
    await phase('wallets', 'coins from the faucet', () => fundWallets(chain, hosts, feeder));
    await phase('channels', `${CHANNELS.length} channels`, () => openChannels(chain, hosts, feeder));
    await phase('gossip', 'everybody learns of everybody', () => awaitGossip(hosts));
    return createWorld(chain, hosts, feeder, options.mining ?? true);
  } catch (error) {
    await stopHosts(hosts);
    throw error;
  }
}

function createPhases(report: (progress: Progress) => void) {
  return async <T>(phase: Phase, detail: string, run: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    report({ phase, state: 'running', detail, elapsedMs: 0 });
    const result = await run();
    report({ phase, state: 'done', detail, elapsedMs: performance.now() - began });
    return result;
  };
}

function buildChain({ nowSeconds }: WorldOptions): Chain {
  const chain = createChain(nowSeconds);
  for (let block = 0; block < FIRST_BLOCKS; block++) chain.mine();
  return chain;
}

async function startHosts(chain: Chain, { seedHex = DEFAULT_SEED, tickMs }: WorldOptions): Promise<Hosts> {
  const options = (name: Name): LdkNodeOptions => ({
    name,
    alias: ALIASES[name],
    seedHex: createHash('sha256').update(`${seedHex}/${name}`).digest('hex'),
  });
  const start = (names: readonly Name[]): Promise<LdkHost> =>
    startLdkHost({
      network: 'regtest',
      nodes: names.map(options),
      startingPoint: { height: chain.height, hash: chain.tip.hash },
      // Nodes broadcast again what is known, and claims that are late: what the chain refuses is of no use.
      broadcast: (transaction) => void chain.submit(transaction),
      ...(tickMs === undefined ? {} : { tickMs }),
    });
  const [own, outside] = await Promise.all([start(REGIONS), start(PEOPLE)]);
  const hosts = { own, outside };
  for (const { from, to } of CHANNELS) linkNodes(placeOf(hosts, from), placeOf(hosts, to));
  return hosts;
}

interface Feeder {
  /** Mines, and resolves once every node knows the blocks. */
  mine(blocks: number): Promise<void>;
}

function createFeeder(chain: Chain, hosts: Hosts): Feeder {
  const feed = (block: Block): void => {
    const fed = {
      height: block.height,
      header: block.header,
      transactions: block.transactions.map((transaction) => transaction.raw),
    };
    hosts.own.connectBlock(fed);
    hosts.outside.connectBlock(fed);
  };
  chain.onBlock(feed);
  return {
    async mine(blocks) {
      for (let block = 0; block < blocks; block++) chain.mine();
      // A worker takes messages in order: an answer proves that it has the blocks.
      await Promise.all([nodeOf(hosts, 'us').info(), nodeOf(hosts, 'hub').info()]);
    },
  };
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new Error(`the practice world waited ${PATIENCE_MS} ms in vain: ${what}; start it again`);
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}

const scriptOf = (address: string): Uint8Array => OutScript.encode(Address(REGTEST).decode(address));

/** One coin for each channel to open, so that none waits for another's change. */
async function fundWallets(chain: Chain, hosts: Hosts, feeder: Feeder): Promise<void> {
  const fund = async (name: Name, amountSat: number): Promise<void> => {
    const address = await nodeOf(hosts, name).address();
    chain.fund(scriptOf(address), BigInt(amountSat));
  };
  await Promise.all([
    ...EVERYBODY.map((name) => fund(name, SPARE_SAT)),
    ...CHANNELS.map(({ from, capacitySat }) => fund(from, capacitySat + OPENING_SAT)),
  ]);
  await feeder.mine(1);
}

async function openChannel(hosts: Hosts, plan: PlannedChannel): Promise<void> {
  const [from, to] = [placeOf(hosts, plan.from), placeOf(hosts, plan.to)];
  const opener = from.host.node(from.name);
  const peer = to.host.pubkey(to.name);
  await opener.connect(peer, '');
  const order = {
    peer,
    capacityMsat: fromSat(BigInt(plan.capacitySat)),
    pushMsat: fromSat(BigInt(plan.pushSat)),
    private: false,
  };
  const channel = await opener.facets.open?.open(order);
  if (channel === undefined) throw new Error(`${from.name} cannot open channels`);
  await Promise.all([
    from.host.setForwardingFee(from.name, channel, plan.fromFee),
    to.host.setForwardingFee(to.name, channel, plan.toFee),
  ]);
}

const channelsOf = (name: Name): number =>
  CHANNELS.filter(({ from, to }) => from === name || to === name).length;

async function openChannels(chain: Chain, hosts: Hosts, feeder: Feeder): Promise<void> {
  await Promise.all(CHANNELS.map((plan) => openChannel(hosts, plan)));
  await until('funding transactions', () => chain.waiting === CHANNELS.length);
  await feeder.mine(ANNOUNCED_BLOCKS);
  const usable = async (name: Name): Promise<boolean> => {
    const channels = await nodeOf(hosts, name).channels();
    return channels.filter((channel) => channel.active).length === channelsOf(name);
  };
  await until('usable channels', async () => (await Promise.all(EVERYBODY.map(usable))).every(Boolean));
}

type Knowledge = Awaited<ReturnType<LdkHost['knowledge']>>;

async function awaitGossip({ own, outside }: Hosts): Promise<void> {
  const everywhere = async (what: string, holds: (knowledge: Knowledge) => boolean): Promise<void> => {
    const hurry = setInterval(() => {
      own.hurryGossip();
      outside.hurryGossip();
    }, HURRY_MS);
    try {
      await until(what, async () => holds(await own.knowledge()) && holds(await outside.knowledge()));
    } finally {
      clearInterval(hurry);
    }
  };
  const all = CHANNELS.length;
  await everywhere(
    'gossip of channels',
    ({ channels, policies }) => channels === all && policies === 2 * all,
  );
  await Promise.all([own.announce(), outside.announce()]);
  await everywhere('gossip of nodes', ({ nodes }) => nodes === EVERYBODY.length);
}

const stopHosts = async ({ own, outside }: Hosts): Promise<void> => {
  await Promise.all([own.stop(), outside.stop()]);
};

function createWorld(chain: Chain, hosts: Hosts, feeder: Feeder, mining: boolean): World {
  const stopMining = mining ? startMining(chain, feeder) : () => {};
  const ended = Promise.race([hosts.own.ended, hosts.outside.ended]);
  return {
    nodes: REGIONS.map((region) => ({
      id: nodeId(region),
      region,
      driver: 'ldk',
      node: hosts.own.node(region),
    })),
    people: new Map(PEOPLE.map((person) => [person, hosts.outside.node(person)])),
    height: () => chain.height,
    mine: feeder.mine,
    async fund(address, amountSat) {
      const txid = chain.fund(scriptOf(address), amountSat);
      await feeder.mine(1);
      return txid;
    },
    async hold(who, on) {
      await placeOf(hosts, who).host.hold(who, on);
    },
    ended,
    async stop() {
      stopMining();
      await stopHosts(hosts);
    },
  };
}

const MINING_MS = 250;
/** Invoices carry the time of the newest block: it must not be old. */
const QUIET_MS = 20_000;

/** Whatever waits gets a block soon, and five more after it, so that a new channel is announced. */
function startMining(chain: Chain, feeder: Feeder): () => void {
  let more = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    if (chain.waiting > 0) more = ANNOUNCED_BLOCKS;
    if (more === 0 && performance.now() - last < QUIET_MS) return;
    more = Math.max(0, more - 1);
    last = performance.now();
    // Rejects when a worker has died; `ended` tells of it.
    feeder.mine(1).catch(() => {});
  }, MINING_MS);
  return () => clearInterval(timer);
}
