import { describe, expect, it } from 'vitest';
import { errandsOf } from './plan.ts';
import { summarize } from './tally.ts';

const people = ['hub', 'merchant', 'exchange'];
const first = (seed: string) => Array.from({ length: 200 }, (_, number) => errandsOf(seed, people)(number));

describe('practice traffic', () => {
  it('is the same for one seed, and another for another', () => {
    expect(first('a')).toEqual(first('a'));
    expect(first('a')).not.toEqual(first('b'));
  });

  it('goes both ways, to everybody, in amounts from 100 to 99,900 sat', () => {
    const errands = first('a');
    expect(new Set(errands.map((errand) => errand.direction))).toEqual(new Set(['out', 'in']));
    expect(new Set(errands.map((errand) => errand.person))).toEqual(new Set(people));
    for (const { amountMsat } of errands) {
      expect(amountMsat).toBeGreaterThanOrEqual(100_000n);
      expect(amountMsat).toBeLessThanOrEqual(99_900_000n);
    }
  });

  it('is summed up: what was asked is settled, failed or unknown', () => {
    const settled = Array.from({ length: 20 }, (_, i) => ({ kind: 'settled' as const, ms: 100 - i }));
    const failed = ['NO_ROUTE', 'NO_ROUTE', 'TIMEOUT'].map((reason) => ({ kind: 'failed' as const, reason }));
    expect(summarize([...settled, ...failed, { kind: 'unknown' }])).toEqual({
      asked: 24,
      settled: 20,
      failed: 3,
      failures: { NO_ROUTE: 2, TIMEOUT: 1 },
      unknown: 1,
      success_rate: 0.8333,
      p50_ms: 90,
      p95_ms: 99,
    });
    expect(summarize([])).toMatchObject({ asked: 0, success_rate: null, p50_ms: null });
  });
});
