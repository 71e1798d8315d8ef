import { describe, expect, it } from 'vitest';
import { crashErrands } from './errands.ts';
import { planStrikes, VICTIMS } from './plan.ts';

describe('the plan of strikes', () => {
  it('is the same for one seed, and another for another', () => {
    expect(planStrikes('a', 100)).toEqual(planStrikes('a', 100));
    expect(planStrikes('a', 100)).not.toEqual(planStrikes('b', 100));
    expect(planStrikes('a', 8)).toEqual(planStrikes('a', 100).slice(0, 8));
  });

  it('strikes everybody, by killing and by freezing, alone and together', () => {
    const strikes = planStrikes('a', 500);
    for (const victim of VICTIMS) {
      const hows = new Set(strikes.filter((strike) => strike.victim === victim).map(({ how }) => how));
      expect(hows, victim).toEqual(new Set(['kill', 'freeze']));
    }
    expect(strikes.filter(({ afterMs }) => afterMs === 0).length).toBeGreaterThan(50);
  });

  it('freezes some for longer than a lease lasts or a request is waited for, and nobody beyond 40 s', () => {
    const frozen = planStrikes('a', 500).filter(({ how }) => how === 'freeze');
    expect(frozen.filter(({ lastsMs }) => lastsMs > 20_000).length).toBeGreaterThan(5);
    for (const { lastsMs } of frozen) {
      expect(lastsMs).toBeGreaterThanOrEqual(100);
      expect(lastsMs).toBeLessThanOrEqual(40_000);
    }
  });
});

describe('the errands', () => {
  const errandOf = crashErrands('a');
  const errands = Array.from({ length: 400 }, (_, number) => errandOf(number));

  it('go out and come back in pairs, of one amount and one person or between own accounts', () => {
    for (let number = 0; number < errands.length; number += 2) {
      const [out, back] = [errands[number], errands[number + 1]];
      expect(back?.amountMsat).toBe(out?.amountMsat);
      if (out?.direction === 'own') expect([back?.account, back?.person]).toEqual([out.person, out.account]);
      else expect([out?.direction, back?.direction, back?.person]).toEqual(['out', 'in', out?.person]);
    }
  });

  it('are small and large, in and out, between own accounts, and asked for by two clients', () => {
    expect(errands.some(({ amountMsat }) => amountMsat > 1_200_000_000n)).toBe(true);
    expect(errands.some(({ amountMsat }) => amountMsat < 20_000_001n)).toBe(true);
    expect(new Set(errands.map(({ direction }) => direction))).toEqual(new Set(['out', 'in', 'own']));
    expect(errands.some(({ twice }) => twice === true)).toBe(true);
  });
});
