import { describe, expect, it } from 'vitest';
import { planKills } from './plan.ts';
import type { Asked } from './seen.ts';
import { summarizeCrash } from './summary.ts';

describe('the plan of kills', () => {
  it('is the same for one seed, and another for another', () => {
    expect(planKills('a', 100)).toEqual(planKills('a', 100));
    expect(planKills('a', 100)).not.toEqual(planKills('b', 100));
    expect(planKills('a', 8)).toEqual(planKills('a', 100).slice(0, 8));
  });

  it('begins with the birth of the world, and meets every moment, with PostgreSQL and without', () => {
    const kills = planKills('a', 100);
    expect(kills[0]?.moment).toBe('birth');
    expect(new Set(kills.slice(1).map(({ moment }) => moment))).toEqual(
      new Set(['starting', 'recovering', 'traffic']),
    );
    expect(kills.filter(({ moment }) => moment === 'traffic').length).toBeGreaterThan(40);
    const orphaned = kills.filter(({ database }) => database === 'orphaned').length;
    expect(orphaned).toBeGreaterThan(60);
    expect(orphaned).toBeLessThan(90);
  });

  it('kills 0.2 to 4 s after the first payment, or within the time that a start takes', () => {
    for (const { moment, afterMs } of planKills('a', 500)) {
      const early = moment === 'birth' || moment === 'starting';
      expect(afterMs).toBeGreaterThanOrEqual(early ? 50 : 200);
      expect(afterMs).toBeLessThanOrEqual(early ? 3_000 : 4_000);
    }
  });
});

describe('the summary', () => {
  const errand = (some: Partial<Asked>): Asked => ({
    number: 0,
    direction: 'out',
    person: 'merchant',
    account: 'own:business',
    amountMsat: 1n,
    key: 'crash-a-0',
    invoice: null,
    hash: null,
    ids: new Set(),
    inDoubt: false,
    preimage: null,
    end: 'settled',
    reason: null,
    ...some,
  });

  it('counts errands and starts', () => {
    const asked = [
      errand({}),
      errand({ inDoubt: true }),
      errand({ end: 'failed', reason: 'NO_ROUTE' }),
      errand({ end: 'refused', reason: 'no_receiver' }),
      errand({ end: null }),
    ];
    const startsMs = Array.from({ length: 20 }, (_, index) => 20 - index);
    expect(summarizeCrash({ seed: 'a', kills: 3, startsMs, asked, violations: [], kept: null })).toEqual({
      seed: 'a',
      kills: 3,
      payments: { asked: 5, settled: 2, failed: 1, refused: 1, in_doubt: 1 },
      reasons: { NO_ROUTE: 1, no_receiver: 1 },
      restart_ms: { p50: 10, p95: 19 },
      violations: [],
      kept: null,
    });
  });

  it('of a run that never came up has no times', () => {
    const facts = { seed: 'a', kills: 0, startsMs: [], asked: [], violations: [], kept: null };
    expect(summarizeCrash(facts).restart_ms).toEqual({ p50: null, p95: null });
  });
});
