/** Which process shall have which node. Pure: whoever knows the same comes to the same. */
import type { NodeId } from '../lightning/ids.ts';

/** A process that can drive nodes. */
export interface Hand {
  readonly id: string;
  /** Of the nodes that it should have before others do; null: of none in particular. */
  readonly region: string | null;
}

export interface SharedNode {
  readonly id: NodeId;
  readonly region: string;
  /** Who has it now, be that somebody who is gone. */
  readonly owner: string | null;
}

/**
 * Nodes go to hands of their region, where there are any, else to all; nobody has more than its even share, and within it
 * everybody keeps what it has.
 */
export function shareOut(
  nodes: readonly SharedNode[],
  hands: readonly Hand[],
): ReadonlyMap<NodeId, Hand['id']> {
  const shared = new Map<NodeId, string>();
  const load = new Map(hands.map(({ id }) => [id, 0]));
  const give = (node: SharedNode, hand: string): void => {
    shared.set(node.id, hand);
    load.set(hand, (load.get(hand) ?? 0) + 1);
  };
  const groups = Map.groupBy(nodes.toSorted(byId), ({ region }) =>
    hands.some((hand) => hand.region === region) ? region : null,
  );
  // Those that only some may have come first, so that the others even out what is left.
  for (const [region, its] of [...groups].toSorted(([one]) => (one === null ? 1 : -1))) {
    const able = hands.filter((hand) => region === null || hand.region === region).toSorted(byId);
    const most =
      region === null ? Math.ceil(nodes.length / hands.length) : Math.ceil(its.length / able.length);
    const kept = its.filter((node) => {
      const owner = able.find(({ id }) => id === node.owner)?.id;
      if (owner === undefined || (load.get(owner) ?? 0) >= most) return false;
      give(node, owner);
      return true;
    });
    for (const node of its.filter((each) => !kept.includes(each))) {
      const least = able.reduce<Hand | null>(
        (best, hand) => (best === null || (load.get(hand.id) ?? 0) < (load.get(best.id) ?? 0) ? hand : best),
        null,
      );
      if (least !== null) give(node, least.id);
    }
  }
  return shared;
}

const byId = (one: { readonly id: string }, other: { readonly id: string }): number =>
  one.id < other.id ? -1 : Number(one.id > other.id);
