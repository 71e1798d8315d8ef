/** Who lives in the practice world, and which channels there are. Amounts in sat. */
import { type Chance, chanceOf } from '../kit/chance.ts';
import type { Fee, NetworkPlan, PlannedChannel } from './network_plan.ts';

export type Region = 'us' | 'eu' | 'asia';
/** The business's own nodes: one a region, named after it. */
export const REGIONS: readonly Region[] = ['us', 'eu', 'asia'];

export const PEOPLE = [
  'hub',
  'pacific',
  'lsp',
  'exchange',
  'merchant',
  'bookshop',
  'cafe',
  'contractor',
] as const;
export type Person = (typeof PEOPLE)[number];

type Name = Region | Person;

const ALIASES: Readonly<Record<Name, string>> = {
  us: 'Argosy US',
  eu: 'Argosy EU',
  asia: 'Argosy Asia',
  hub: 'Big Hub',
  pacific: 'Pacific Hub',
  lsp: 'Harbour LSP',
  exchange: 'Lucky Exchange',
  merchant: 'Corner Bakery',
  bookshop: 'Second Chapter Books',
  cafe: 'Quayside Cafe',
  contractor: "Contractor's phone",
};

const OWN_FEE: Fee = { baseMsat: 1_000, ppm: 2_000, cltvDelta: 72 };
const SHOP_FEE: Fee = { baseMsat: 5_000, ppm: 5_000, cltvDelta: 144 };
/** What each takes to forward over each of its channels, unless the channel says otherwise. */
const FEES: Readonly<Record<Name, Fee>> = {
  us: OWN_FEE,
  eu: OWN_FEE,
  asia: OWN_FEE,
  hub: { baseMsat: 500, ppm: 500, cltvDelta: 80 },
  pacific: { baseMsat: 0, ppm: 900, cltvDelta: 48 },
  lsp: { baseMsat: 100, ppm: 1_500, cltvDelta: 144 },
  exchange: { baseMsat: 2_000, ppm: 1_200, cltvDelta: 60 },
  merchant: SHOP_FEE,
  bookshop: SHOP_FEE,
  cafe: SHOP_FEE,
  contractor: SHOP_FEE,
};
/** The direct channel is small: strangers pay dearly for it, so that it stays for own payments. */
const SCARCE_FEE: Fee = { baseMsat: 5_000, ppm: 3_000, cltvDelta: 72 };

const M = 1_000_000;

/** @param pushM what the other side has at the start; both in millions of sat */
const channel = (
  from: Name,
  to: Name,
  capacityM: number,
  pushM: number,
  more: Partial<PlannedChannel<Name>> = {},
): PlannedChannel<Name> => ({
  from,
  to,
  capacitySat: capacityM * M,
  pushSat: pushM * M,
  fromFee: FEES[from],
  toFee: FEES[to],
  ...more,
});

/**
 * For the merchant's 25,000 sat, eu pays no fee, us some 13 sat (through the hub), asia some 32 (through the
 * exchange): it matters who pays. All together can send the merchant some 20,000,000 sat.
 */
const CHANNELS: readonly PlannedChannel<Name>[] = [
  channel('us', 'eu', 12, 6),
  channel('eu', 'asia', 8, 4),
  channel('us', 'hub', 16, 5),
  channel('us', 'pacific', 10, 5),
  channel('us', 'cafe', 2, 1),
  channel('eu', 'hub', 10, 4),
  channel('eu', 'merchant', 5, 1, { fromFee: SCARCE_FEE }),
  channel('eu', 'lsp', 6, 3),
  channel('asia', 'exchange', 16, 8),
  channel('asia', 'pacific', 10, 5),
  channel('asia', 'bookshop', 3, 1),
  channel('hub', 'pacific', 16, 8),
  channel('hub', 'exchange', 16, 8),
  channel('hub', 'lsp', 10, 5),
  channel('pacific', 'lsp', 8, 4),
  channel('hub', 'merchant', 16, 4),
  channel('exchange', 'merchant', 10, 2),
  channel('hub', 'bookshop', 4, 2),
  channel('lsp', 'cafe', 3, 1),
  channel('lsp', 'contractor', 2, 1, { private: true }),
];

export const WORLD: NetworkPlan<Name> = {
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
export function planWorld(seed: string | null): NetworkPlan<Name> {
  if (seed === null) return WORLD;
  const chance = chanceOf(seed);
  return { ...WORLD, channels: CHANNELS.map((channel) => vary(channel, chance)) };
}

function vary(channel: PlannedChannel<Name>, chance: Chance): PlannedChannel<Name> {
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

function varyFee({ baseMsat, ppm, ...fee }: Fee, name: string, chance: Chance): Fee {
  const percent = chance(`${name}/fee`, FEE_LEAST, FEE_MOST);
  return { ...fee, baseMsat: Math.trunc((baseMsat * percent) / 100), ppm: Math.trunc((ppm * percent) / 100) };
}
