import { describe, expect, it } from 'vitest';
import { brokenText, summarizePhases } from './phases.ts';
import { errandsOf } from './plan.ts';
import { type Outcome, summarize } from './tally.ts';

const people = ['hub', 'merchant', 'exchange'];
const wallet = { name: 'wallet', capacityMsat: 1_000_000_000n };
const traders = [...people.map((name) => ({ name, capacityMsat: 20_000_000_000n })), wallet];
const first = (seed: string, count = 200) =>
  Array.from({ length: count }, (_, number) => errandsOf(seed, traders)(number));

describe('practice traffic', () => {
  it('is the same for one seed, and another for another', () => {
    expect(first('a')).toEqual(first('a'));
    expect(first('a')).not.toEqual(first('b'));
  });

  it('goes both ways, to everybody, in amounts from 100 to 99,900 sat', () => {
    const errands = first('a');
    expect(new Set(errands.map((errand) => errand.direction))).toEqual(new Set(['out', 'in']));
    expect(new Set(errands.map((errand) => errand.person))).toEqual(new Set([...people, 'wallet']));
    for (const { amountMsat } of errands) {
      expect(amountMsat).toBeGreaterThanOrEqual(100_000n);
      expect(amountMsat).toBeLessThanOrEqual(99_900_000n);
    }
  });

  it('asks nobody for more than a hundredth of his channels', () => {
    const amounts = first('a', 2_000).flatMap((it) => (it.person === 'wallet' ? [it.amountMsat] : []));
    const most = amounts.reduce((largest, each) => (each > largest ? each : largest));
    expect(most).toBeLessThanOrEqual(10_000_000n);
    expect(most).toBeGreaterThan(1_000_000n);
  });

  it('takes from everybody in the long run what it has brought', () => {
    const held = new Map<string, bigint>();
    let most = 0n;
    for (const { direction, person, amountMsat } of first('a', 3_200)) {
      const now = (held.get(person) ?? 0n) + (direction === 'out' ? amountMsat : -amountMsat);
      held.set(person, now);
      if (now > most) most = now;
    }
    expect([...held.values()]).toEqual(traders.map(() => 0n));
    expect(most).toBeLessThan(1_000_000_000n);
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

describe('the phases of traffic', () => {
  it('are named after what is broken', () => {
    const dead = { node: 'eu', how: 'dies', delay_ms: null } as const;
    const slow = { node: 'us', how: 'slow', delay_ms: 800 } as const;
    expect([[], [dead], [dead, slow]].map(brokenText)).toEqual([null, 'eu dies', 'eu dies, us is slow']);
  });

  it('count an errand where it began, or with what broke while it was under way', () => {
    const phases = [
      { broken: null, beganMs: 1_000 },
      { broken: 'eu dies', beganMs: 2_000 },
      { broken: null, beganMs: 4_500 },
    ];
    const outcomes: Outcome[] = [
      { kind: 'settled', ms: 10, beganMs: 1_500, endedMs: 1_510 },
      { kind: 'settled', ms: 3_000, beganMs: 1_999, endedMs: 4_999 },
      { kind: 'failed', reason: 'NO_ROUTE', beganMs: 2_000, endedMs: 2_010 },
      { kind: 'settled', ms: 600, beganMs: 4_000, endedMs: 4_600 },
      { kind: 'unknown', beganMs: 9_000, endedMs: 9_500 },
    ];
    expect(summarizePhases(phases, outcomes)).toMatchObject([
      { phase: 'all well', began_s: 0, asked: 1, success_rate: 1, p95_ms: 10 },
      {
        phase: 'eu dies',
        began_s: 1,
        asked: 3,
        success_rate: 0.6667,
        failures: { NO_ROUTE: 1 },
        p95_ms: 3_000,
      },
      { phase: 'all well', began_s: 3.5, asked: 1, unknown: 1, success_rate: 0 },
    ]);
  });
});
