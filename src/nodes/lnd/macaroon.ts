/**
 * What a macaroon of LND grants, read from the macaroon itself: its identifier lists the permissions in the clear, as
 * `lncli printmacaroon` shows them. Whether it is genuine only the daemon knows.
 * Format: libmacaroons v2 binary; the identifier is version 3 of go-macaroon-bakery (a byte 3, then protobuf).
 */
import { createHmac } from 'node:crypto';

/** `offchain:write`, `uri:/lnrpc.Lightning/GetInfo`. */
export type Grant = `${string}:${string}`;

export type ReadMacaroon =
  | {
      readonly kind: 'macaroon';
      readonly grants: ReadonlySet<Grant>;
      /** Its limits, such as `time-before 2026-11-21T18:00:00Z` or `ipaddr 10.0.0.7`. */
      readonly caveats: readonly string[];
    }
  | { readonly kind: 'fault' };

const V2 = 2;
const BAKERY_V3 = 3;
const END = 0;
const IDENTIFIER = 2;
const SIGNATURE = 6;
const SIGNATURE_BYTES = 32;

export function readMacaroon(hex: string): ReadMacaroon {
  if (!/^([0-9a-f]{2})+$/.test(hex)) return { kind: 'fault' };
  try {
    return decode(Buffer.from(hex, 'hex'));
  } catch {
    return { kind: 'fault' };
  }
}

/**
 * The same macaroon with one more limit, which its bearer may add and nobody can take off: each signature is the key of
 * the next. Source: "Macaroons: Cookies with Contextual Caveats" (Birgisson et al.); libmacaroons v2, first party.
 * @throws RangeError for what is no macaroon
 */
export function restrict(hex: string, caveat: string): string {
  const bytes = Buffer.from(hex, 'hex');
  // The caveats end with a section that is empty; then comes the signature alone.
  const at = bytes.length - SIGNATURE_BYTES;
  if (at < 4 || bytes[at - 1] !== SIGNATURE_BYTES || bytes[at - 2] !== SIGNATURE || bytes[at - 3] !== END)
    throw new RangeError('not a macaroon');
  const signature = createHmac('sha256', bytes.subarray(at)).update(caveat).digest();
  const text = Buffer.from(caveat);
  if (text.length > 127) throw new RangeError('the caveat is too long');
  const added = Buffer.concat([Buffer.from([IDENTIFIER, text.length]), text, Buffer.from([END])]);
  const head = Buffer.from([END, SIGNATURE, SIGNATURE_BYTES]);
  return Buffer.concat([bytes.subarray(0, at - 3), added, head, signature]).toString('hex');
}

/** LND refuses it from then on, by its own clock. @param at ms since 1970 */
export const validUntil = (hex: string, at: number): string =>
  restrict(hex, `time-before ${new Date(at).toISOString()}`);

function decode(bytes: Buffer): ReadMacaroon {
  const reader = readerOf(bytes);
  if (reader.byte() !== V2) return { kind: 'fault' };
  const identifier = readSection(reader).get(IDENTIFIER);
  const caveats: string[] = [];
  for (;;) {
    const caveat = readSection(reader);
    if (caveat.size === 0) break;
    caveats.push((caveat.get(IDENTIFIER) ?? Buffer.alloc(0)).toString('utf8'));
  }
  const signed = reader.varint() === SIGNATURE && reader.bytes(reader.varint()).length === SIGNATURE_BYTES;
  if (!signed || identifier === undefined || identifier[0] !== BAKERY_V3) return { kind: 'fault' };
  return { kind: 'macaroon', grants: readGrants(identifier.subarray(1)), caveats };
}

/** Fields up to the end of a section, by their types. */
function readSection(reader: Reader): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  for (let type = reader.varint(); type !== END; type = reader.varint()) {
    fields.set(type, reader.bytes(reader.varint()));
  }
  return fields;
}

/** MacaroonId: nonce = 1, storage id = 2, operations = 3, each an entity = 1 with its actions = 2. */
function readGrants(identifier: Buffer): Set<Grant> {
  const grants = new Set<Grant>();
  for (const { field, bytes } of readFields(identifier)) {
    if (field !== 3) continue;
    const operation = readFields(bytes);
    const entity = operation.find((each) => each.field === 1)?.bytes.toString('utf8') ?? '';
    for (const action of operation.filter((each) => each.field === 2)) {
      grants.add(`${entity}:${action.bytes.toString('utf8')}`);
    }
  }
  return grants;
}

/** The protobuf fields of a message that has only texts and messages. */
function readFields(message: Buffer): { readonly field: number; readonly bytes: Buffer }[] {
  const reader = readerOf(message);
  const fields: { field: number; bytes: Buffer }[] = [];
  while (!reader.done()) {
    const tag = reader.varint();
    if (tag % 8 !== 2) throw new RangeError('a field is no text');
    fields.push({ field: tag >> 3, bytes: reader.bytes(reader.varint()) });
  }
  return fields;
}

type Reader = ReturnType<typeof readerOf>;

function readerOf(source: Buffer) {
  let at = 0;
  const bytes = (length: number): Buffer => {
    if (at + length > source.length) throw new RangeError('it ends early');
    at += length;
    return source.subarray(at - length, at);
  };
  const byte = (): number => bytes(1)[0] ?? 0;
  const varint = (): number => {
    for (let value = 0, scale = 1, count = 0; count < 4; count++, scale *= 128) {
      const next = byte();
      value += (next & 127) * scale;
      if (next < 128) return value;
    }
    throw new RangeError('a number is too long');
  };
  return { bytes, byte, varint, done: () => at >= source.length };
}
