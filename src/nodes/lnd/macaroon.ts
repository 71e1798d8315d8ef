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

/**
 * The macaroon with one more limit, which LND checks and nobody can take off again.
 * @param caveat such as `time-before 2026-11-21T18:00:00.000Z`, at most 127 bytes
 */
export function attenuate(macaroon: string, caveat: string): string {
  const bytes = Buffer.from(macaroon, 'hex');
  // It ends with the end of the caveats, the signature's type and length, and the signature.
  const end = bytes.length - SIGNATURE_BYTES - 3;
  const name = Buffer.from(caveat, 'utf8');
  if (name.length > 127) throw new RangeError('the caveat is too long');
  const signature = createHmac('sha256', bytes.subarray(end + 3))
    .update(name)
    .digest();
  const section = Buffer.concat([Buffer.from([IDENTIFIER, name.length]), name, Buffer.from([END])]);
  return Buffer.concat([bytes.subarray(0, end), section, bytes.subarray(end, end + 3), signature]).toString(
    'hex',
  );
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
