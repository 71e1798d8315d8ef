/** What the cases of the further facets have in common. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { ChannelId } from '../../lightning/ids.ts';
import type { Channel, Facet, Facets, LightningNode, OpenOrder } from '../node.ts';
import { freshToken } from './payment.ts';
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

/** Opens a channel under a fresh token. */
export async function openWith(node: LightningNode, order: Omit<OpenOrder, 'token'>): Promise<ChannelId> {
  const answer = await facetOf(node, 'open').open({ ...order, token: freshToken() });
  assert(answer.kind === 'opened', inspect(answer));
  return answer.channel;
}

/** The largest active channel with that node: it has been there from the beginning, and everybody knows it. */
export async function channelWith(node: LightningNode, peer: LightningNode): Promise<Channel> {
  const { pubkey } = await peer.info();
  const theirs = (await node.channels()).filter((channel) => channel.peer === pubkey && channel.active);
  const [largest] = theirs.sort((a, b) => (a.capacityMsat < b.capacityMsat ? 1 : -1));
  assert(largest, 'no active channel between the two');
  return largest;
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
