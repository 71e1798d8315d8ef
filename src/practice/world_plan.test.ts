import { describe, expect, it } from 'vitest';
import { planWorld, WORLD } from './world_plan.ts';

const SEEDS = Array.from({ length: 200 }, (_, number) => `seed ${number}`);

describe('the plan of the practice world', () => {
  it('is as written without a seed', () => {
    expect(planWorld(null)).toBe(WORLD);
  });

  it('is the same for one seed, and another for another', () => {
    for (const seed of SEEDS) expect(planWorld(seed)).toEqual(planWorld(seed));
    expect(new Set(SEEDS.map((seed) => JSON.stringify(planWorld(seed)))).size).toBe(SEEDS.length);
  });

  it('leaves every side of every channel at least 85 % of its balance, and the channels as they are', () => {
    for (const seed of SEEDS) {
      for (const [index, varied] of planWorld(seed).channels.entries()) {
        const written = WORLD.channels[index];
        if (written === undefined) throw new Error('there is one channel too many');
        const { from, to, capacitySat, pushSat } = written;
        expect(varied).toMatchObject({ from, to, capacitySat });
        expect(varied.pushSat).toBeGreaterThanOrEqual(pushSat * 0.85 - 1);
        expect(capacitySat - varied.pushSat).toBeGreaterThanOrEqual((capacitySat - pushSat) * 0.85 - 1);
      }
    }
  });

  it('makes choosing matter: hubs differ in their fees, and nodes in the blocks they ask for', () => {
    const asked = (name: string) =>
      WORLD.channels.flatMap(({ from, to, fromFee, toFee }) =>
        from === name ? [fromFee] : to === name ? [toFee] : [],
      );
    const [hub, pacific] = [asked('hub')[0], asked('pacific')[0]];
    expect(hub?.ppm).toBeLessThan(pacific?.ppm ?? 0);
    expect(hub?.baseMsat).toBeGreaterThan(pacific?.baseMsat ?? 0);
    const deltas = WORLD.groups.flat().map((name) => asked(name)[0]?.cltvDelta);
    expect(new Set(deltas).size).toBeGreaterThan(3);
  });

  it('asks for whole fees between a half and one and a half times those written', () => {
    for (const { fromFee, toFee } of planWorld('fees').channels) {
      for (const { baseMsat, ppm } of [fromFee, toFee]) {
        expect(Number.isInteger(baseMsat) && Number.isInteger(ppm)).toBe(true);
        expect(ppm).toBeGreaterThanOrEqual(250);
        expect(ppm).toBeLessThanOrEqual(7_500);
      }
    }
  });
});
