/** The practice world: the business's own nodes in one worker, and the world outside in another. */
import { createHash, randomBytes } from 'node:crypto';
import type { OwnNode } from '../fleet/fleet.ts';
import { nodeId } from '../lightning/ids.ts';
import type { LightningNode } from '../nodes/node.ts';
import type { Breakable, Fault } from './faults.ts';
import { openWorldFolder } from './world_folder.ts';
import { type Network, type NetworkOptions, startNetwork } from './world_network.ts';
import { type Person, planWorld, REGIONS, type Region } from './world_plan.ts';

export type { Phase, Progress } from './world_network.ts';
export type { Person, Region } from './world_plan.ts';

export interface WorldOptions extends Omit<NetworkOptions, 'home' | 'seedHex'> {
  /** Balances and fees follow from it. Default: those of the world that is there, or of the plan as it is written. */
  readonly seed?: string;
  /** Where the world lives between starts. Default: in memory. */
  readonly folder?: string;
}

export interface World extends Omit<Network<Region | Person>, 'node' | 'setFault'> {
  /** Everybody: own nodes, then people. */
  readonly names: readonly (Region | Person)[];
  readonly nodes: readonly OwnNode[];
  readonly people: ReadonlyMap<Person, LightningNode>;
  readonly breakable: Breakable;
  /** Own or a person's. */
  anybody(name: Region | Person): LightningNode;
  /** It was there before. */
  readonly resumed: boolean;
}

/** @throws Error when it does not come up; nothing is left running then. */
export async function startWorld({ seed, folder, ...options }: WorldOptions = {}): Promise<World> {
  const home = folder === undefined ? null : openWorldFolder<Region | Person>(folder, seed, planWorld);
  const plan = home?.record.plan ?? planWorld(seed ?? null);
  const secretHex = home?.record.secretHex ?? randomBytes(32).toString('hex');
  const { node, setFault, ...network } = await startNetwork(plan, {
    ...options,
    seedHex: secretHex,
    ...(home === null ? {} : { home }),
  });
  // Whoever has the lock of the world's folder is the only one to run its nodes.
  const holder = createHash('sha256').update(`world/${secretHex}`).digest('hex');
  const people = plan.groups.flat().filter((name): name is Person => !isRegion(name));
  return {
    ...network,
    names: plan.groups.flat(),
    anybody: node,
    nodes: REGIONS.map((region) => ({
      id: nodeId(region),
      region,
      driver: 'ldk',
      node: node(region),
      holder,
      inProcess: true,
    })),
    people: new Map(people.map((person) => [person, node(person)])),
    breakable: new Map(REGIONS.map((region) => [region, (fault: Fault | null) => setFault(region, fault)])),
    resumed: home?.built ?? false,
  };
}

const isRegion = (name: Region | Person): name is Region => REGIONS.some((region) => region === name);
