/** Branded identifiers of the Lightning protocol, and those that Argosy gives. Checked where they enter. */

declare const brand: unique symbol;
type Brand<Name extends string> = string & { readonly [brand]: Name };

/** 32 bytes, lower-case hex. Source: BOLT 2. */
export type PaymentHash = Brand<'PaymentHash'>;
/** 32 bytes, lower-case hex; sha256 of it is the payment hash. */
export type Preimage = Brand<'Preimage'>;
/** 32 bytes, lower-case hex: proof to the payee that the payer has read the invoice. Source: BOLT 4. */
export type PaymentSecret = Brand<'PaymentSecret'>;
/** A node's public key on the network: 33 bytes compressed, lower-case hex. */
export type NodePubkey = Brand<'NodePubkey'>;
/** `BLOCKxTXxOUTPUT`, as operators write it. Source: BOLT 7. */
export type ShortChannelId = Brand<'ShortChannelId'>;
/** What a daemon calls a channel: opaque to Argosy. */
export type ChannelId = Brand<'ChannelId'>;
/** The name of an own node in this fleet: `us`, `eu`. */
export type NodeId = Brand<'NodeId'>;
/** Argosy's own id for one part of one payment: 32 bytes, lower-case hex. A driver gives it to its daemon. */
export type PartToken = Brand<'PartToken'>;
/** Text that a stranger wrote (alias, memo, failure message): printed as text, never trusted. */
export type Untrusted = Brand<'Untrusted'>;

export type Network = 'bitcoin' | 'testnet' | 'signet' | 'regtest';

const HEX_32 = /^[0-9a-f]{64}$/;
const PUBKEY = /^0[23][0-9a-f]{64}$/;
const SCID = /^(\d{1,8})x(\d{1,8})x(\d{1,5})$/;

function checked<T extends string>(what: string, pattern: RegExp, text: string): T {
  if (!pattern.test(text)) throw new TypeError(`not a ${what}: ${JSON.stringify(text.slice(0, 80))}`);
  return text as T;
}

export const paymentHash = (hex: string): PaymentHash => checked('payment hash', HEX_32, hex);
export const preimage = (hex: string): Preimage => checked('preimage', HEX_32, hex);
export const paymentSecret = (hex: string): PaymentSecret => checked('payment secret', HEX_32, hex);
export const partToken = (hex: string): PartToken => checked('part token', HEX_32, hex);
export const nodePubkey = (hex: string): NodePubkey => checked('node public key', PUBKEY, hex);
export const nodeId = (text: string): NodeId => checked('node name', /^[a-z][a-z0-9-]{0,31}$/, text);
export const channelId = (text: string): ChannelId => text as ChannelId;
export const untrusted = (text: string): Untrusted => text as Untrusted;

/** Its numbers have 24, 24 and 16 bits and no leading zeros: equal channels are equal texts. */
export function shortChannelId(text: string): ShortChannelId {
  const scid = checked<ShortChannelId>('short channel id', SCID, text);
  const again = scidFromNumber(BigInt.asUintN(64, scidToNumber(scid)));
  if (again !== scid) throw new TypeError(`not a short channel id: ${scid}`);
  return scid;
}

/** `BLOCKxTXxOUTPUT` -> the 64-bit number of the wire. Source: BOLT 7. */
export function scidToNumber(scid: ShortChannelId): bigint {
  const [, block, tx, output] = SCID.exec(scid) as unknown as [string, string, string, string];
  return (BigInt(block) << 40n) | (BigInt(tx) << 16n) | BigInt(output);
}

export const scidFromNumber = (wire: bigint): ShortChannelId =>
  `${wire >> 40n}x${(wire >> 16n) & 0xffffffn}x${wire & 0xffffn}` as ShortChannelId;
