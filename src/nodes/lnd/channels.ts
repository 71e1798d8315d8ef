/** Channels: as they are, opened, closed; and the HTLCs that hang on them. */
import { type ChannelId, channelId, paymentHash } from '../../lightning/ids.ts';
import { MSAT_PER_SAT, msat } from '../../money/msat.ts';
import type { CloseOrder, OpenOrder, PendingHtlc } from '../node.ts';
import type { LndClient } from './client.ts';
import { bytes, hex, satToMsat } from './map.ts';
import type { Parts } from './parts.ts';
import type { ChannelPoint } from './proto/lightning.ts';

/** A channel that counts before it is confirmed has no place in the chain to be named by. Source: BOLT 2. */
const ZERO_CONF = { zero_conf: true, scid_alias: true, private: true, commitment_type: 'ANCHORS' } as const;

/** Answers once the funding transaction is out. @throws Error with LND's reason */
export async function openChannel(client: LndClient, order: OpenOrder): Promise<ChannelId> {
  const updates = client.lightning.openChannel({
    node_pubkey: bytes(order.peer),
    local_funding_amount: (order.capacityMsat / MSAT_PER_SAT).toString(),
    push_sat: (order.pushMsat / MSAT_PER_SAT).toString(),
    private: order.private,
    ...(order.zeroConf && ZERO_CONF),
    min_confs: 0,
    spend_unconfirmed: true,
  });
  for await (const update of updates) {
    const pending = update.chan_pending;
    if (pending) return channelId(`${hex(Buffer.from(pending.txid).reverse())}:${pending.output_index}`);
  }
  throw new Error('LND ended the opening of the channel without a word');
}

export function channelPoint(id: ChannelId): Partial<ChannelPoint> {
  const [txid, index] = id.split(':');
  if (txid === undefined || !/^\d+$/.test(index ?? '')) throw new TypeError(`not a channel of LND: ${id}`);
  return { funding_txid_str: txid, output_index: Number(index) };
}

/** Answers once the closing has begun. @throws Error with LND's reason */
export async function closeChannel(client: LndClient, order: CloseOrder): Promise<null> {
  const updates = client.lightning.closeChannel({
    channel_point: channelPoint(order.channel),
    force: order.force,
    no_wait: !order.force,
  });
  for await (const _ of updates) return null;
  throw new Error('LND ended the closing of the channel without a word');
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
