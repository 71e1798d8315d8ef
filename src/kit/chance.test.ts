import { describe, expect, it } from 'vitest';
import { chanceOf } from './chance.ts';

const draw = (seed: string) => Array.from({ length: 1_000 }, (_, i) => chanceOf(seed)(`${i}`, 1, 6));

describe('chance', () => {
  it('is the same again from the same seed, and another from another', () => {
    expect(draw('a')).toEqual(draw('a'));
    expect(draw('a')).not.toEqual(draw('b'));
  });

  it('stays in its bounds and takes every value about as often', () => {
    const counts = [1, 2, 3, 4, 5, 6].map((side) => draw('a').filter((value) => value === side).length);
    expect(counts.reduce((total, count) => total + count, 0)).toBe(1_000);
    expect(Math.min(...counts)).toBeGreaterThan(110);
  });
});
