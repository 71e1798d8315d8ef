/**
 * Makes invoices. Hash and secret come from LDK, the text does not: these bindings know no clock and would date an
 * invoice at the newest block.
 */
import { encodeBolt11, signWith } from '../../lightning/bolt11.ts';
import { nodePubkey, paymentHash, paymentSecret, preimage, scidFromNumber } from '../../lightning/ids.ts';
import type { RouteHint } from '../../lightning/route.ts';
import type { CreatedInvoice, InvoiceOrder } from '../node.ts';
import { isNull, ldk, optional, someU64, toHex, unwrap } from './bindings.ts';
import type { Core } from './core.ts';
import type { InvoiceBook } from './invoices.ts';

export interface Clock {
  /** ms since 1970, of the newest block. */
  readonly chainMs: number;
  /** ms since 1970. */
  readonly nowMs: number;
}

/** What LDK asks of the last hop at least: its `MIN_FINAL_CLTV_EXPIRY_DELTA`. */
const FINAL_CLTV_DELTA = 24;
/** BOLT 9: var_onion_optin (8) and payment_secret (14) are required, basic_mpp (17) is offered. */
const FEATURES = '024100';
/** A channel has reached the network's graphs by then. */
const KNOWN_CONFIRMATIONS = 7;
/** An invoice should fit a QR code. */
const MAX_HINTS = 3;

const MAX_DESCRIPTION_BYTES = 639;

/** @throws Error when the description is too long */
export function createInvoice(
  core: Core,
  invoices: InvoiceBook,
  order: InvoiceOrder,
  { chainMs, nowMs }: Clock,
): CreatedInvoice {
  const bytes = Buffer.byteLength(order.description);
  if (bytes > MAX_DESCRIPTION_BYTES)
    throw new Error(`the description has ${bytes} bytes: shorten it to ${MAX_DESCRIPTION_BYTES}`);
  const timestamp = Math.floor(nowMs / 1000);
  const lagSeconds = Math.max(0, timestamp - Math.floor(chainMs / 1000));
  const result = core.channels.create_inbound_payment(
    someU64(order.amountMsat),
    order.expirySeconds + lagSeconds,
    ldk.Option_u16Z.constructor_none(),
  );
  const ok = ldk.Result_C2Tuple_ThirtyTwoBytesThirtyTwoBytesZNoneZ_OK;
  const pair = unwrap(result, ok, 'create_inbound_payment');
  const [hash, secret] = [pair.get_a(), pair.get_b()];
  const found = core.channels.get_payment_preimage(hash, secret);
  const known = unwrap(found, ldk.Result_ThirtyTwoBytesAPIErrorZ_OK, 'get_payment_preimage');
  const fields = {
    network: 'regtest' as const,
    amountMsat: order.amountMsat,
    timestamp,
    paymentHash: paymentHash(toHex(hash)),
    paymentSecret: paymentSecret(toHex(secret)),
    description: order.description,
    expirySeconds: order.expirySeconds,
    finalCltvDelta: FINAL_CLTV_DELTA,
    features: FEATURES,
    routeHints: hintsOf(core),
  };
  const expiresAt = (timestamp + order.expirySeconds) * 1000;
  const bolt11 = encodeBolt11(fields, signWith(core.keys.get_node_secret_key()));
  invoices.add(fields.paymentHash, preimage(toHex(known)), expiresAt);
  return { bolt11, paymentHash: fields.paymentHash, expiresAt };
}

/** A node with a channel that the network knows needs no hints. */
function hintsOf(core: Core): RouteHint[] {
  const channels = core.channels.list_usable_channels();
  if (channels.some(isKnown)) return [];
  return channels.flatMap((channel) => toHint(channel) ?? []).slice(0, MAX_HINTS);
}

const isKnown = (channel: ldk.ChannelDetails): boolean =>
  Boolean(channel.get_is_announced()) &&
  (optional<number>(channel.get_confirmations()) ?? 0) >= KNOWN_CONFIRMATIONS;

function toHint(channel: ldk.ChannelDetails): RouteHint[] | null {
  const peer = channel.get_counterparty();
  const forwarding = peer.get_forwarding_info();
  const scid = optional<bigint>(channel.get_inbound_payment_scid());
  if (scid === null || isNull(forwarding)) return null;
  const hop = {
    pubkey: nodePubkey(toHex(peer.get_node_id())),
    scid: scidFromNumber(scid),
    feeBaseMsat: forwarding.get_fee_base_msat(),
    feePpm: forwarding.get_fee_proportional_millionths(),
    cltvDelta: forwarding.get_cltv_expiry_delta(),
  };
  return [[hop]];
}
