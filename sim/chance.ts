/** Chance that is the same again from the same seed. Fast: some thousand draws a seed. */

export interface Chance {
  /** From 0 to below 1. */
  (): number;
  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number;
  odds(probability: number): boolean;
  pick<Item>(list: readonly Item[]): Item;
}

/** sfc32 by Chris Doty-Humphrey (public domain), warmed up. */
export function chanceOf(seed: number, stream = 0): Chance {
  let [a, b, c, d] = [seed | 0, Math.floor(seed / 2 ** 32) | 0, stream | 0, 1];
  const draw = (): number => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 15; round++) draw();
  return Object.assign(draw, {
    whole: (least: number, most: number) => least + Math.floor(draw() * (most - least + 1)),
    odds: (probability: number) => draw() < probability,
    pick<Item>(list: readonly Item[]): Item {
      const item = list[Math.floor(draw() * list.length)];
      if (item === undefined) throw new RangeError('nothing to choose from');
      return item;
    },
  });
}
