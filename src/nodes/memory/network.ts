/**
 * A deterministic network of simulated nodes. From the same seed and the same calls come the same keys, preimages,
 * events and balances. It reads no clock, sets no timer and draws no random number of its own.
 */
import type { ChannelId, NodePubkey } from '../../lightning/ids.ts';
import type { LightningNode } from '../node.ts';
import { channels } from './channels.ts';
import { coins } from './coins.ts';
import { switches } from './fault_switches.ts';
import type { Faults } from './faults.ts';
import { expireHtlcs } from './flights.ts';
import { handle, type Surroundings } from './handle.ts';
import { receiveHtlc } from './payee.ts';
import { findRoutes } from './routes.ts';
import { seeded } from './seeded.ts';
import type { ChannelState, Ground, NodeState } from './state.ts';
import type { Time } from './time.ts';
import { type ChannelPlan, type NodePlan, type Topology, topology } from './topology.ts';
import { type Wire, wire } from './wire.ts';

export { ConnectionLost } from './handle.ts';
export { systemTime } from './system_time.ts';
export { type ManualTime, manualTime, type Time } from './time.ts';
export { type ChannelPlan, DEFAULT_POLICY, type NodePlan } from './topology.ts';
export type { Faults };

export interface MemoryNetworkOptions {
  /** Any text: keys, preimages and all other choices follow from it. */
  readonly seed: string;
  readonly time: Time;
  /** ms that one message takes over one channel; 0 (default): within the call that causes it. */
  readonly latencyMs?: () => number;
  /** ms that payees wait for the rest of a total. Default 60,000, the least that BOLT 4 allows. */
  readonly partsTimeoutMs?: number;
  /** Height of the chain at first. Default 800,000. */
  readonly height?: number;
}

export interface MemoryNetwork {
  readonly time: Time;
  addNode(plan: NodePlan): NodePubkey;
  /** A channel that is confirmed already, out of coins from nowhere. */
  addChannel(plan: ChannelPlan): ChannelId;
  /** A driver of the node. One node may have several, one after another or at once. */
  open(name: string): LightningNode;
  pubkey(name: string): NodePubkey;
  faults(name: string): Faults;
  /** Two nodes lose each other, though both are up: their channels are inactive until `link`. */
  unlink(one: string, other: string): void;
  link(one: string, other: string): void;
  height(): number;
  /** Blocks pass: channels confirm, HTLCs expire, every node hears of each. */
  mine(blocks: number): void;
  /** @throws when a channel holds more or less than its capacity: a bug of the network. */
  expectConserved(): void;
}

const DEFAULT_HEIGHT = 800_000;
const DEFAULT_PARTS_TIMEOUT_MS = 60_000;

/**
 * @example
 * const network = memoryNetwork({ seed: 'story 1', time: manualTime() });
 * network.addNode({ name: 'us' });
 * network.addNode({ name: 'shop' });
 * network.addChannel({ from: 'us', to: 'shop', capacityMsat: fromSat(1_000_000n) });
 * const us = network.open('us');
 */
export function memoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  const { time, latencyMs = () => 0, partsTimeoutMs = DEFAULT_PARTS_TIMEOUT_MS } = options;
  const random = seeded(options.seed);
  const world = topology(random, time, options.height ?? DEFAULT_HEIGHT);
  const { height, channelBy, node } = world;
  const ground: Ground = {
    time,
    random,
    wire: wire(time, latencyMs),
    partsTimeoutMs,
    height,
    channelBy,
    receive: (htlc) => receiveHtlc(ground, htlc),
  };
  const comings = channels(world);
  const around: Surroundings = {
    coins: coins(random, height),
    find: (source, question) => findRoutes(source, question, world.nodeBy),
    open: comings.open,
    close: comings.close,
    connect: (from, peer) => void peerOf(world, from, peer),
  };
  return {
    time,
    height,
    addNode: (plan) => world.addNode(plan).pubkey,
    addChannel: (plan) => world.addChannel(plan, 0).id,
    pubkey: (name) => node(name).pubkey,
    faults: (name) => switches(ground, node(name)),
    open: (name) => handle(ground, around, node(name)),
    unlink: (one, other) => world.setLinked(node(one), node(other), false),
    link: (one, other) => relink(world, ground.wire, node(one), node(other)),
    mine(blocks) {
      for (let mined = 0; mined < blocks; mined += 1) {
        world.grow();
        expireHtlcs(ground, world.channels);
        comings.conclude();
      }
    },
    expectConserved: () => world.channels.forEach(expectWhole),
  };
}

function relink(world: Topology, messages: Wire, one: NodeState, other: NodeState): void {
  world.setLinked(one, other, true);
  for (const channel of world.between(one, other)) messages.unpark(channel);
  messages.drain();
}

/** @throws when the peer cannot be reached. */
function peerOf(world: Topology, from: NodeState, pubkey: NodePubkey): NodeState {
  const peer = world.nodeBy(pubkey);
  if (peer === undefined || !peer.faults.up || world.unlinked(from, peer)) {
    throw new Error(`${from.name} cannot reach ${pubkey}`);
  }
  return peer;
}

/** Both sides and what hangs between them are the capacity: an HTLC belongs to neither until one of them has it. */
function expectWhole({ id, ends, capacityMsat }: ChannelState): void {
  let held = 0n;
  for (const end of ends) {
    held += end.localMsat;
    for (const htlc of end.offered) if (htlc.phase !== 'settling') held += htlc.amountMsat;
  }
  if (held !== capacityMsat) throw new Error(`channel ${id} holds ${held} msat of ${capacityMsat}`);
}
