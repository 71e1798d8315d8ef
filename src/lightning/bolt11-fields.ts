import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { type Faulty, faulty } from './bolt11-fault.ts';
import { readFeatures, unknownRequiredFeature, writeFeatures } from './bolt11-features.ts';
import { bytesOf, numberOf, type Words, wordsOf, wordsOfNumber } from './bolt11-words.ts';
import {
  type NodePubkey,
  nodePubkey,
  type PaymentHash,
  type PaymentSecret,
  paymentHash,
  paymentSecret,
  scidFromNumber,
  scidToNumber,
  type Untrusted,
  untrusted,
} from './ids.ts';
import type { HintHop, RouteHint } from './route.ts';

/** An address on the chain: version 0-16 with a witness program, 17 a P2PKH hash, 18 a P2SH hash; hex. */
export interface Fallback {
  readonly version: number;
  readonly program: string;
}

/** What the tagged fields of an invoice say. Source: BOLT 11, "Tagged Fields". */
export interface TaggedFields {
  readonly paymentHash: PaymentHash;
  readonly paymentSecret: PaymentSecret;
  /** Hex that the payer sends along with every part; null when there is none. */
  readonly paymentMetadata: string | null;
  /** Anything that the payee wrote, a NUL included; null when the invoice has a hash instead. */
  readonly description: Untrusted | null;
  /** sha256, hex, of a description handed over elsewhere: whoever has that text must compare. */
  readonly descriptionHash: string | null;
  /** Seconds from the timestamp, at most `MAX_EXPIRY_SECONDS`. */
  readonly expirySeconds: number;
  /** `min_final_cltv_expiry_delta`: blocks that the payee wants for the last HTLC at least. */
  readonly finalCltvDelta: number;
  /** Bit field, hex of whole bytes, big-endian; '' when empty. Ask it with `offers()`. */
  readonly features: string;
  /** Most preferred first; versions and lengths unknown today are left out. */
  readonly fallbacks: readonly Fallback[];
  /** Most preferred first. */
  readonly routeHints: readonly RouteHint[];
}

export const DEFAULT_EXPIRY_SECONDS = 3600;
export const DEFAULT_FINAL_CLTV_DELTA = 18;
/** Longer expiries are cut to this: 34,000 years, so that every `expiresAt` is a date in JavaScript and SQL. */
export const MAX_EXPIRY_SECONDS = 2 ** 40;
const MAX_CLTV_DELTA = 0xffff_ffff;
/** 10 bits of length: 1,023 groups, 639 bytes. */
const MAX_FIELD_WORDS = 1023;
/** pubkey 33, scid 8, base 4, ppm 4, delta 2. */
const HINT_BYTES = 51;

const TAG = { p: 1, r: 3, features: 5, x: 6, f: 9, d: 13, s: 16, n: 19, h: 23, c: 24, m: 27 } as const;
const FIXED_WORDS = new Map<number, number>([
  [TAG.p, 52],
  [TAG.s, 52],
  [TAG.h, 52],
  [TAG.n, 53],
]);
const MINIMAL = new Set<number>([TAG.x, TAG.c, TAG.features]);

interface Tagged {
  readonly tag: number;
  readonly words: Words;
}

/**
 * The fields between timestamp and signature; `named` is the payee of field `n`, if there is one.
 * Of a field that came twice the first counts, save `p`: readers that disagree on which hash is paid have lost
 * money, so two are a fault (lightning/bolts#1357). A fixed field of the wrong length fails, as the text of
 * BOLT 11 says since 2025 (lightning/bolts#1243), and is not skipped, as it said before.
 */
export function readFields(
  data: Words,
): { readonly kind: 'fields'; readonly fields: TaggedFields; readonly named: NodePubkey | null } | Faulty {
  const all = splitFields(data);
  if (!Array.isArray(all)) return all;
  const first = (tag: number): Words | undefined => all.find((field) => field.tag === tag)?.words;
  const every = (tag: number): Words[] =>
    all.filter((field) => field.tag === tag).map((field) => field.words);

  const [hash, secret, hashed, text] = [first(TAG.p), first(TAG.s), first(TAG.h), first(TAG.d)];
  if (every(TAG.p).length > 1)
    return faulty('conflicting_fields', 'The invoice has more than one payment hash');
  if (!hash) return faulty('missing_field', 'The invoice has no payment hash');
  if (!secret) return faulty('missing_field', 'The invoice has no payment secret');
  if (hashed && text)
    return faulty('conflicting_fields', 'The invoice has a description and the hash of one');
  if (!hashed && !text) return faulty('missing_field', 'The invoice has no description and no hash of one');

  const description = text ? readText(text) : null;
  if (text && description === null) return faulty('bad_field', 'The description is not UTF-8');
  const named = readPubkey(first(TAG.n));
  if (named === 'not_a_key') return faulty('bad_field', 'Field n is not a public key');
  const unknown = unknownRequiredFeature(first(TAG.features) ?? []);
  if (unknown !== null) return faulty('unknown_required_feature', `The invoice requires feature ${unknown}`);

  const metadata = first(TAG.m);
  const [expiry, delta] = [first(TAG.x), first(TAG.c)];
  const fields: TaggedFields = {
    paymentHash: paymentHash(hexOf(hash)),
    paymentSecret: paymentSecret(hexOf(secret)),
    paymentMetadata: metadata ? hexOf(metadata) : null,
    description,
    descriptionHash: hashed ? hexOf(hashed) : null,
    expirySeconds: expiry ? numberOf(expiry, MAX_EXPIRY_SECONDS) : DEFAULT_EXPIRY_SECONDS,
    finalCltvDelta: delta ? numberOf(delta, MAX_CLTV_DELTA) : DEFAULT_FINAL_CLTV_DELTA,
    features: readFeatures(first(TAG.features) ?? []),
    fallbacks: every(TAG.f).flatMap(readFallback),
    routeHints: every(TAG.r).flatMap(readRouteHint),
  };
  return { kind: 'fields', fields, named };
}

/** Type (1 group), length (2 groups), data; checks what BOLT 11 says of the lengths. */
function splitFields(data: Words): Tagged[] | Faulty {
  const fields: Tagged[] = [];
  for (let at = 0; at < data.length; ) {
    const [tag = 0, high = 0, low] = data.slice(at, at + 3);
    const end = at + 3 + high * 32 + (low ?? 0);
    if (low === undefined || end > data.length) return faulty('bad_field', 'A field runs past the end');
    const words = data.slice(at + 3, end);
    if (words.length !== (FIXED_WORDS.get(tag) ?? words.length)) {
      return faulty('bad_field', `Field ${nameOf(tag)} has the wrong length`);
    }
    if (MINIMAL.has(tag) && words[0] === 0) {
      return faulty('bad_field', `Field ${nameOf(tag)} begins with needless zeros`);
    }
    fields.push({ tag, words });
    at = end;
  }
  return fields;
}

const nameOf = (tag: number): string => Object.entries(TAG).find(([, number]) => number === tag)?.[0] ?? '';
const hexOf = (words: Words): string => bytesToHex(bytesOf(words));

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
function readText(words: Words): Untrusted | null {
  try {
    return untrusted(utf8.decode(bytesOf(words)));
  } catch {
    return null;
  }
}

function readPubkey(words: Words | undefined): NodePubkey | null | 'not_a_key' {
  if (!words) return null;
  const hex = hexOf(words);
  return /^0[23]/.test(hex) ? nodePubkey(hex) : 'not_a_key';
}

/** One fallback, or none: readers skip what they do not know. */
function readFallback([version, ...words]: Words): Fallback[] {
  const program = bytesOf(words);
  if (version === undefined || !isProgram(version, program.length)) return [];
  return [{ version, program: bytesToHex(program) }];
}

/** Lengths by BIP 141; 17 and 18 are hashes of 20 bytes. */
function isProgram(version: number, bytes: number): boolean {
  if (version === 0) return bytes === 20 || bytes === 32;
  if (version <= 16) return bytes >= 2 && bytes <= 40;
  return version <= 18 && bytes === 20;
}

/** One hint, or none when its bytes make no whole hops: a hint is help, and its lack no fault. */
function readRouteHint(words: Words): RouteHint[] {
  const bytes = bytesOf(words);
  if (bytes.length === 0 || bytes.length % HINT_BYTES !== 0) return [];
  const hops: HintHop[] = [];
  for (let at = 0; at < bytes.length; at += HINT_BYTES) {
    if (bytes[at] !== 2 && bytes[at] !== 3) return [];
    const rest = new DataView(bytes.buffer, at + 33, HINT_BYTES - 33);
    hops.push({
      pubkey: nodePubkey(bytesToHex(bytes.subarray(at, at + 33))),
      scid: scidFromNumber(rest.getBigUint64(0)),
      feeBaseMsat: rest.getUint32(8),
      feePpm: rest.getUint32(12),
      cltvDelta: rest.getUint16(16),
    });
  }
  return [hops];
}

/** What a writer gives: see `TaggedFields` for the shapes. What is left out is not written. */
export interface WritableFields {
  readonly paymentHash: PaymentHash;
  readonly paymentSecret: PaymentSecret;
  /** This or `descriptionHash`, not both. A user's text passes `describeFault` first. */
  readonly description?: string | null;
  readonly descriptionHash?: string | null;
  readonly paymentMetadata?: string | null;
  /** Names the payee in field `n`, so that readers need not recover it; must be the key that signs. */
  readonly payee?: NodePubkey | null;
  readonly expirySeconds?: number;
  readonly finalCltvDelta?: number;
  readonly features?: string;
  readonly fallbacks?: readonly Fallback[];
  readonly routeHints?: readonly RouteHint[];
}

/** @throws RangeError or TypeError for what BOLT 11 cannot express: a bug of the caller. */
export function writeFields(fields: WritableFields): number[] {
  const { description: text, descriptionHash: hashed } = fields;
  if (((text ?? null) === null) === ((hashed ?? null) === null)) {
    throw new TypeError('an invoice has a description or the hash of one');
  }
  return [
    field(TAG.s, fixed(fields.paymentSecret, 32)),
    field(TAG.p, fixed(fields.paymentHash, 32)),
    written(text, (value) => field(TAG.d, wordsOf(wellFormed(value)))),
    written(hashed, (value) => field(TAG.h, fixed(value, 32))),
    written(fields.paymentMetadata, (value) => field(TAG.m, wordsOf(hexToBytes(value)))),
    written(fields.payee, (value) => field(TAG.n, fixed(value, 33))),
    written(fields.expirySeconds, (value) => field(TAG.x, wordsOfNumber(within(value, MAX_EXPIRY_SECONDS)))),
    written(fields.finalCltvDelta, (value) => field(TAG.c, wordsOfNumber(within(value, MAX_CLTV_DELTA)))),
    (fields.fallbacks ?? []).flatMap((fallback) => field(TAG.f, fallbackWords(fallback))),
    (fields.routeHints ?? []).flatMap((hint) => field(TAG.r, hintWords(hint))),
    featureField(writeFeatures(fields.features ?? '')),
  ].flat();
}

function field(tag: number, words: Words): number[] {
  if (words.length > MAX_FIELD_WORDS) throw new RangeError(`field ${nameOf(tag)} is longer than 639 bytes`);
  return [tag, words.length >> 5, words.length & 31, ...words];
}

const written = <T>(value: T | null | undefined, write: (value: T) => number[]): number[] =>
  value === null || value === undefined ? [] : write(value);

/** BOLT 11 has a writer omit field `9` when no bit is set. */
const featureField = (words: Words): number[] => (words.length === 0 ? [] : field(TAG.features, words));

function fixed(hex: string, length: number): Words {
  const bytes = hexToBytes(hex);
  if (bytes.length !== length) throw new RangeError(`not ${length} bytes: ${hex}`);
  return wordsOf(bytes);
}

function wellFormed(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new TypeError('a description is well-formed Unicode');
  return utf8ToBytes(text);
}

function fallbackWords({ version, program }: Fallback): Words {
  const bytes = hexToBytes(program);
  if (!isProgram(version, bytes.length))
    throw new RangeError(`not a fallback: version ${version}, ${program}`);
  return [version, ...wordsOf(bytes)];
}

function hintWords(hint: RouteHint): Words {
  if (hint.length === 0) throw new RangeError('a route hint has one hop or more');
  return wordsOf(concatBytes(...hint.map(hopBytes)));
}

function hopBytes(hop: HintHop): Uint8Array {
  const bytes = new Uint8Array(HINT_BYTES);
  bytes.set(hexToBytes(hop.pubkey));
  const rest = new DataView(bytes.buffer, 33);
  rest.setBigUint64(0, scidToNumber(hop.scid));
  rest.setUint32(8, within(hop.feeBaseMsat, 0xffff_ffff));
  rest.setUint32(12, within(hop.feePpm, 0xffff_ffff));
  rest.setUint16(16, within(hop.cltvDelta, 0xffff));
  return bytes;
}

/** A DataView would wrap what does not fit. */
function within(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new RangeError(`not within 0-${max}: ${value}`);
  return value;
}
