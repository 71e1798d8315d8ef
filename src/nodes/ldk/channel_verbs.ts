/** The verbs about channels and coins. */
import { type ChannelId, untrusted } from '../../lightning/ids.ts';
import { MSAT_PER_SAT } from '../../money/msat.ts';
import type { CloseAnswer, CloseOrder, OpenOrder, OpenRefusal } from '../node.ts';
import { check, describeError, fromHex, ldk, someU64, toHex } from './bindings.ts';
import { type Core, createConfig } from './core.ts';
import { type ChannelFacts, listChannels } from './facts.ts';
import { readAliases } from './gossip.ts';
import { toChannel } from './map.ts';
import { openingName } from './openings.ts';
import type { Context, Table } from './verbs.ts';

export function channelVerbs({
  records,
  graph,
}: Context): Table<
  'channels' | 'open' | 'close' | 'setForwardingFee' | 'address' | 'sendOnchain' | 'confirmations'
> {
  const { core, wallet, openings, channels: book } = records;
  const known = (channel: ChannelId): ChannelFacts | undefined =>
    listChannels(core.channels).find(({ id }) => id === channel);
  function find(channel: ChannelId): ChannelFacts {
    const facts = known(channel);
    if (facts === undefined) throw new Error(`no channel ${channel}: ask channels() for those there are`);
    return facts;
  }
  function begin(order: OpenOrder): void {
    const created = openChannel(core, order);
    if (created.kind === 'begun') openings.begin(created.temporaryId, order.token);
    else openings.refuse(order.token, created.reason, created.detail);
  }
  return {
    channels: () => () => {
      const aliases = readAliases(graph);
      return listChannels(core.channels).map((facts) => toChannel(facts, untrusted(aliases(facts.peer))));
    },
    open(order) {
      const { token } = order;
      if (openings.answer(token) === undefined && !openings.isRunning(token)) begin(order);
      return () => openings.answer(token);
    },
    close(order) {
      const closing = book.isClosing(order.channel);
      const answer: CloseAnswer = closing
        ? { kind: 'closing' }
        : closeChannel(core, order, known(order.channel));
      return () => answer;
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
    confirmations(txid) {
      const confirmations = wallet.confirmations(txid);
      return () => confirmations;
    },
    sendOnchain(order) {
      const { answer, leavesMsat, broadcast } = wallet.send(order);
      if (broadcast !== null) records.broadcast(broadcast);
      if (broadcast !== null && answer.kind === 'sent') {
        const { txid, feeMsat } = answer;
        records.journal.append({ kind: 'coins_moved', txid, amountMsat: -leavesMsat, feeMsat });
      }
      return () => answer;
    },
  };
}

type Begun =
  | { readonly kind: 'begun'; readonly temporaryId: string }
  | { readonly kind: 'refused'; readonly reason: OpenRefusal; readonly detail: string };

function openChannel(core: Core, order: OpenOrder): Begun {
  const refused = (reason: OpenRefusal, detail: string): Begun => ({ kind: 'refused', reason, detail });
  if (order.capacityMsat % MSAT_PER_SAT !== 0n) return refused('peer_refused', 'a channel holds whole sat');
  const result = core.channels.create_channel(
    fromHex(order.peer),
    order.capacityMsat / MSAT_PER_SAT,
    order.pushMsat,
    openingName(order.token),
    null,
    createConfig(!order.private),
  );
  if (result instanceof ldk.Result_ChannelIdAPIErrorZ_OK)
    return { kind: 'begun', temporaryId: toHex(result.res.get_a()) };
  const { err } = result as ldk.Result_ChannelIdAPIErrorZ_Err;
  const away = err instanceof ldk.APIError_ChannelUnavailable;
  return refused(away ? 'peer_offline' : 'peer_refused', describeError(err));
}

function closeChannel(core: Core, order: CloseOrder, facts: ChannelFacts | undefined): CloseAnswer {
  const { channel, force } = order;
  if (facts === undefined) {
    const detail = untrusted(`no channel ${channel} is open here`);
    return { kind: 'refused', reason: 'no_channel', detail };
  }
  const id = ldk.ChannelId.constructor_from_bytes(fromHex(channel));
  const peer = fromHex(facts.peer);
  const result = force
    ? core.channels.force_close_broadcasting_latest_txn(id, peer, 'closed by its owner')
    : core.channels.close_channel(id, peer);
  if (result.is_ok()) return { kind: 'closing' };
  const detail = describeError((result as ldk.Result_NoneAPIErrorZ_Err).err);
  // Two agree on an end once.
  if (/already|shut(ting)? ?down/i.test(detail)) return { kind: 'closing' };
  return { kind: 'refused', reason: 'peer_offline', detail: untrusted(detail) };
}
