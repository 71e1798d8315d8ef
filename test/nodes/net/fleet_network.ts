/** The middle of the practice world on real LND nodes: the same names, channels, balances and fees. */
import { type Person, REGIONS, type Region, WORLD } from '../../../src/practice/world_plan.ts';
import type { Chain } from './chain.ts';
import { type Fee, LND_FEE } from './lnd_flags.ts';
import { type NetPlan, type Network, type PlannedNode, startNetwork } from './network.ts';

export type Others = Extract<Person, 'hub' | 'exchange' | 'merchant'>;
export type FleetName = Region | Others;
export const OTHERS: readonly Others[] = ['hub', 'exchange', 'merchant'];

const NAMES: readonly string[] = [...REGIONS, ...OTHERS];

export interface FleetOptions {
  /** Coins of each wallet besides its channels, in two outputs. */
  readonly spareSat?: number;
  /** Nodes with a chain daemon of their own, which can fall behind alone. */
  readonly ownChains?: Partial<Record<FleetName, Chain['kind']>>;
}

/** Own nodes `us`, `eu`, `asia`: each can pay the merchant, and be paid by the exchange, at once. */
export function planFleet({
  spareSat = WORLD.spareSat,
  ownChains = {},
}: FleetOptions = {}): NetPlan<FleetName> {
  const isHere = (name: string): name is FleetName => NAMES.includes(name);
  const channels = WORLD.channels.flatMap(({ from, to, capacitySat, pushSat, fromFee }) =>
    isHere(from) && isHere(to) ? [{ from, to, capacitySat, pushSat, fromFee }] : [],
  );
  const node = (name: FleetName): [FleetName, PlannedNode] => {
    const its = WORLD.channels.filter(({ from, to }) => from === name || to === name);
    const own = ownChains[name];
    const coinsSat = [spareSat / 2, spareSat / 2];
    return [name, { fee: feeOf(name, its), coinsSat, ...(own && { ownChain: own }) }];
  };
  return {
    nodes: Object.fromEntries([...REGIONS, ...OTHERS].map(node)) as Record<FleetName, PlannedNode>,
    channels,
  };
}

/** What it charges over all of its channels but `eu`'s dear one, which brings its own fee. */
function feeOf(name: FleetName, its: typeof WORLD.channels): Fee {
  const fees = its.map(({ from, fromFee, toFee }) => (from === name ? fromFee : toFee));
  const cheapest = fees.toSorted((one, other) => one.ppm - other.ppm)[0];
  return { ...LND_FEE, ...cheapest };
}

export const startFleetNetwork = (options?: FleetOptions): Promise<Network<FleetName>> =>
  startNetwork(planFleet(options));
