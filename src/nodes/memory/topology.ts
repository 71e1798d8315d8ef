/** Nodes, channels and blocks of a memory network. */
import { type ChannelId, channelId, type NodePubkey, shortChannelId } from '../../lightning/ids.ts';
import { type Msat, ZERO_MSAT } from '../../money/msat.ts';
import { eventLog } from './event_log.ts';
import { noFaults } from './faults.ts';
import { keyPair, type Seeded } from './seeded.ts';
import { signCheaply } from './signature.ts';
import { type ChannelState, type End, type NodeState, type Policy, tellChanged } from './state.ts';
import type { Time } from './time.ts';

export interface NodePlan {
  /** Names the node within this network. */
  readonly name: string;
  /** Default: its name. */
  readonly alias?: string;
  /** Coins at first, msat in whole sat. Default 0. */
  readonly onchainMsat?: Msat;
}

export interface ChannelPlan {
  readonly from: string;
  readonly to: string;
  readonly capacityMsat: Msat;
  /** What `to` holds at first; the rest is `from`'s. Default 0. */
  readonly pushMsat?: Msat;
  readonly private?: boolean;
  /** What `from`, and what `to`, ask for forwarding out over this channel. Default: `DEFAULT_POLICY`. */
  readonly fromPolicy?: Partial<Policy>;
  readonly toPolicy?: Partial<Policy>;
}

/** 1 sat, 100 ppm, 40 blocks. */
export const DEFAULT_POLICY: Policy = { feeBaseMsat: 1000, feePpm: 100, cltvDelta: 40 };
/** One hundredth of the capacity is kept in reserve at either end, as LND does. */
const RESERVE_PART = 100n;

export interface Topology {
  readonly channels: readonly ChannelState[];
  height(): number;
  addNode(plan: NodePlan): NodeState;
  addChannel(plan: ChannelPlan, confirmations: number): ChannelState;
  node(name: string): NodeState;
  nodeBy(pubkey: NodePubkey): NodeState | undefined;
  channelBy(scid: string): ChannelState | undefined;
  /** It is gone from both ends. */
  removeChannel(channel: ChannelState): void;
  between(one: NodeState, other: NodeState): readonly ChannelState[];
  unlinked(one: NodeState, other: NodeState): boolean;
  setLinked(one: NodeState, other: NodeState, linked: boolean): void;
  /** One block more, and what it confirms. */
  grow(): void;
}

export function topology(random: Seeded, time: Time, firstHeight: number): Topology {
  let height = firstHeight;
  const nodes = new Map<string, NodeState>();
  const byPubkey = new Map<NodePubkey, NodeState>();
  const channels: ChannelState[] = [];
  const byScid = new Map<string, ChannelState>();
  let unconfirmed: ChannelState[] = [];
  let confirmed = 0;
  let added = 0;
  const apart = new Set<string>();
  const pair = (one: NodeState, other: NodeState) => [one.name, other.name].sort().join('|');

  const node = (name: string): NodeState => {
    const found = nodes.get(name);
    if (found === undefined) throw new Error(`no node ${name} in this network`);
    return found;
  };
  const confirm = (channel: ChannelState): void => {
    channel.scid = shortChannelId(`${height}x${confirmed}x0`);
    confirmed += 1;
    byScid.set(channel.scid, channel);
  };

  return {
    channels,
    height: () => height,
    node,
    nodeBy: (pubkey) => byPubkey.get(pubkey),
    channelBy: (scid) => byScid.get(scid),
    between: (one, other) => one.channels.filter((channel) => channel.ends.some((end) => end.node === other)),
    unlinked: (one, other) => apart.has(pair(one, other)),
    addNode(plan) {
      if (nodes.has(plan.name)) throw new Error(`there is a node ${plan.name} already`);
      const fresh = newNode(plan, random, time);
      nodes.set(fresh.name, fresh);
      byPubkey.set(fresh.pubkey, fresh);
      return fresh;
    },
    addChannel(plan, confirmations) {
      const [from, to] = [node(plan.from), node(plan.to)];
      if (from === to) throw new Error(`${plan.from} cannot open a channel to itself`);
      const id = channelId(random(`channel/${added}`));
      added += 1;
      const channel = newChannel(plan, id, [from, to], height + confirmations);
      channel.linked = !apart.has(pair(from, to));
      channels.push(channel);
      from.channels.push(channel);
      to.channels.push(channel);
      if (confirmations > 0) unconfirmed.push(channel);
      else confirm(channel);
      tellChanged(channel);
      return channel;
    },
    removeChannel(channel) {
      const lists = [channels, unconfirmed, ...channel.ends.map((end) => end.node.channels)];
      for (const list of lists) {
        const at = list.indexOf(channel);
        if (at >= 0) list.splice(at, 1);
      }
      if (channel.scid !== null) byScid.delete(channel.scid);
    },
    setLinked(one, other, linked) {
      if (linked) apart.delete(pair(one, other));
      else apart.add(pair(one, other));
      for (const channel of this.between(one, other)) {
        channel.linked = linked;
        tellChanged(channel);
      }
    },
    grow() {
      height += 1;
      for (const each of nodes.values()) each.log.append({ kind: 'block', height });
      const ripe = unconfirmed.filter((channel) => channel.readyHeight <= height);
      unconfirmed = unconfirmed.filter((channel) => channel.readyHeight > height);
      for (const channel of ripe) {
        confirm(channel);
        tellChanged(channel);
      }
    },
  };
}

function newNode({ name, alias, onchainMsat }: NodePlan, random: Seeded, time: Time): NodeState {
  const faults = noFaults();
  const { secretKey, pubkey } = keyPair(random, name);
  return {
    name,
    alias: alias ?? name,
    pubkey,
    sign: signCheaply(secretKey),
    channels: [],
    log: eventLog(time, () => !faults.up),
    faults,
    parts: new Map(),
    inFlight: new Map(),
    invoices: new Map(),
    held: new Set(),
    stuck: new Set(),
    forwardingMsat: 0n,
    onchainMsat: onchainMsat ?? ZERO_MSAT,
    onchainSent: new Map(),
    opened: new Map(),
    issued: 0,
  };
}

function newChannel(
  plan: ChannelPlan,
  id: ChannelId,
  [from, to]: readonly [NodeState, NodeState],
  readyHeight: number,
): ChannelState {
  const { capacityMsat } = plan;
  const pushMsat = plan.pushMsat ?? ZERO_MSAT;
  if (pushMsat > capacityMsat) throw new RangeError('more is pushed than the channel holds');
  const end = (node: NodeState, localMsat: bigint, policy: Partial<Policy> | undefined): End => ({
    node,
    policy: { ...DEFAULT_POLICY, ...policy },
    localMsat,
    offered: new Set(),
  });
  return {
    id,
    scid: null,
    readyHeight,
    capacityMsat,
    reserveMsat: capacityMsat / RESERVE_PART,
    private: plan.private ?? false,
    ends: [end(from, capacityMsat - pushMsat, plan.fromPolicy), end(to, pushMsat, plan.toPolicy)],
    linked: true,
    parked: [],
  };
}
