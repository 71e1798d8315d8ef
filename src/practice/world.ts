/** The practice world: the business's own nodes in one worker, and the world outside in another. */
import { type NodeId, nodeId } from '../lightning/ids.ts';
import type { LightningNode } from '../nodes/node.ts';
import type { Breakable, Fault } from './faults.ts';
import { type Network, type NetworkOptions, startNetwork } from './world_network.ts';
import { PEOPLE, type Person, planWorld, REGIONS, type Region } from './world_plan.ts';

export type { Phase, Progress } from './world_network.ts';
export type { Person, Region } from './world_plan.ts';

export interface WorldOptions extends NetworkOptions {
  /** Balances and fees follow from it. Default: those of the plan as it is written. */
  readonly seed?: string;
}

export interface OwnNode {
  readonly id: NodeId;
  readonly region: Region;
  readonly driver: 'ldk';
  readonly node: LightningNode;
}

export interface World extends Omit<Network<Region | Person>, 'node' | 'setFault'> {
  /** Everybody: own nodes, then people. */
  readonly names: readonly (Region | Person)[];
  readonly nodes: readonly OwnNode[];
  readonly people: ReadonlyMap<Person, LightningNode>;
  readonly breakable: Breakable;
}

/** @throws Error when it does not come up; nothing is left running then. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { node, setFault, ...network } = await startNetwork(planWorld(options.seed ?? null), options);
  return {
    ...network,
    names: [...REGIONS, ...PEOPLE],
    nodes: REGIONS.map((region) => ({ id: nodeId(region), region, driver: 'ldk', node: node(region) })),
    people: new Map(PEOPLE.map((person) => [person, node(person)])),
    breakable: new Map(REGIONS.map((region) => [region, (fault: Fault | null) => setFault(region, fault)])),
  };
}
