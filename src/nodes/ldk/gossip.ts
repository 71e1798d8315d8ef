/** Reads the graph that the nodes of a worker share. Its lock must be freed before anything else is called. */
import { fromHex, isNull, ldk, optional } from './bindings.ts';
import type { Knowledge } from './wire.ts';

/** What nodes call themselves; '' for those that have not announced themselves. */
export function readAliases(graph: ldk.NetworkGraph): (pubkey: string) => string {
  const known = new Map<string, string>();
  return (pubkey) => {
    const alias = known.get(pubkey) ?? readAlias(graph, pubkey);
    known.set(pubkey, alias);
    return alias;
  };
}

function readAlias(graph: ldk.NetworkGraph, pubkey: string): string {
  const reading = graph.read_only();
  try {
    const node = reading.node(ldk.NodeId.constructor_from_pubkey(fromHex(pubkey)));
    if (isNull(node)) return '';
    const announced = optional<ldk.NodeAnnouncementInfo>(node.get_announcement_info());
    const bytes = announced?.alias().get_a() ?? new Uint8Array();
    return Buffer.from(bytes).toString('utf8').replace(/\0+$/, '');
  } finally {
    reading.free();
  }
}

export function readGraph(graph: ldk.NetworkGraph): Knowledge {
  const reading = graph.read_only();
  try {
    const scids = [...reading.list_channels()];
    let policies = 0;
    for (const scid of scids) {
      const channel = reading.channel(scid);
      policies += [channel.get_one_to_two(), channel.get_two_to_one()].filter(
        (policy) => !isNull(policy),
      ).length;
    }
    const nodes = reading.list_nodes().filter((id) => {
      const node = reading.node(id);
      return !isNull(node) && optional(node.get_announcement_info()) !== null;
    });
    return { channels: scids.length, policies, nodes: nodes.length };
  } finally {
    reading.free();
  }
}
