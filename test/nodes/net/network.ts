/** A network of real daemons, each with a folder, ports and processes of its own; several stand side by side. */
import { BITCOIND_FIRST_BLOCKS, startBitcoind } from './bitcoind.ts';
import { BTCD_FIRST_BLOCKS, startBtcd } from './btcd.ts';
import type { Chain } from './chain.ts';
import { makeNetFolder, type NetFolder } from './folder.ts';
import { type Lnd, type LndOptions, startLnd } from './lnd.ts';
import {
  activeChannels,
  confirmedSat,
  connect,
  isSynced,
  knownChannels,
  newAddress,
  openChannels,
  type PlannedChannel,
} from './lnd_verbs.ts';
import { until } from './until.ts';

export interface PlannedNode extends Omit<LndOptions, 'chain'> {
  /** Coins of its wallet besides what its channels take: one output each, confirmed. */
  readonly coinsSat?: readonly number[];
  /** A chain daemon of its own, named `NAME-chain`, that follows the network's. Default: the network's. */
  readonly ownChain?: Chain['kind'];
}

export interface NetPlan<Name extends string> {
  /** Default btcd. */
  readonly chain?: Chain['kind'];
  readonly nodes: Readonly<Record<Name, PlannedNode>>;
  readonly channels: readonly PlannedChannel<Name>[];
}

export interface Network<Name extends string = string> {
  /** Removed with everything in it by `stop`, and when this process dies. */
  readonly folder: string;
  readonly chain: Chain;
  /** In the order of the plan, then those that joined. */
  readonly nodes: readonly Lnd[];
  /** @throws for a name that nobody has */
  node(name: Name): Lnd;
  /** Resolves when every node that runs has seen the blocks, save those whose chain is paused or left alone. */
  mine(blocks?: number): Promise<void>;
  /** Pays each of these outputs, in sat, and mines one block; resolves when the wallet counts them. */
  fund(node: Lnd, coinsSat: readonly number[]): Promise<void>;
  /** Opens, mines six blocks; resolves when the channels are active and every node that runs and has a channel knows the announced ones. */
  open(channels: readonly PlannedChannel[]): Promise<void>;
  /** A daemon more, with a chain that is empty until it follows another. */
  startChain(kind: Chain['kind'], name: string): Promise<Chain>;
  /** A node more, without coins, peers or channels. Default chain: the network's. */
  join(name: string, options?: Partial<LndOptions>): Promise<Lnd>;
  stop(): Promise<void>;
}

/** Announced from this depth on. */
const ANNOUNCING_BLOCKS = 6;
/** Of each wallet that opens channels: fees, and LND's reserve for anchors. */
const OPENING_SAT = 200_000;

const START = { btcd: startBtcd, bitcoind: startBitcoind };
const FIRST_BLOCKS = { btcd: BTCD_FIRST_BLOCKS, bitcoind: BITCOIND_FIRST_BLOCKS };

/**
 * Up with all channels active and all graphs complete.
 * @throws where a daemon is missing or ends; nothing of the network is left then
 */
export async function startNetwork<Name extends string>(plan: NetPlan<Name>): Promise<Network<Name>> {
  const folder = makeNetFolder();
  try {
    const kind = plan.chain ?? 'btcd';
    const chain = await START[kind](folder, kind);
    await chain.mine(FIRST_BLOCKS[kind]);
    const network = networkOn(folder, chain, Object.keys(plan.nodes));
    const planned = Object.entries<PlannedNode>(plan.nodes);
    await Promise.all(
      planned.map(async ([name, { coinsSat: _, ownChain, ...options }]) => {
        const own = ownChain && (await network.startChain(ownChain, `${name}-chain`));
        await own?.follow(chain);
        await network.join(name, { ...options, chain: own ?? chain });
      }),
    );
    await fundAll(network, plan);
    await network.open(plan.channels);
    return network;
  } catch (error) {
    await folder.clear();
    throw error;
  }
}

function networkOn(folder: NetFolder, chain: Chain, order: readonly string[]): Network {
  const byName = new Map<string, Lnd | null>(order.map((name) => [name, null]));
  const running = (): Lnd[] => network.nodes.filter(({ pid, chain }) => pid !== null && !chain.isPaused);

  const network: Network = {
    folder: folder.path,
    chain,
    get nodes() {
      return [...byName.values()].filter((node) => node !== null);
    },
    node(name) {
      const node = byName.get(name);
      if (!node) throw new Error(`no node ${name}; there are ${[...byName.keys()].join(', ')}`);
      return node;
    },
    async mine(blocks = 1) {
      await chain.mine(blocks);
      await Promise.all(
        running().map((node) => until(`${node.name} to see the blocks`, () => isSynced(node))),
      );
    },
    async fund(node, coinsSat) {
      await fundWallets(network, [[node, coinsSat]]);
    },
    open: (channels) => openAll(network, running, channels),
    startChain: (kind, name) => START[kind](folder, name),
    async join(name, options = {}) {
      const node = await startLnd(folder, name, { chain, ...options });
      byName.set(name, node);
      await until(`${name} to be at the tip`, () => isSynced(node));
      return node;
    },
    stop: () => folder.clear(),
  };
  return network;
}

async function fundAll<Name extends string>(network: Network, plan: NetPlan<Name>): Promise<void> {
  const wants = Object.entries<PlannedNode>(plan.nodes).map(([name, { coinsSat = [] }]): [Lnd, number[]] => {
    const opens = plan.channels.filter(({ from }) => from === name);
    const channelsSat = opens.reduce((sum, { capacitySat }) => sum + capacitySat, 0);
    return [network.node(name), [...coinsSat, ...(channelsSat > 0 ? [channelsSat + OPENING_SAT] : [])]];
  });
  await fundWallets(
    network,
    wants.filter(([, coins]) => coins.length > 0),
  );
}

async function fundWallets(
  network: Network,
  wants: readonly (readonly [Lnd, readonly number[]])[],
): Promise<void> {
  const had = await Promise.all(wants.map(([node]) => confirmedSat(node)));
  const payments = await Promise.all(
    wants.flatMap(([node, coins]) => coins.map(async (sat) => ({ address: await newAddress(node), sat }))),
  );
  if (payments.length === 0) return;
  await network.chain.pay(payments);
  await network.mine(1);
  await Promise.all(
    wants.map(([node, coins], index) => {
      const expected = coins.reduce((sum, sat) => sum + sat, had[index] ?? 0);
      return until(`${node.name} to have its coins`, async () => (await confirmedSat(node)) >= expected);
    }),
  );
}

async function openAll(
  network: Network,
  running: () => Lnd[],
  channels: readonly PlannedChannel[],
): Promise<void> {
  if (channels.length === 0) return;
  const openers = Map.groupBy(channels, ({ from }) => from);
  const fundings = await Promise.all(
    [...openers].map(async ([name, its]) => {
      const from = network.node(name);
      const theirs = its.map(({ from: _, to, ...channel }) => ({ ...channel, to: network.node(to) }));
      for (const to of new Set(theirs.map((channel) => channel.to))) await connect(from, to);
      const txid = await openChannels(from, theirs);
      await until(`the funding by ${name}`, async () => (await network.chain.mempool()).includes(txid));
      return txid;
    }),
  );
  const countNew = (points: readonly string[]): number =>
    points.filter((point) => fundings.some((txid) => point.startsWith(`${txid}:`))).length;
  const countOwn = ({ name }: Lnd): number =>
    channels.filter(({ from, to }) => from === name || to === name).length;

  // One block first: an LND that hears of confirming and of announcing in one breath mixes them up.
  await network.mine(1);
  const ends = running().filter((node) => countOwn(node) > 0);
  const untilAll = (nodes: readonly Lnd[], what: string, holds: (node: Lnd) => Promise<boolean>) =>
    Promise.all(nodes.map((node) => until(`${what} of ${node.name}`, () => holds(node))));
  await untilAll(ends, 'the channels', async (node) => {
    const active = countNew(await activeChannels(node));
    return Math.min(active, countNew(await knownChannels(node, 'all'))) >= countOwn(node);
  });
  await network.mine(ANNOUNCING_BLOCKS - 1);
  const announced = channels.filter((channel) => channel.private !== true).length;
  const peered = await Promise.all(
    running().map(async (node) => ((await activeChannels(node)).length > 0 ? node : null)),
  );
  await untilAll(
    peered.filter((node) => node !== null),
    'the graph',
    async (node) => countNew(await knownChannels(node)) >= announced,
  );
}
