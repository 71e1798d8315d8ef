/**
 * BOLT 11 invoices: text to value and back. Pure; money is exact.
 * Source: https://github.com/lightning/bolts/blob/master/11-payment-encoding.md
 */
import { bech32 } from '@scure/base';
import type { Msat } from '../money/msat.ts';
import { type Faulty, faulty } from './bolt11-fault.ts';
import { readFields, type TaggedFields, type WritableFields, writeFields } from './bolt11-fields.ts';
import { readPrefix, writePrefix } from './bolt11-prefix.ts';
import { readPayee, SIGNATURE_WORDS, type Sign, signatureBytes, signedHash } from './bolt11-signature.ts';
import { numberOf, type Words, wordsOf, wordsOfNumber } from './bolt11-words.ts';
import type { Network, NodePubkey } from './ids.ts';

export type { Bolt11Fault } from './bolt11-fault.ts';
export { FEATURE, offers } from './bolt11-features.ts';
export type { Fallback } from './bolt11-fields.ts';
export { type RecoverableSignature, type Sign, signWith } from './bolt11-signature.ts';

/** An invoice whose signature has been checked. */
export interface Bolt11 extends TaggedFields {
  /** The invoice as it is kept and compared: lower case, no white space, no `lightning:`. */
  readonly text: string;
  readonly network: Network;
  /** msat asked for; null leaves the amount to the payer. */
  readonly amountMsat: Msat | null;
  /** Seconds since 1970, UTC. */
  readonly timestamp: number;
  /** Milliseconds since 1970: from then on nobody should pay. */
  readonly expiresAt: number;
  /** Who signed, and so who is paid: named by field `n`, or recovered from the signature. */
  readonly payee: NodePubkey;
}

export type Decoded = { readonly kind: 'invoice'; readonly invoice: Bolt11 } | Faulty;

/** What a QR code holds, and what LND and LDK read. */
const MAX_LENGTH = 7089;
const TIMESTAMP_WORDS = 7;
/** Other bech32 texts of Lightning, which people paste here: LNURL and BOLT 12. */
const OTHER_KINDS = new Set(['lnurl', 'lno', 'lnr', 'lni', 'lnp']);

/**
 * Reads an invoice as BOLT 11 tells readers to. Upper case, white space around it and `lightning:` in front of it
 * are fine. Any text gives a value; nothing is thrown. An expired invoice is an invoice.
 * @example decodeBolt11('lightning:LNBC2500U1...') // { kind: 'invoice', invoice: { amountMsat: 250_000_000n, ... } }
 */
export function decodeBolt11(text: string): Decoded {
  const opened = open(text);
  if (opened.kind === 'fault') return opened;
  const prefix = readPrefix(opened.prefix);
  if (prefix.kind === 'fault') return prefix;

  const { words } = opened;
  if (words.length < TIMESTAMP_WORDS + SIGNATURE_WORDS) {
    return faulty('too_short', 'The invoice is too short for a timestamp and a signature');
  }
  const data = words.slice(0, -SIGNATURE_WORDS);
  const read = readFields(data.slice(TIMESTAMP_WORDS));
  if (read.kind === 'fault') return read;
  const signer = readPayee(signedHash(opened.prefix, data), words.slice(-SIGNATURE_WORDS), read.named);
  if (signer.kind === 'fault') return signer;

  const { network, amountMsat } = prefix;
  const timestamp = numberOf(data.slice(0, TIMESTAMP_WORDS), 2 ** 35);
  const expiresAt = (timestamp + read.fields.expirySeconds) * 1000;
  const head = { text: opened.text, network, amountMsat, timestamp, expiresAt, payee: signer.payee };
  return { kind: 'invoice', invoice: { ...head, ...read.fields } };
}

interface Opened {
  readonly kind: 'opened';
  readonly text: string;
  /** The human-readable part, lower case. */
  readonly prefix: string;
  /** The data part, signature included and checksum not. */
  readonly words: Words;
}

/** Text -> bech32 without its limit of 90 characters. Source: BOLT 11, "Encoding Overview"; BIP 173. */
function open(raw: string): Opened | Faulty {
  const bare = raw.trim().replace(/^lightning:/i, '');
  if (bare.length > MAX_LENGTH)
    return faulty('too_long', `The invoice is longer than ${MAX_LENGTH} characters`);
  const [, prefix, data] = /^(ln[\x21-\x7e]*)1([02-9ac-hj-np-z]{6,})$/i.exec(bare) ?? [];
  if (prefix === undefined || data === undefined) return faulty('not_bolt11', 'This is no Lightning invoice');
  if (OTHER_KINDS.has(prefix.toLowerCase())) {
    return faulty('not_bolt11', 'This is a text of Lightning, but not a BOLT 11 invoice');
  }
  const text = bare.toLowerCase();
  if (bare !== text && bare !== bare.toUpperCase()) {
    return faulty('mixed_case', 'The invoice mixes upper and lower case');
  }
  const decoded = bech32.decodeUnsafe(text, false);
  if (!decoded) return faulty('bad_checksum', 'The checksum does not match: a character is wrong or missing');
  return { kind: 'opened', text, prefix: decoded.prefix, words: decoded.words };
}

/** What an invoice is made of. A decoded `Bolt11` is one too, and then names its payee in field `n`. */
export interface Bolt11Fields extends WritableFields {
  readonly network: Network;
  /** msat, more than 0; null leaves the amount to the payer. */
  readonly amountMsat: Msat | null;
  /** Seconds since 1970, UTC. */
  readonly timestamp: number;
}

/**
 * Writes and signs an invoice: fewest groups for each field, the amount in its shortest form.
 * @throws RangeError or TypeError for what BOLT 11 cannot express: a bug of the caller.
 * @example encodeBolt11({ network: 'regtest', amountMsat: null, ... }, signWith(secretKey)) // 'lnbcrt1...'
 */
export function encodeBolt11(fields: Bolt11Fields, sign: Sign): string {
  const prefix = writePrefix(fields.network, fields.amountMsat);
  const data = [...wordsOfNumber(fields.timestamp, TIMESTAMP_WORDS), ...writeFields(fields)];
  const signature = signatureBytes(sign(signedHash(prefix, data)));
  const text = bech32.encode(prefix, [...data, ...wordsOf(signature)], false);
  if (text.length > MAX_LENGTH) throw new RangeError(`an invoice has ${MAX_LENGTH} characters at most`);
  return text;
}
