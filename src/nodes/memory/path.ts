/** The cheapest path to a payee for one amount: Dijkstra from the payee back to the sender. */
import type { NodePubkey, ShortChannelId } from '../../lightning/ids.ts';
import type { Hop, Route, RouteHint } from '../../lightning/route.ts';
import { type Msat, msat } from '../../money/msat.ts';
import { forwardingFee } from '../../money/ppm.ts';
import { heap } from './heap.ts';
import { endOf, isActive, type NodeState, otherEnd, type Policy, spendableMsat } from './state.ts';

export interface PathQuestion {
  readonly source: NodeState;
  readonly payee: NodePubkey;
  readonly amountMsat: Msat;
  readonly finalCltvDelta: number;
  readonly hints: readonly RouteHint[];
  nodeBy(pubkey: NodePubkey): NodeState | undefined;
  /** msat of a channel that other parts of the same answer take, by `from` and scid. */
  usedMsat(from: NodePubkey, scid: ShortChannelId): bigint;
}

/** A channel in one direction, as the sender knows it. */
interface Edge {
  readonly from: NodePubkey;
  readonly to: NodePubkey;
  readonly scid: ShortChannelId;
  readonly limitMsat: bigint;
  readonly policy: Policy;
}

/** What must arrive at a node, and how it goes on from there. */
interface Label {
  readonly node: NodePubkey;
  readonly amountMsat: Msat;
  /** Null at the payee. */
  readonly out: { readonly edge: Edge; readonly next: Label } | null;
}

export const NO_LIMIT = 1n << 62n;

export function cheapestPath(question: PathQuestion): Route | null {
  const { source, payee, amountMsat } = question;
  const open = heap<bigint, Label>();
  const done = new Set<NodePubkey>();
  open.push(amountMsat, { node: payee, amountMsat, out: null });
  // Every node is expanded once.
  for (let label = open.pop(); label !== undefined; label = open.pop()) {
    if (label.node === source.pubkey) return label.out === null ? null : routeOf(label, question);
    if (done.has(label.node)) continue;
    done.add(label.node);
    for (const edge of edgesInto(label.node, question)) {
      const taken = question.usedMsat(edge.from, edge.scid);
      if (done.has(edge.from) || label.amountMsat + taken > edge.limitMsat) continue;
      const { feeBaseMsat, feePpm } = edge.policy;
      const fee =
        edge.from === source.pubkey
          ? 0n
          : forwardingFee(label.amountMsat, BigInt(feeBaseMsat), BigInt(feePpm));
      const amount = msat(label.amountMsat + fee);
      open.push(amount, { node: edge.from, amountMsat: amount, out: { edge, next: label } });
    }
  }
  return null;
}

/** Channels by which `to` can be reached: own ones with what they hold, public ones, and those of the hints. */
function edgesInto(to: NodePubkey, { source, hints, payee, nodeBy }: PathQuestion): Edge[] {
  const edges: Edge[] = [];
  const node = nodeBy(to);
  for (const channel of node?.channels ?? []) {
    if (node === undefined || channel.scid === null) continue;
    const from = otherEnd(channel, endOf(channel, node));
    const own = from.node === source;
    if (own ? !isActive(channel) : channel.private) continue;
    edges.push({
      from: from.node.pubkey,
      to,
      scid: channel.scid,
      limitMsat: own ? spendableMsat(channel, from) : channel.capacityMsat,
      policy: from.policy,
    });
  }
  for (const hint of hints) {
    for (const [index, hop] of hint.entries()) {
      const target = hint[index + 1]?.pubkey ?? payee;
      if (target !== to || hop.pubkey === source.pubkey) continue;
      edges.push({ from: hop.pubkey, to, scid: hop.scid, limitMsat: NO_LIMIT, policy: hop });
    }
  }
  return edges;
}

function routeOf(start: Label, { finalCltvDelta }: PathQuestion): Route | null {
  const hops: Hop[] = [];
  for (let at = start; at.out !== null; at = at.out.next) {
    const { edge, next } = at.out;
    hops.push({
      pubkey: edge.to,
      scid: edge.scid,
      amountMsat: next.amountMsat,
      cltvDelta: next.out?.edge.policy.cltvDelta ?? finalCltvDelta,
    });
  }
  const [first, ...rest] = hops;
  return first === undefined ? null : { hops: [first, ...rest] };
}
