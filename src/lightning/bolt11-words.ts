import { bech32 } from '@scure/base';

/** The 5-bit groups of bech32, 0 to 31 each. Source: BIP 173. */
export type Words = readonly number[];

/**
 * 5-bit groups -> bytes. Bits that fill no byte are dropped (the padding of a field: BOLT 11 asks writers for
 * zeros there, and readers for nothing), or filled up with zeros (the data that is signed).
 */
export function bytesOf(words: Words, rest: 'dropped' | 'filled' = 'dropped'): Uint8Array {
  const bits = words.length * 5;
  const bytes = new Uint8Array(rest === 'filled' ? Math.ceil(bits / 8) : Math.floor(bits / 8));
  let buffer = 0;
  let held = 0;
  let at = 0;
  for (const word of words) {
    buffer = ((buffer << 5) | word) & 0xfff;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = (buffer >> held) & 0xff;
  }
  if (rest === 'filled' && held > 0) bytes[at] = (buffer << (8 - held)) & 0xff;
  return bytes;
}

/** Bytes -> 5-bit groups, filled up with zero bits. */
export const wordsOf = (bytes: Uint8Array): number[] => bech32.toWords(bytes);

/** Big-endian number of a field, `cap` when it is greater; no digits are 0. */
export function numberOf(words: Words, cap: number): number {
  let value = 0;
  for (const word of words) {
    value = value * 32 + word;
    if (value >= cap) return cap;
  }
  return value;
}

/**
 * Number -> 5-bit groups, big-endian: `length` of them, or as few as possible.
 * @throws RangeError for what is no whole number from 0, or does not fit: a bug of the caller.
 */
export function wordsOfNumber(value: number, length?: number): number[] {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`not a number for an invoice: ${value}`);
  const words: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 32)) words.unshift(rest % 32);
  if (length === undefined) return words;
  if (words.length > length) throw new RangeError(`${value} does not fit into ${length} groups of 5 bits`);
  return [...new Array<number>(length - words.length).fill(0), ...words];
}
