/** The network that is struck: own nodes with small channels, so that large payments take several parts. */

import type { PlannedChannel } from '../../nodes/net/lnd_verbs.ts';
import type { NetPlan } from '../../nodes/net/network.ts';

export const OWN = ['us', 'eu', 'asia'] as const;
export type OwnName = (typeof OWN)[number];
export type CrashName = OwnName | 'hub' | 'merchant' | 'exchange';

const M = 1_000_000;
const channel = (from: CrashName, to: CrashName, capacitySat: number): PlannedChannel<CrashName> => ({
  from,
  to,
  capacitySat,
  pushSat: capacitySat / 2,
});

/**
 * Strangers go round own nodes: what LND earned by forwarding in the 15 s before it was killed is in no history of it, and
 * where no Argosy listened in nobody's.
 */
const DEAR = { fee: { baseMsat: 5_000_000, ppm: 100_000, cltvDelta: 80 } };

export const CRASH_NETWORK: NetPlan<CrashName> = {
  nodes: {
    us: { coinsSat: [M], ...DEAR },
    eu: { coinsSat: [M], ...DEAR },
    asia: { coinsSat: [M], ...DEAR },
    hub: {},
    merchant: {},
    exchange: {},
  },
  channels: [
    channel('us', 'hub', 2 * M),
    channel('us', 'hub', 2 * M),
    channel('us', 'hub', 2 * M),
    channel('eu', 'hub', 2 * M),
    channel('eu', 'merchant', 2 * M),
    channel('eu', 'asia', 2 * M),
    channel('asia', 'exchange', 2 * M),
    channel('asia', 'exchange', 2 * M),
    channel('hub', 'merchant', 16 * M),
    channel('hub', 'exchange', 16 * M),
    channel('exchange', 'merchant', 10 * M),
  ],
};
