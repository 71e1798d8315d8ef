/** Thirty strikes over a real network. `npm run crash -- --kills 500` does more of it. */
import { describe, expect, it } from 'vitest';
import { missingDaemons } from '../../nodes/net/daemons.ts';
import { planStrikes } from './plan.ts';
import { crashLnd } from './run.ts';

const WAIT_MS = 600_000;
const SEED = 'strikes';

const missing = process.platform === 'linux' ? missingDaemons('lnd', 'btcd') : 'only Linux has /proc';

describe.skipIf(missing !== null)(
  `LND nodes, PostgreSQL and two processes of Argosy${missing ? ` (${missing})` : ''}`,
  () => {
    it('pay nothing twice and lose nothing over thirty kills, and agree to the msat afterwards', {
      timeout: WAIT_MS,
    }, async () => {
      const { kills, verdict, asked } = await crashLnd({
        seed: SEED,
        strikes: planStrikes(SEED, 30),
        perSecond: 4,
        patienceMs: 300_000,
        keep: false,
        signal: AbortSignal.timeout(WAIT_MS - 20_000),
      });
      expect(verdict).toEqual({ doublePayments: 0, lostMsat: 0n, ledgerDiffMsat: 0n, violations: [] });
      expect(kills).toBe(30);
      expect(asked.filter(({ end }) => end === 'settled').length).toBeGreaterThan(20);
    });
  },
);
