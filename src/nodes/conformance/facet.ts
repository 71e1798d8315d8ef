/** What the cases of the further facets have in common. */
import assert from 'node:assert/strict';
import type { Channel, Facet, Facets, LightningNode } from '../node.ts';
import type { World } from './world.ts';

export function facetOf<Name extends Facet>(node: LightningNode, name: Name): NonNullable<Facets[Name]> {
  const facet = node.facets[name];
  assert(facet, `declares no facet \`${name}\``);
  return facet;
}

/** Facets whose effect is seen in the middle need it. */
export function forwarderOf(world: World): LightningNode {
  assert(world.forwarder, 'the facet is tried at World.forwarder');
  return world.forwarder;
}

/** The first active channel with that node. */
export async function channelWith(node: LightningNode, peer: LightningNode): Promise<Channel> {
  const { pubkey } = await peer.info();
  const found = (await node.channels()).find((channel) => channel.peer === pubkey && channel.active);
  assert(found, 'no active channel between the two');
  return found;
}

/** Keeps all that a stream delivers. */
export function keep<Item>() {
  const items: Item[] = [];
  return {
    items,
    take: async (item: Item): Promise<void> => {
      items.push(item);
    },
  };
}
