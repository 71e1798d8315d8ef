/** Argosy is killed in the midst of payments, again and again. `npm run crash -- --kills 100` does more of it. */
import { describe, expect, it } from 'vitest';
import { launchProduct, type Product } from '../support/product.ts';
import { openRelay } from '../support/relay.ts';
import { planKills } from './plan.ts';
import { crash } from './run.ts';
import type { Site } from './site.ts';

const WAIT_MS = 240_000;
/** Its first eight kills meet every moment, with PostgreSQL and without. */
const SEED = 'kill';
const KILLS = planKills(SEED, 8);
/** Ended before the test is, so that nothing of it stays behind. */
const options = () => {
  const signal = AbortSignal.timeout(WAIT_MS - 20_000);
  return { seed: SEED, perSecond: 6, patienceMs: 40_000, keep: false, signal };
};

/** An Argosy that survives everything: each kill cuts its connections and takes its address away, and it lives on. */
function immortal(): (site: Site) => Product {
  let living: Product | undefined;
  return (site) => {
    living ??= launchProduct(site);
    const { pid, ready, exited, stop } = living;
    const relay = ready.then(({ api }) => openRelay(api));
    const reached = Promise.all([ready, relay]).then(([{ key }, { api }]) => ({ api, key, afterMs: 1 }));
    return { pid, ready: reached, exited, stop, kill: async () => (await relay).stop() };
  };
}

// Which processes there are is told by /proc.
describe.skipIf(process.platform !== 'linux')('the whole product, paying and being paid', () => {
  it(
    'is found to be well when only its connections are cut',
    async () => {
      const cuts = KILLS.map((kill) => ({ ...kill, database: 'orphaned' as const }));
      const summary = await crash({ ...options(), kills: cuts, launch: immortal() });
      expect(summary.violations).toEqual([]);
      expect(summary.kills).toBe(8);
      expect(summary.payments.settled).toBeGreaterThan(20);
      expect(summary.payments.in_doubt).toBeGreaterThan(0);
    },
    WAIT_MS,
  );

  it(
    'is well after each of eight kills',
    async () => {
      const summary = await crash({ ...options(), kills: KILLS, comings: true });
      expect(summary.violations).toEqual([]);
      expect(summary.kills).toBe(8);
      expect(summary.payments.settled).toBeGreaterThan(20);
    },
    WAIT_MS,
  );
});
