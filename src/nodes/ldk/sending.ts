/** Sends one part over exactly the route that was ordered. */
import { scidToNumber, untrusted } from '../../lightning/ids.ts';
import { deliveredMsat } from '../../lightning/route.ts';
import type { PartOrder, SendAnswer } from '../node.ts';
import { fromHex, ldk, optional, toHex } from './bindings.ts';
import type { Core } from './core.ts';
import { type PartBook, toSendAnswer } from './parts.ts';
import { toLdkRoute } from './routes.ts';

const refused = (detail: string): SendAnswer => ({
  kind: 'refused',
  reason: 'no_route',
  detail: untrusted(detail),
});

/**
 * Hands the part to LDK at once. The answer is known when the step has ended: LDK tells by events whether a route
 * fails before anything has left.
 */
export function sendPart(core: Core, parts: PartBook, order: PartOrder): () => SendAnswer {
  if (parts.find(order.token) !== undefined) return () => ({ kind: 'duplicate' });
  if (Date.now() > order.expiresAt)
    return () => ({ kind: 'refused', reason: 'timeout', detail: untrusted('the part came too late') });
  const missingMsat = order.totalMsat - deliveredMsat(order.route);
  if (missingMsat < 0n) return () => refused('the part is larger than the total');
  const channel = firstChannel(core, order);
  if (channel === null) return () => refused(`no channel ${order.route.hops[0].scid} to send over`);
  const onion = ldk.RecipientOnionFields.constructor_secret_only(fromHex(order.paymentSecret));
  if (order.paymentMetadata !== null)
    onion.set_payment_metadata(ldk.Option_CVec_u8ZZ.constructor_some(fromHex(order.paymentMetadata)));
  const route = toLdkRoute(order.route, missingMsat);
  // Before LDK is asked: whatever happens there, this token is used up.
  const part = parts.add(order, channel);
  const hash = fromHex(order.paymentHash);
  const result = core.channels.send_payment_with_route(route, hash, onion, fromHex(order.token));
  if (result.is_ok()) return () => toSendAnswer(part);
  const failure = result instanceof ldk.Result_NoneRetryableSendFailureZ_Err ? result.err : null;
  // LDK remembers what this record has forgotten: the part may be under way, and events will tell.
  if (failure === ldk.RetryableSendFailure.LDKRetryableSendFailure_DuplicatePayment)
    return () => ({ kind: 'duplicate' });
  parts.end(part, { kind: 'refused', reason: 'no_route', detail: `LDK refused the payment: ${failure}` });
  return () => toSendAnswer(part);
}

/** The route's first hop names a channel by its scid, or by its alias while it is unconfirmed. */
function firstChannel(core: Core, order: PartOrder): string | null {
  const wanted = scidToNumber(order.route.hops[0].scid);
  for (const details of core.channels.list_channels()) {
    const scids = [details.get_short_channel_id(), details.get_outbound_scid_alias()];
    if (scids.some((scid) => optional<bigint>(scid) === wanted))
      return toHex(details.get_channel_id().get_a());
  }
  return null;
}
