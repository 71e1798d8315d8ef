/** The graph that the nodes of a worker share. Its lock must be freed before anything else is called. */
import { fromHex, isNull, ldk, optional, unwrap } from './bindings.ts';
import type { Store } from './store.ts';
import type { Knowledge } from './wire.ts';

export interface SharedGraph {
  readonly graph: ldk.NetworkGraph;
  /** Has it written at the next occasion, whenever the last one was. */
  saveSoon(): void;
  /** Puts the graph into the step's commit, now and then: one that is a second old costs nothing but a route. */
  save(): void;
}

const GRAPH = 'graph';
const SAVE_MS = 1_000;

export function openGraph(store: Store, logger: ldk.Logger): SharedGraph {
  const row = store.get(`select bytes from state where node = '' and name = ?`, GRAPH);
  const graph =
    row === undefined
      ? ldk.NetworkGraph.constructor_new(ldk.Network.LDKNetwork_Regtest, logger)
      : unwrap(
          ldk.NetworkGraph.constructor_read(row.bytes as Uint8Array, logger),
          ldk.Result_NetworkGraphDecodeErrorZ_OK,
          'reading the graph',
        );
  let dueAt = 0;
  let asked = false;
  return {
    graph,
    saveSoon() {
      asked = true;
    },
    save() {
      const now = performance.now();
      if (!store.durable || !(asked || (store.changed && now >= dueAt))) return;
      asked = false;
      dueAt = now + SAVE_MS;
      store.run(
        `insert or replace into state (node, name, bytes, height) values ('', ?, ?, 0)`,
        GRAPH,
        graph.write(),
      );
    },
  };
}

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
