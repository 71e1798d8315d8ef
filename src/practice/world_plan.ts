/** Who lives in the practice world, and which channels there are. Amounts in sat. */
import { type Chance, chanceOf } from '../kit/chance.ts';
import type { Fee, NetworkPlan, PlannedChannel } from './world_network.ts';

export type Region = 'us' | 'eu' | 'asia';
/** The business's own nodes: one a region, named after it. */
export const REGIONS: readonly Region[] = ['us', 'eu', 'asia'];

export type Person = 'hub' | 'merchant' | 'exchange';
export const PEOPLE: readonly Person[] = ['hub', 'merchant', 'exchange'];

const ALIASES: Readonly<Record<Region | Person, string>> = {
  us: 'Argosy US',
  eu: 'Argosy EU',
  asia: 'Argosy Asia',
  hub: 'Big Hub',
  merchant: 'Corner Bakery',
  exchange: 'Lucky Exchange',
};

/** What a node takes to forward over each of its channels, unless the channel says otherwise. */
const OWN_FEE: Fee = { baseMsat: 1_000, ppm: 2_000 };
const HUB_FEE: Fee = { baseMsat: 1_000, ppm: 500 };
const EXCHANGE_FEE: Fee = { baseMsat: 2_000, ppm: 1_200 };
const MERCHANT_FEE: Fee = { baseMsat: 5_000, ppm: 5_000 };
/** The direct channel is small: strangers pay dearly for it, so that it stays for own payments. */
const SCARCE_FEE: Fee = { baseMsat: 5_000, ppm: 3_000 };

const M = 1_000_000;

/**
 * For the merchant's 25,000 sat, eu pays no fee, us some 13 sat (through the hub), asia some 32 (through the
 * exchange): it matters who pays. All together can send the merchant some 20,000,000 sat.
 */
const CHANNELS: readonly PlannedChannel<Region | Person>[] = [
  { from: 'us', to: 'hub', capacitySat: 16 * M, pushSat: 5 * M, fromFee: OWN_FEE, toFee: HUB_FEE },
  { from: 'eu', to: 'merchant', capacitySat: 5 * M, pushSat: M, fromFee: SCARCE_FEE, toFee: MERCHANT_FEE },
  { from: 'eu', to: 'hub', capacitySat: 10 * M, pushSat: 4 * M, fromFee: OWN_FEE, toFee: HUB_FEE },
  {
    from: 'asia',
    to: 'exchange',
    capacitySat: 16 * M,
    pushSat: 8 * M,
    fromFee: OWN_FEE,
    toFee: EXCHANGE_FEE,
  },
  { from: 'us', to: 'eu', capacitySat: 12 * M, pushSat: 6 * M, fromFee: OWN_FEE, toFee: OWN_FEE },
  { from: 'eu', to: 'asia', capacitySat: 8 * M, pushSat: 4 * M, fromFee: OWN_FEE, toFee: OWN_FEE },
  { from: 'hub', to: 'merchant', capacitySat: 16 * M, pushSat: 4 * M, fromFee: HUB_FEE, toFee: MERCHANT_FEE },
  { from: 'hub', to: 'exchange', capacitySat: 16 * M, pushSat: 8 * M, fromFee: HUB_FEE, toFee: EXCHANGE_FEE },
  {
    from: 'exchange',
    to: 'merchant',
    capacitySat: 10 * M,
    pushSat: 2 * M,
    fromFee: EXCHANGE_FEE,
    toFee: MERCHANT_FEE,
  },
];

export const WORLD: NetworkPlan<Region | Person> = {
  groups: [REGIONS, PEOPLE],
  aliases: ALIASES,
  channels: CHANNELS,
  spareSat: 2 * M,
};

/** Of the smaller side of a channel, in per cent: so much may be with the other one instead. */
const SHIFT_MOST = 15;
/** Of a fee, in per cent. */
const FEE_LEAST = 50;
const FEE_MOST = 150;

/**
 * The same people and channels, with other balances and fees for each seed; null: the world as it is written above.
 * Every side of every channel keeps at least 85 % of what it has there, so that the same payments find room.
 */
export function planWorld(seed: string | null): NetworkPlan<Region | Person> {
  if (seed === null) return WORLD;
  const chance = chanceOf(seed);
  return { ...WORLD, channels: CHANNELS.map((channel) => vary(channel, chance)) };
}

function vary(channel: PlannedChannel<Region | Person>, chance: Chance): PlannedChannel<Region | Person> {
  const { from, to, capacitySat, pushSat, fromFee, toFee } = channel;
  const name = `${from}-${to}`;
  const smaller = Math.min(pushSat, capacitySat - pushSat);
  const percent = chance(`${name}/push`, -SHIFT_MOST, SHIFT_MOST);
  return {
    ...channel,
    pushSat: pushSat + Math.trunc((smaller * percent) / 100),
    fromFee: varyFee(fromFee, `${name}/from`, chance),
    toFee: varyFee(toFee, `${name}/to`, chance),
  };
}

function varyFee({ baseMsat, ppm }: Fee, name: string, chance: Chance): Fee {
  const percent = chance(`${name}/fee`, FEE_LEAST, FEE_MOST);
  return { baseMsat: Math.trunc((baseMsat * percent) / 100), ppm: Math.trunc((ppm * percent) / 100) };
}
