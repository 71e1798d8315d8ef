/** In the place of `src/kit/ids.ts`: ids and tokens out of the seed. */
import type { IdPrefix } from '../../src/kit/ids.ts';
import { type Chance, chanceOf } from '../chance.ts';

let chance: Chance = chanceOf(0);

/** Those of the next seed. */
export function seedIds(next: Chance): void {
  chance = next;
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

export function newId<P extends IdPrefix>(prefix: P, now: number): `${P}_${string}` {
  let text = '';
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) text = ALPHABET[rest % 32] + text;
  for (let i = 0; i < 16; i++) text += ALPHABET[Math.floor(chance() * 32)];
  return `${prefix}_${text}`;
}

export function randomHex(bytes: number): string {
  let text = '';
  while (text.length < 2 * bytes)
    text += Math.floor(chance() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return text.slice(0, 2 * bytes);
}
