import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { bytesOf, type Words, wordsOf } from './bolt11-words.ts';

/** The even (required) bit of each feature that an invoice may name. Source: BOLT 9, context `9`. */
export const FEATURE = {
  basicMpp: 16,
  routeBlinding: 24,
  attributionData: 36,
  paymentMetadata: 48,
} as const;

/** Features that BOLT 9 calls ASSUMED: every node has them, an invoice may still name them. */
const ASSUMED = [0, 8, 12, 14, 44];
const KNOWN = new Set<number>([...ASSUMED, ...Object.values(FEATURE)]);

/**
 * Whether a bit field (hex) names a feature, as required or as optional.
 * @example offers(invoice.features, FEATURE.basicMpp) // false: pay in one part. BOLT 11, "Feature Bits"
 */
export function offers(features: string, feature: (typeof FEATURE)[keyof typeof FEATURE]): boolean {
  const bytes = hexToBytes(features);
  const byte = bytes.at(-1 - Math.floor(feature / 8)) ?? 0;
  return ((byte >> (feature % 8)) & 0b11) !== 0;
}

/**
 * The lowest required (even) bit that this reader does not know, or null. The one dependency among the features
 * of invoices, `basic_mpp` on `payment_secret`, is met by the field `s`, without which there is no invoice.
 */
export function unknownRequiredFeature(words: Words): number | null {
  for (let bit = 0; bit < words.length * 5; bit += 2) {
    const word = words[words.length - 1 - Math.floor(bit / 5)] ?? 0;
    if (((word >> (bit % 5)) & 1) === 1 && !KNOWN.has(bit)) return bit;
  }
  return null;
}

/** Field `9` -> hex of whole bytes without leading zero bytes, '' when no bit is set. */
export function readFeatures(words: Words): string {
  const hex = bytesToHex(bytesOf([...zeros(-words.length, 8), ...words]));
  return hex.replace(/^(00)+/, '');
}

/** Hex -> the fewest 5-bit groups. */
export function writeFeatures(features: string): Words {
  const bytes = hexToBytes(features);
  const words = wordsOf(Uint8Array.from([...zeros(-bytes.length, 5), ...bytes]));
  const first = words.findIndex((word) => word !== 0);
  return first < 0 ? [] : words.slice(first);
}

/** 40 bits are 8 groups and 5 bytes: zeros in front, up to a multiple, align the two. */
const zeros = (missing: number, multiple: number): number[] =>
  new Array<number>(((missing % multiple) + multiple) % multiple).fill(0);
