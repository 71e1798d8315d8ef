/** The verbs about channels and coins. */
import { type ChannelId, untrusted } from '../../lightning/ids.ts';
import type { CloseOrder, OpenOrder } from '../node.ts';
import { check, fromHex, ldk, someU64, toHex, unwrap } from './bindings.ts';
import { type Core, createConfig } from './core.ts';
import { type ChannelFacts, listChannels } from './facts.ts';
import { readAliases } from './gossip.ts';
import { toChannel } from './map.ts';
import type { Context, Table } from './verbs.ts';

export function channelVerbs({
  records,
  graph,
}: Context): Table<'channels' | 'open' | 'close' | 'setForwardingFee' | 'address' | 'sendOnchain'> {
  const { core, wallet, openings } = records;
  function find(channel: ChannelId): ChannelFacts {
    const facts = listChannels(core.channels).find((known) => known.id === channel);
    if (facts === undefined) throw new Error(`no channel ${channel}: ask channels() for those there are`);
    return facts;
  }
  return {
    channels: () => () => {
      const aliases = readAliases(graph);
      return listChannels(core.channels).map((facts) => toChannel(facts, untrusted(aliases(facts.peer))));
    },
    open(order) {
      const temporary = openChannel(core, order);
      openings.begin(temporary);
      return () => openings.result(temporary) ?? undefined;
    },
    close(order) {
      closeChannel(core, order, find(order.channel).peer);
      return () => null;
    },
    setForwardingFee({ channel, fee }) {
      const facts = find(channel);
      const update = ldk.ChannelConfigUpdate.constructor_new(
        ldk.Option_u32Z.constructor_some(fee.ppm),
        ldk.Option_u32Z.constructor_some(fee.baseMsat),
        fee.cltvDelta === undefined
          ? ldk.Option_u16Z.constructor_none()
          : ldk.Option_u16Z.constructor_some(fee.cltvDelta),
        ldk.Option_MaxDustHTLCExposureZ.constructor_none(),
        someU64(null),
      );
      const id = ldk.ChannelId.constructor_from_bytes(fromHex(channel));
      check(core.channels.update_partial_channel_config(fromHex(facts.peer), [id], update), 'forwarding fee');
      return () => null;
    },
    address() {
      const address = wallet.address();
      return () => address;
    },
    sendOnchain(order) {
      const { answer, broadcast } = wallet.send(order);
      if (broadcast !== null) records.broadcast(broadcast);
      return () => answer;
    },
  };
}

function openChannel(core: Core, order: OpenOrder): string {
  if (order.capacityMsat % 1000n !== 0n) throw new Error('a channel holds whole sat: round its capacity');
  const result = core.channels.create_channel(
    fromHex(order.peer),
    order.capacityMsat / 1000n,
    order.pushMsat,
    0n,
    null,
    createConfig(!order.private),
  );
  return toHex(unwrap(result, ldk.Result_ChannelIdAPIErrorZ_OK, 'create_channel').get_a());
}

function closeChannel(core: Core, { channel, force }: CloseOrder, peer: string): void {
  const id = ldk.ChannelId.constructor_from_bytes(fromHex(channel));
  const result = force
    ? core.channels.force_close_broadcasting_latest_txn(id, fromHex(peer), 'closed by its owner')
    : core.channels.close_channel(id, fromHex(peer));
  check(result, 'closing');
}
