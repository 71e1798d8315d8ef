import { randomBytes } from 'node:crypto';

export type IdPrefix = 'pay' | 'obl' | 'prt' | 'inv' | 'quo' | 'cho' | 'key' | 'prn';

/**
 * `pay_` + 10 characters of time (ms) + 16 random ones, Crockford base32: sorts by age, so that indexes grow at
 * their end.
 */
export function newId<P extends IdPrefix>(prefix: P, now: number): `${P}_${string}` {
  let text = '';
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) text = ALPHABET[rest % 32] + text;
  for (const byte of randomBytes(16)) text += ALPHABET[byte % 32];
  return `${prefix}_${text}`;
}
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

export const randomHex = (bytes: number): string => randomBytes(bytes).toString('hex');
