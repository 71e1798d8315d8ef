/** Chance that is the same again from the same seed. Guessed easily: for practice, never for a secret. */

/** A whole number from `least` to `most`, named by a text. */
export type Chance = (name: string, least: number, most: number) => number;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** 32 bits: FNV-1a, and then murmur3's finalizer, so that texts that differ in one letter have nothing in common. */
function scramble(text: string): number {
  let bits = FNV_OFFSET;
  for (const letter of text) bits = Math.imul(bits ^ (letter.codePointAt(0) ?? 0), FNV_PRIME);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

export const chanceOf =
  (seed: string): Chance =>
  (name, least, most) =>
    least + (scramble(`${seed}/${name}`) % (most - least + 1));
