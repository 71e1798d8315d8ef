/** Channels that come and go between simulated nodes, paid for with coins. */
import { untrusted } from '../../lightning/ids.ts';
import { MSAT_PER_SAT, msat, ZERO_MSAT } from '../../money/msat.ts';
import type { CloseAnswer, CloseOrder, CloseRefusal, OpenAnswer, OpenOrder, OpenRefusal } from '../node.ts';
import { FUNDING_FEE_MSAT } from './coins.ts';
import { type ChannelState, endOf, isActive, type NodeState, otherEnd, tellChanged } from './state.ts';
import type { Topology } from './topology.ts';

const CONFIRMATIONS = 3;
/** Blocks until the coins of a closed channel are in the wallets: by agreement, and without the peer. */
const AGREED_BLOCKS = 1;
const FORCED_BLOCKS = 6;

export interface Channels {
  open(from: NodeState, order: OpenOrder): OpenAnswer;
  close(by: NodeState, order: CloseOrder): CloseAnswer;
  /** After a block: coins come home. */
  conclude(): void;
}

interface Closing {
  readonly channel: ChannelState;
  readonly height: number;
}

const refuseOpen = (reason: OpenRefusal, detail: string): OpenAnswer => ({
  kind: 'refused',
  reason,
  detail: untrusted(detail),
});
const refuseClose = (reason: CloseRefusal, detail: string): CloseAnswer => ({
  kind: 'refused',
  reason,
  detail: untrusted(detail),
});

export function channels(world: Topology): Channels {
  let closings: Closing[] = [];

  function openNew(from: NodeState, order: OpenOrder): OpenAnswer {
    const { capacityMsat, pushMsat } = order;
    const to = world.nodeBy(order.peer);
    if (to === undefined || !to.faults.up || world.unlinked(from, to)) {
      return refuseOpen('peer_offline', `${from.name} cannot reach ${order.peer}`);
    }
    if (to === from) return refuseOpen('peer_refused', `${from.name} opens no channel to itself`);
    const cost = capacityMsat + FUNDING_FEE_MSAT;
    if (from.onchainMsat < cost) {
      return refuseOpen('insufficient_funds', `${from.name} has ${from.onchainMsat} msat of ${cost}`);
    }
    const plan = { from: from.name, to: to.name, capacityMsat, pushMsat, private: order.private };
    const channel = world.addChannel(plan, CONFIRMATIONS);
    from.onchainMsat -= cost;
    const localMsat = msat(capacityMsat - pushMsat);
    const opened = { kind: 'channel_opened', channel: channel.id } as const;
    const fundingFeeMsat = msat(FUNDING_FEE_MSAT);
    from.log.append({ ...opened, localMsat, remoteMsat: pushMsat, fundingFeeMsat });
    to.log.append({ ...opened, localMsat: pushMsat, remoteMsat: localMsat, fundingFeeMsat: null });
    return { kind: 'opened', channel: channel.id };
  }

  return {
    open(from, order) {
      const before = from.opened.get(order.token);
      if (before !== undefined) return before;
      const answer = openNew(from, order);
      from.opened.set(order.token, answer);
      return answer;
    },
    close(by, { channel: id, force }) {
      if (closings.some(({ channel }) => channel.id === id)) return { kind: 'closing' };
      const channel = by.channels.find((each) => each.id === id);
      if (channel === undefined) return refuseClose('no_channel', `${by.name} has no channel ${id}`);
      if (channel.ends.some(({ offered }) => offered.size > 0)) {
        return refuseClose('htlcs_pending', 'payments hang on it');
      }
      const reached = otherEnd(channel, endOf(channel, by)).node.faults.up && channel.linked;
      if (!force && !reached) return refuseClose('peer_offline', 'its peer is away');
      world.removeChannel(channel);
      for (const { node, localMsat } of channel.ends) {
        node.log.append({ kind: 'channel_closed', channel: id, localMsat });
      }
      tellChanged(channel);
      const blocks = force || !isActive(channel) ? FORCED_BLOCKS : AGREED_BLOCKS;
      closings.push({ channel, height: world.height() + blocks });
      return { kind: 'closing' };
    },
    conclude() {
      const ripe = closings.filter(({ height }) => height <= world.height());
      closings = closings.filter(({ height }) => height > world.height());
      for (const { channel } of ripe) for (const { node } of channel.ends) bringHome(channel, node);
    },
  };
}

/** What is less than a satoshi goes to the miners. */
function bringHome(channel: ChannelState, node: NodeState): void {
  const { localMsat } = endOf(channel, node);
  const cost = localMsat % MSAT_PER_SAT;
  const amountMsat = localMsat - cost;
  const txid = channel.id;
  node.onchainMsat += amountMsat;
  if (amountMsat > 0n) node.log.append({ kind: 'coins_returned', txid, amountMsat, feeMsat: ZERO_MSAT });
  node.log.append({ kind: 'channel_resolved', channel: channel.id, costMsat: cost });
}
