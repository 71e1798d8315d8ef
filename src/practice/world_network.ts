/**
 * A network of real Lightning nodes on a practice chain: groups of nodes, each in a worker of its own, and the
 * channels between them. In a home it comes back at the next start as it was; without one it begins anew.
 */
import { createHash } from 'node:crypto';
import type { NodePubkey } from '../lightning/ids.ts';
import { type Fault, type Knowledge, type LdkHost, linkNodes, startLdkHost } from '../nodes/ldk/host.ts';
import type { LightningNode } from '../nodes/node.ts';
import { type Block, type Chain, openChain } from './chain.ts';
import { scriptOf } from './chain_address.ts';
import { linksOf, type NetworkPlan } from './network_plan.ts';
import {
  ANNOUNCED_BLOCKS,
  awaitPeers,
  type Building,
  fundWallets,
  openChannels,
  spreadGossip,
} from './world_building.ts';

/** The steps of a start, in their order. */
export type Phase = 'chain' | 'nodes' | 'wallets' | 'channels' | 'gossip' | 'peers';
export interface Progress {
  readonly phase: Phase;
  readonly state: 'running' | 'done';
  /** For people. */
  readonly detail: string;
  /** Since the phase began. */
  readonly elapsedMs: number;
}

/** Where a network lives between starts. */
export interface Home {
  /** It is complete, and comes back; false: it has to be built. */
  readonly built: boolean;
  /** The path of a file of that name. */
  file(name: string): string;
  /** The network is complete, and comes back from now on. */
  keep(): void;
}

export interface NetworkOptions {
  /** Default: none; everything is in memory, and begins anew. */
  readonly home?: Home;
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

export interface Network<Name extends string> {
  node(name: Name): LightningNode;
  readonly chain: Chain;
  /** Blocks of the chain. */
  height(): number;
  pubkey(name: Name): NodePubkey;
  /** Lets peers from outside in over TCP, and tells the network where. @param port 0: any that is free @returns the port */
  listen(name: Name, host: string, port: number): Promise<number>;
  /** Resolves once every node knows the new blocks. */
  mine(blocks: number): Promise<void>;
  /** Links two nodes as peers; idempotent. */
  befriend(one: Name, other: Name): Promise<void>;
  /** Pays an on-chain address from the faucet, in a block of its own. @returns the txid */
  fund(address: string, amountSat: bigint): Promise<string>;
  /** What the graph of each group knows. */
  knowledge(): Promise<readonly Knowledge[]>;
  /** While a node holds, complete payments to it stay unclaimed; the end of it claims them. */
  hold(name: Name, on: boolean): Promise<void>;
  /** Breaks a node, or makes it well again with null: then its links come back within a second. */
  setFault(name: Name, fault: Fault | null): Promise<void>;
  /** Ends with the error that a worker died of, or with null after `stop`. Never rejects. */
  readonly ended: Promise<Error | null>;
  stop(): Promise<void>;
}

/** A coinbase matures after 100 blocks: the first ten are enough for everybody. */
const FIRST_BLOCKS = 110;
const BLOCK_SECONDS = 60;
const DEFAULT_SEED = '41'.repeat(32);

export async function startNetwork<Name extends string>(
  plan: NetworkPlan<Name>,
  options: NetworkOptions = {},
): Promise<Network<Name>> {
  const phase = createPhases(options.onProgress ?? (() => {}));
  const { home } = options;
  const names = plan.groups.flat();
  const chain = await phase('chain', home?.built ? 'as it was' : `${FIRST_BLOCKS} blocks`, async () =>
    openFirstBlocks(options),
  );
  const hosts: LdkHost[] = [];
  try {
    hosts.push(
      ...(await phase('nodes', `${names.length} Lightning nodes`, () => startHosts(plan, chain, options))),
    );
    const building = createBuilding(plan, chain, hosts);
    for (const [from, to] of linksOf(plan)) await building.befriend(from, to);
    if (home?.built) {
      await befriendChannels(building);
      await phase('peers', 'everybody finds everybody again', () => awaitPeers(building));
    } else {
      await phase('wallets', 'coins from the faucet', () => fundWallets(building));
      await phase('channels', `${plan.channels.length} channels`, () => openChannels(building));
      await phase('gossip', 'everybody learns of everybody', () => spreadGossip(building));
      home?.keep();
    }
    return createNetwork(building, options.mining ?? true);
  } catch (error) {
    await stopAll(hosts);
    chain.close();
    throw error;
  }
}

const stopAll = async (hosts: readonly LdkHost[]): Promise<void> => {
  await Promise.all(hosts.map((host) => host.stop()));
};

function createPhases(report: (progress: Progress) => void) {
  return async <T>(phase: Phase, detail: string, run: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    report({ phase, state: 'running', detail, elapsedMs: 0 });
    const result = await run();
    report({ phase, state: 'done', detail, elapsedMs: performance.now() - began });
    return result;
  };
}

/**
 * The first blocks lie in the past: each must be later than the median of those before it, so that many blocks in
 * one second would run ahead of the clock, and invoices with them.
 */
function openFirstBlocks({ home, nowSeconds = wallClock }: NetworkOptions): Chain {
  const file = home?.file('chain.db') ?? null;
  let missing = 0;
  const chain = openChain({ file, nowSeconds: () => nowSeconds() - missing * BLOCK_SECONDS });
  for (missing = FIRST_BLOCKS - chain.height; missing > 0; missing--) chain.mine();
  missing = 0;
  return chain;
}

const wallClock = (): number => Math.floor(Date.now() / 1000);

/** All workers start at once; if one does not come up, none stays. */
async function startHosts<Name extends string>(
  plan: NetworkPlan<Name>,
  chain: Chain,
  { home, seedHex = DEFAULT_SEED, tickMs }: NetworkOptions,
): Promise<LdkHost[]> {
  const start = (group: readonly Name[], at: number): Promise<LdkHost> =>
    startLdkHost({
      network: 'regtest',
      nodes: group.map((name) => ({
        name,
        alias: plan.aliases[name],
        seedHex: createHash('sha256').update(`${seedHex}/${name}`).digest('hex'),
      })),
      startingPoint: { height: chain.height, hash: chain.tip.hash },
      blocksFrom: (height) => chain.blocksAfter(height - 1, chain.height).map(toFed),
      ...(home === undefined ? {} : { file: home.file(`nodes-${at}.db`) }),
      // Nodes broadcast again what is known, and claims that come late: what the chain refuses is of no use.
      broadcast: (transaction) => void chain.submit(transaction),
      ...(tickMs === undefined ? {} : { tickMs }),
    });
  const started = await Promise.allSettled(plan.groups.map(start));
  const hosts = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = started.find((result) => result.status === 'rejected');
  if (failed === undefined) return hosts;
  await stopAll(hosts);
  throw new Error('the practice nodes did not come up', { cause: failed.reason });
}

function createBuilding<Name extends string>(
  plan: NetworkPlan<Name>,
  chain: Chain,
  hosts: readonly LdkHost[],
): Building<Name> {
  const hostOf = new Map<Name, LdkHost>();
  for (const [at, host] of hosts.entries()) for (const name of plan.groups[at] ?? []) hostOf.set(name, host);
  chain.onBlock((block) => {
    for (const host of hosts) host.connectBlock(toFed(block));
  });
  const place = (name: Name) => {
    const host = hostOf.get(name);
    if (host === undefined) throw new Error(`nobody is called ${name} in this network`);
    return { host, name };
  };
  const node = (name: Name): LightningNode => place(name).host.node(name);
  const friends = new Set<string>();
  return {
    plan,
    names: plan.groups.flat(),
    chain,
    hosts,
    place,
    node,
    async befriend(one, other) {
      const pair = [one, other].sort().join(' ');
      if (!friends.has(pair)) linkNodes(place(one), place(other));
      friends.add(pair);
    },
    async mine(blocks) {
      for (let block = 0; block < blocks; block++) chain.mine();
      // A worker takes messages in order: an answer proves that it has the blocks.
      await Promise.all(hosts.map((host) => host.knowledge()));
    },
  };
}

/** Channels that have come since the world was planned need their peers, too. */
async function befriendChannels<Name extends string>({ names, node, place, befriend }: Building<Name>) {
  const byPubkey = new Map(names.map((name) => [place(name).host.pubkey(name), name]));
  for (const name of names)
    for (const { peer } of await node(name).channels()) {
      const other = byPubkey.get(peer);
      if (other !== undefined) await befriend(name, other);
    }
}

const toFed = ({ height, header, transactions }: Block) => ({
  height,
  header,
  transactions: transactions.map((transaction) => transaction.raw),
});

function createNetwork<Name extends string>(building: Building<Name>, mining: boolean): Network<Name> {
  const { chain, hosts, mine, node, place } = building;
  const stopMining = mining ? startMining(chain, mine) : () => {};
  return {
    node,
    chain,
    height: () => chain.height,
    pubkey: (name) => place(name).host.pubkey(name),
    listen: (name, host, port) => place(name).host.listen(name, host, port),
    mine,
    befriend: building.befriend,
    async fund(address, amountSat) {
      const txid = chain.fund(scriptOf(address), amountSat);
      await mine(1);
      return txid;
    },
    knowledge: () => Promise.all(hosts.map((host) => host.knowledge())),
    hold: (name, on) => place(name).host.hold(name, on),
    setFault: (name, fault) => place(name).host.setFault(name, fault),
    ended: Promise.race(hosts.map((host) => host.ended)),
    async stop() {
      stopMining();
      await stopAll(hosts);
      chain.close();
    },
  };
}

const MINING_MS = 250;
/** Invoices carry the time of the newest block: it must not be old. */
const QUIET_MS = 20_000;

/** Whatever waits gets a block soon, and enough after it that a new channel is announced. */
function startMining(chain: Chain, mine: (blocks: number) => Promise<void>): () => void {
  let more = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    if (chain.waiting > 0) more = ANNOUNCED_BLOCKS;
    if (more === 0 && performance.now() - last < QUIET_MS) return;
    more = Math.max(0, more - 1);
    last = performance.now();
    // Rejects when a worker has died; `ended` tells of it.
    mine(1).catch(() => {});
  }, MINING_MS);
  return () => clearInterval(timer);
}
