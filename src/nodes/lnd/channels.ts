/** Channels: how they are closed, and the HTLCs that hang on them. */
import { type ChannelId, channelId, paymentHash, untrusted } from '../../lightning/ids.ts';
import { MSAT_PER_SAT, msat } from '../../money/msat.ts';
import type { CloseAnswer, CloseOrder, CloseRefusal, PendingHtlc } from '../node.ts';
import { isAway, LndError } from './call.ts';
import type { LndClient } from './client.ts';
import { hex, satToMsat } from './map.ts';
import type { Parts } from './parts.ts';
import type { ChannelPoint } from './proto/lightning.ts';

export function channelPoint(id: ChannelId): Partial<ChannelPoint> {
  const [txid, index] = id.split(':');
  if (txid === undefined || !/^\d+$/.test(index ?? '')) throw new TypeError(`not a channel of LND: ${id}`);
  return { funding_txid_str: txid, output_index: Number(index) };
}

/** LND's peers agree on a closing within so long, or not at all. ms. */
const NEGOTIATION_MS = 60_000;

/** Asked again while it negotiates, LND forgets what its peer has said already, and the closing is stuck: once is enough. */
export function closeChannels(client: LndClient): (order: CloseOrder) => Promise<CloseAnswer> {
  const begun = new Map<ChannelId, number>();
  return async (order) => {
    const since = performance.now() - (begun.get(order.channel) ?? Number.NEGATIVE_INFINITY);
    if (!order.force && since < NEGOTIATION_MS) return { kind: 'closing' };
    const answer = await closeChannel(client, order);
    if (answer.kind === 'closing') begun.set(order.channel, performance.now());
    return answer;
  };
}

/** @throws LndError when LND does not answer: asked again, it closes the channel once */
async function closeChannel(client: LndClient, { channel, force }: CloseOrder): Promise<CloseAnswer> {
  const updates = client.lightning.closeChannel({
    channel_point: channelPoint(channel),
    force,
    no_wait: !force,
  });
  try {
    for await (const _ of updates) return { kind: 'closing' };
    throw new Error('LND ended the closing of the channel without a word');
  } catch (error) {
    if (!(error instanceof LndError) || isAway(error)) throw error;
    if (await isClosing(client, channel)) return { kind: 'closing' };
    return { kind: 'refused', reason: reasonOf(error), detail: untrusted(error.message) };
  }
}

/** On its way out, or gone. */
async function isClosing({ lightning }: LndClient, channel: ChannelId): Promise<boolean> {
  const pending = await lightning.pendingChannels({});
  const closing = [...pending.waiting_close_channels, ...pending.pending_force_closing_channels];
  if (closing.some((each) => each.channel?.channel_point === channel)) return true;
  const { channels } = await lightning.closedChannels({});
  return channels.some(({ channel_point }) => channel_point === channel);
}

function reasonOf({ message }: LndError): CloseRefusal {
  if (/offline/i.test(message)) return 'peer_offline';
  return /htlc/i.test(message) ? 'htlcs_pending' : 'no_channel';
}

/**
 * LND tells whole satoshis; own parts are known to the millisatoshi. Of a channel that is closing it does not tell
 * whose its HTLCs are: own parts without an end that hang nowhere else hang there.
 */
export async function pendingHtlcs(client: LndClient, parts: Parts): Promise<readonly PendingHtlc[]> {
  const [{ channels }, pending] = await Promise.all([
    client.lightning.listChannels({}),
    client.lightning.pendingChannels({}),
  ]);
  const own = [...parts.open()];
  const takeOwn = (hash: string, amountSat: string) => {
    const at = own.findIndex(
      (each) => each.hash === hash && each.leavesMsat / MSAT_PER_SAT === BigInt(amountSat),
    );
    return at < 0 ? null : own.splice(at, 1)[0];
  };
  const onOpen = channels.flatMap((channel) =>
    channel.pending_htlcs.map((htlc): PendingHtlc => {
      const hash = hex(htlc.hash_lock);
      const part = htlc.incoming ? null : takeOwn(hash, htlc.amount);
      return {
        direction: htlc.incoming ? 'in' : 'out',
        paymentHash: paymentHash(hash),
        amountMsat: part ? part.leavesMsat : msat(satToMsat(htlc.amount)),
        cltvExpiry: htlc.expiration_height,
        channel: channelId(channel.channel_point),
        origin: htlc.forwarding_channel === '0' ? 'own' : 'forward',
      };
    }),
  );
  const closing = [...pending.waiting_close_channels, ...pending.pending_force_closing_channels];
  const point = closing[0]?.channel?.channel_point;
  if (point === undefined) return onOpen;
  const lost = own.filter((part) => part.attempt !== null);
  const onClosing = lost.map(
    (part): PendingHtlc => ({
      direction: 'out',
      paymentHash: part.hash,
      amountMsat: part.leavesMsat,
      cltvExpiry: 0,
      channel: channelId(point),
      origin: 'own',
    }),
  );
  return [...onOpen, ...onClosing];
}
