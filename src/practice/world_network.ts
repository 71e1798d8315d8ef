/**
 * A network of real Lightning nodes on a practice chain: groups of nodes, each in a worker of its own, and the
 * channels between them. Everything is built anew at every start.
 */
import { createHash } from 'node:crypto';
import { Address, OutScript } from '@scure/btc-signer';
import { fromSat } from '../money/msat.ts';
import type { LdkDriver } from '../nodes/ldk/driver.ts';
import {
  type Fault,
  type ForwardingFee,
  type Knowledge,
  type LdkHost,
  linkNodes,
  startLdkHost,
} from '../nodes/ldk/host.ts';
import { type Block, type Chain, createChain } from './chain.ts';

export type Fee = ForwardingFee;

export interface PlannedChannel<Name extends string> {
  readonly from: Name;
  readonly to: Name;
  readonly capacitySat: number;
  /** What the other side has at the start. */
  readonly pushSat: number;
  readonly fromFee: Fee;
  readonly toFee: Fee;
  /** Not announced: others learn of it from the hints of invoices. Default false. */
  readonly private?: boolean;
}

export interface NetworkPlan<Name extends string> {
  /** One worker a group; the nodes of a group share one graph. */
  readonly groups: readonly (readonly Name[])[];
  readonly aliases: Readonly<Record<Name, string>>;
  readonly channels: readonly PlannedChannel<Name>[];
  /** Coins that every wallet keeps besides its channels, in sat. */
  readonly spareSat: number;
}

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

export interface NetworkOptions {
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
  node(name: Name): LdkDriver;
  /** Blocks of the chain. */
  height(): number;
  /** Resolves once every node knows the new blocks. */
  mine(blocks: number): Promise<void>;
  /** Pays an on-chain address from the faucet, in a block of its own. @returns the txid */
  fund(address: string, amountSat: bigint): Promise<string>;
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
/** Channels are announced at six confirmations (BOLT 7), and LDK leaves them out of route hints at seven. */
const ANNOUNCED_BLOCKS = 7;
/** What opening a channel costs at most. */
const OPENING_SAT = 10_000;
const POLL_MS = 15;
const PATIENCE_MS = 30_000;
const DEFAULT_SEED = '41'.repeat(32);
const REGTEST = { bech32: 'bcrt', pubKeyHash: 0x6f, scriptHash: 0xc4, wif: 0xef };

/** What every step of a start works on. */
interface Building<Name extends string> {
  readonly plan: NetworkPlan<Name>;
  readonly names: readonly Name[];
  readonly chain: Chain;
  readonly hosts: readonly LdkHost[];
  /** Mines, and resolves once every node knows the blocks. */
  mine(blocks: number): Promise<void>;
  place(name: Name): { readonly host: LdkHost; readonly name: Name };
  node(name: Name): LdkDriver;
}

export async function startNetwork<Name extends string>(
  plan: NetworkPlan<Name>,
  options: NetworkOptions = {},
): Promise<Network<Name>> {
  const phase = createPhases(options.onProgress ?? (() => {}));
  const names = plan.groups.flat();
  const chain = await phase('chain', `${FIRST_BLOCKS} blocks`, async () => buildChain(options));
  const hosts = await phase('nodes', `${names.length} Lightning nodes`, () =>
    startHosts(plan, chain, options),
  );
  try {
    const building = createBuilding(plan, chain, hosts);
    for (const [from, to] of linksOf(plan)) linkNodes(building.place(from), building.place(to));
    await phase('wallets', 'coins from the faucet', () => fundWallets(building));
    await phase('channels', `${plan.channels.length} channels`, () => openChannels(building));
    await phase('gossip', 'everybody learns of everybody', () => spreadGossip(building));
    return createNetwork(building, options.mining ?? true);
  } catch (error) {
    await stopAll(hosts);
    throw error;
  }
}

const announcedOf = <Name extends string>({ channels }: NetworkPlan<Name>): PlannedChannel<Name>[] =>
  channels.filter((channel) => channel.private !== true);

/** Who has a channel that everybody knows of. The others are wallets: they announce nothing. */
function publicNames<Name extends string>(plan: NetworkPlan<Name>): ReadonlySet<Name> {
  return new Set(announcedOf(plan).flatMap(({ from, to }) => [from, to]));
}

/**
 * Peers: the two ends of each channel; and who has no peer in another group gets one there. Nodes of a group share
 * a graph, so none of them passes on what another has heard: each has to tell the other groups itself. Wallets have
 * nothing to tell.
 */
export function linksOf<Name extends string>(plan: NetworkPlan<Name>): [Name, Name][] {
  const { groups, channels } = plan;
  const known = publicNames(plan);
  const links = channels.map(({ from, to }): [Name, Name] => [from, to]);
  for (const group of groups)
    for (const other of groups)
      for (const name of group.filter((each) => known.has(each))) {
        const [first] = other;
        if (other === group || first === undefined || hasPeerIn(links, name, other)) continue;
        links.push([name, first]);
      }
  return links;
}

function hasPeerIn<Name>(links: readonly [Name, Name][], name: Name, group: readonly Name[]): boolean {
  return links.some(
    ([one, other]) => (one === name && group.includes(other)) || (other === name && group.includes(one)),
  );
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
function buildChain({ nowSeconds = () => Math.floor(Date.now() / 1000) }: NetworkOptions): Chain {
  let missing = FIRST_BLOCKS;
  const chain = createChain(() => nowSeconds() - missing * BLOCK_SECONDS);
  while (missing > 0) {
    chain.mine();
    missing--;
  }
  return chain;
}

/** All workers start at once; if one does not come up, none stays. */
async function startHosts<Name extends string>(
  plan: NetworkPlan<Name>,
  chain: Chain,
  { seedHex = DEFAULT_SEED, tickMs }: NetworkOptions,
): Promise<LdkHost[]> {
  const start = (group: readonly Name[]): Promise<LdkHost> =>
    startLdkHost({
      network: 'regtest',
      nodes: group.map((name) => ({
        name,
        alias: plan.aliases[name],
        seedHex: createHash('sha256').update(`${seedHex}/${name}`).digest('hex'),
      })),
      startingPoint: { height: chain.height, hash: chain.tip.hash },
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
  const node = (name: Name): LdkDriver => place(name).host.node(name);
  return {
    plan,
    names: plan.groups.flat(),
    chain,
    hosts,
    place,
    node,
    async mine(blocks) {
      for (let block = 0; block < blocks; block++) chain.mine();
      // A worker takes messages in order: an answer proves that it has the blocks.
      await Promise.all(hosts.map((host) => host.knowledge()));
    },
  };
}

const toFed = ({ height, header, transactions }: Block) => ({
  height,
  header,
  transactions: transactions.map((transaction) => transaction.raw),
});

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
async function fundWallets<Name extends string>({
  plan,
  names,
  chain,
  node,
  mine,
}: Building<Name>): Promise<void> {
  const fund = async (name: Name): Promise<void> => {
    const script = scriptOf(await node(name).address());
    const own = plan.channels.filter(({ from }) => from === name);
    const amounts = [plan.spareSat, ...own.map(({ capacitySat }) => capacitySat + OPENING_SAT)];
    for (const amountSat of amounts) chain.fund(script, BigInt(amountSat));
  };
  await Promise.all(names.map(fund));
  await mine(1);
}

async function openChannel<Name extends string>(
  { place }: Building<Name>,
  planned: PlannedChannel<Name>,
): Promise<void> {
  const [from, to] = [place(planned.from), place(planned.to)];
  const opener = from.host.node(from.name);
  const peer = to.host.pubkey(to.name);
  await opener.connect(peer, '');
  const order = {
    peer,
    capacityMsat: fromSat(BigInt(planned.capacitySat)),
    pushMsat: fromSat(BigInt(planned.pushSat)),
    private: planned.private === true,
  };
  const channel = await opener.facets.open?.open(order);
  if (channel === undefined) throw new Error(`${from.name} cannot open channels`);
  await Promise.all([
    from.host.setForwardingFee(from.name, channel, planned.fromFee),
    to.host.setForwardingFee(to.name, channel, planned.toFee),
  ]);
}

async function openChannels<Name extends string>(building: Building<Name>): Promise<void> {
  const { plan, names, chain, node, mine } = building;
  await Promise.all(plan.channels.map((planned) => openChannel(building, planned)));
  await until('funding transactions', () => chain.waiting === plan.channels.length);
  await mine(ANNOUNCED_BLOCKS);
  const usable = async (name: Name): Promise<boolean> => {
    const planned = plan.channels.filter(({ from, to }) => from === name || to === name);
    const channels = await node(name).channels();
    return channels.filter((channel) => channel.active).length === planned.length;
  };
  await until('usable channels', async () => (await Promise.all(names.map(usable))).every(Boolean));
}

async function spreadGossip<Name extends string>({ plan, hosts, place }: Building<Name>): Promise<void> {
  const everywhere = (what: string, holds: (knowledge: Knowledge) => boolean): Promise<void> =>
    until(what, async () => (await Promise.all(hosts.map((host) => host.knowledge()))).every(holds));
  const all = announcedOf(plan).length;
  const known = [...publicNames(plan)];
  await everywhere(
    'gossip of channels',
    ({ channels, policies }) => channels === all && policies === 2 * all,
  );
  await Promise.all(known.map((name) => place(name).host.announce(name)));
  await everywhere('gossip of nodes', ({ nodes }) => nodes === known.length);
}

function createNetwork<Name extends string>(building: Building<Name>, mining: boolean): Network<Name> {
  const { chain, hosts, mine, node, place } = building;
  const stopMining = mining ? startMining(chain, mine) : () => {};
  return {
    node,
    height: () => chain.height,
    mine,
    async fund(address, amountSat) {
      const txid = chain.fund(scriptOf(address), amountSat);
      await mine(1);
      return txid;
    },
    hold: (name, on) => place(name).host.hold(name, on),
    setFault: (name, fault) => place(name).host.setFault(name, fault),
    ended: Promise.race(hosts.map((host) => host.ended)),
    async stop() {
      stopMining();
      await stopAll(hosts);
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
