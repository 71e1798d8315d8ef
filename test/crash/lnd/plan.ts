/** Which process is struck when, how, and for how long: follows from the seed alone. Pure. */
import { chanceOf } from '../../../src/kit/chance.ts';

export const VICTIMS = ['argosy-a', 'argosy-b', 'us', 'eu', 'asia', 'hub', 'merchant', 'postgres'] as const;
export type VictimName = (typeof VICTIMS)[number];

/** `kill`: SIGKILL, and a new start; `freeze`: SIGSTOP, and SIGCONT. */
export type How = 'kill' | 'freeze';

export interface Strike {
  /** From 1. */
  readonly number: number;
  readonly victim: VictimName;
  readonly how: How;
  /** Since the strike before it; 0: both at once. */
  readonly afterMs: number;
  /** Dead until it is started again, or frozen. */
  readonly lastsMs: number;
  /** The next strike may come while it starts. */
  readonly hasty: boolean;
}

/** Out of a hundred strikes. */
const OFTEN: Readonly<Record<VictimName, number>> = {
  'argosy-a': 16,
  'argosy-b': 16,
  us: 12,
  eu: 12,
  asia: 12,
  hub: 8,
  merchant: 8,
  postgres: 16,
};
type Range = readonly [least: number, most: number];
const AT_ONCE_PERCENT = 20;
const FREEZE_PERCENT = 40;
/** Of an Argosy, which begins where it was; the daemons are left to come up. */
const HASTY_PERCENT = 25;
const AFTER_MS: Range = [100, 2_500];
const DEAD_MS: Range = [0, 4_000];
/** Up to this per cent of all freezes, so long. A lease lasts 15 s, a request is waited for 20 s. */
const FROZEN: readonly { readonly upTo: number; readonly ms: Range }[] = [
  { upTo: 60, ms: [100, 3_000] },
  { upTo: 88, ms: [3_000, 12_000] },
  { upTo: 100, ms: [12_000, 40_000] },
];

export function planStrikes(seed: string, count: number): readonly Strike[] {
  const chance = chanceOf(`${seed}/strikes`);
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1;
    const how = chance(`${number}/how`, 0, 99) < FREEZE_PERCENT ? 'freeze' : 'kill';
    const percent = chance(`${number}/length`, 0, 99);
    const frozen = FROZEN.find(({ upTo }) => percent < upTo)?.ms ?? DEAD_MS;
    const together = chance(`${number}/together`, 0, 99) < AT_ONCE_PERCENT;
    const victim = LOT[chance(`${number}/victim`, 0, LOT.length - 1)] ?? 'postgres';
    return {
      number,
      victim,
      hasty: victim.startsWith('argosy') && chance(`${number}/hasty`, 0, 99) < HASTY_PERCENT,
      how,
      afterMs: together ? 0 : chance(`${number}/after`, ...AFTER_MS),
      lastsMs: chance(`${number}/lasts`, ...(how === 'kill' ? DEAD_MS : frozen)),
    };
  });
}

/** Each as often as it is named in this lot. */
const LOT: readonly VictimName[] = VICTIMS.flatMap((victim) => Array<VictimName>(OFTEN[victim]).fill(victim));
