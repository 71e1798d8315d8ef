import { nodePubkey, untrusted } from '../../../lightning/ids.ts';
import { fromSat } from '../../../money/msat.ts';
import type { Graph, GraphChange, GraphChannel, GraphNode } from '../../facets.ts';
import type { LndClient } from '../client.ts';
import { follow } from '../following.ts';
import { scidOf } from '../map.ts';
import type {
  ChannelEdge,
  ChannelEdgeUpdate,
  GraphTopologyUpdate,
  LightningNode,
  NodeAddress,
} from '../proto/lightning.ts';
import { seenPolicy } from './forms.ts';

const PIECE = 1_000;
/** ms; the network has some ten thousand nodes. */
const READ_MS = 120_000;

export const graph = ({ lightning }: LndClient): Graph => ({
  async *read() {
    const { nodes, edges } = await lightning.describeGraph({}, { deadlineMs: READ_MS });
    for (let at = 0; at < nodes.length; at += PIECE) yield nodes.slice(at, at + PIECE).map(toNode);
    for (let at = 0; at < edges.length; at += PIECE) yield edges.slice(at, at + PIECE).map(toChannel);
  },
  subscribe: (deliver) =>
    follow({
      open: () => lightning.subscribeChannelGraph({}),
      up: () => deliver([{ kind: 'listening' }]),
      message: (update) => deliver(toChanges(update)),
    }),
});

const addressesOf = (addresses: readonly NodeAddress[]) => addresses.map(({ addr }) => untrusted(addr));

const toNode = ({ pub_key, alias, addresses }: LightningNode): GraphNode => ({
  kind: 'node',
  pubkey: nodePubkey(pub_key),
  alias: untrusted(alias),
  addresses: addressesOf(addresses),
});

const toChannel = (edge: ChannelEdge): GraphChannel => ({
  kind: 'channel',
  scid: scidOf(edge.channel_id),
  nodes: [nodePubkey(edge.node1_pub), nodePubkey(edge.node2_pub)],
  capacityMsat: fromSat(BigInt(edge.capacity)),
  policies: [seenPolicy(edge.node1_policy), seenPolicy(edge.node2_policy)],
});

const toPolicy = (update: ChannelEdgeUpdate): GraphChange => ({
  kind: 'policy',
  scid: scidOf(update.chan_id),
  from: nodePubkey(update.advertising_node),
  to: nodePubkey(update.connecting_node),
  capacityMsat: fromSat(BigInt(update.capacity)),
  policy: seenPolicy(update.routing_policy),
});

const toChanges = ({ node_updates, channel_updates, closed_chans }: GraphTopologyUpdate): GraphChange[] => [
  ...node_updates.map(({ identity_key, alias, node_addresses }) =>
    toNode({ pub_key: identity_key, alias, addresses: node_addresses, last_update: 0, features: {} }),
  ),
  ...channel_updates.map(toPolicy),
  ...closed_chans.map(({ chan_id, closed_height }): GraphChange => {
    return { kind: 'closed', scid: scidOf(chan_id), height: closed_height };
  }),
];
