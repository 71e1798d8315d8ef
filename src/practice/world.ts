/** The practice world: the business's own nodes in one worker, and the world outside in another. */
import { type NodeId, nodeId } from '../lightning/ids.ts';
import type { LightningNode } from '../nodes/node.ts';
import { type Network, type NetworkOptions, startNetwork } from './world_network.ts';
import { PEOPLE, type Person, REGIONS, type Region, WORLD } from './world_plan.ts';

export type { Phase, Progress } from './world_network.ts';
export type { Person, Region } from './world_plan.ts';

export type WorldOptions = NetworkOptions;

export interface OwnNode {
  readonly id: NodeId;
  readonly region: Region;
  readonly driver: 'ldk';
  readonly node: LightningNode;
}

export interface World extends Omit<Network<Region | Person>, 'node'> {
  readonly nodes: readonly OwnNode[];
  readonly people: ReadonlyMap<Person, LightningNode>;
}

/** @throws Error when it does not come up; nothing is left running then. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { node, ...network } = await startNetwork(WORLD, options);
  return {
    ...network,
    nodes: REGIONS.map((region) => ({ id: nodeId(region), region, driver: 'ldk', node: node(region) })),
    people: new Map(PEOPLE.map((person) => [person, node(person)])),
  };
}
