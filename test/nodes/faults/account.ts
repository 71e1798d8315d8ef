/** The books of one node over a fault: what it held before, and everything told since, is what it holds now. */
import assert from 'node:assert/strict';
import { deliveredMsat } from '../../../src/lightning/route.ts';
import { ends } from '../../../src/nodes/conformance/payment.ts';
import { watchFrom } from '../../../src/nodes/conformance/watch.ts';
import type { NodeBalances, NodeEvent, PartOrder } from '../../../src/nodes/node.ts';
import type { ConformanceName } from '../net/conformance_network.ts';
import type { Bed } from './bed.ts';

export interface Account {
  /** Everything told since the account was opened, by the driver that is there now. */
  told(): Promise<readonly NodeEvent[]>;
  /** @param sent every part that has left this node since */
  expectExact(sent?: readonly PartOrder[], balances?: NodeBalances): Promise<NodeBalances>;
  /** One end, that one, however often drivers came and went. */
  expectOneEnd(order: PartOrder, end: 'part_settled' | 'part_failed'): Promise<void>;
}

const inFlightMsat = ({ inFlight }: NodeBalances): bigint =>
  inFlight.reduce((total, htlc) => total + htlc.amountMsat, 0n);

export async function openAccount({ world, driven }: Bed, name: ConformanceName): Promise<Account> {
  const start = await driven(name).node.balances();
  async function upTo(cursor: string): Promise<readonly NodeEvent[]> {
    const watch = watchFrom(world, driven(name).node, start.cursor);
    try {
      return await watch.upTo(cursor);
    } finally {
      await watch.stop();
    }
  }
  const told = async () => upTo((await driven(name).node.balances()).cursor);
  return {
    told,
    async expectExact(sent = [], balances) {
      const now = balances ?? (await driven(name).node.balances());
      const events = await upTo(now.cursor);
      const held = start.channelsMsat + inFlightMsat(start);
      const channels = events.reduce((sum, event) => sum + channelEffect(event, sent, events), held);
      const coins = events.reduce((sum, event) => sum + coinEffect(event), start.onchainMsat as bigint);
      assert.deepEqual(
        { channels: now.channelsMsat + inFlightMsat(now), coins: now.onchainMsat as bigint },
        { channels, coins },
        `${name} at cursor ${now.cursor} holds what its events say; they are ${listed(events)}`,
      );
      return now;
    },
    async expectOneEnd(order, end) {
      const events = await told();
      assert.deepEqual(ends({ events } as Parameters<typeof ends>[0], order), [end]);
    },
  };
}

export const of = <Kind extends NodeEvent['kind']>(events: readonly NodeEvent[], kind: Kind) =>
  events.filter((event): event is Extract<NodeEvent, { kind: Kind }> => event.kind === kind);

/** What has moved money. */
export const listed = (events: readonly NodeEvent[]): string =>
  JSON.stringify(
    events.filter(({ kind }) => kind !== 'block' && kind !== 'channel_changed'),
    (_, value) => (typeof value === 'bigint' ? `${value}` : value),
  );

function channelEffect(event: NodeEvent, sent: readonly PartOrder[], all: readonly NodeEvent[]): bigint {
  switch (event.kind) {
    case 'invoice_settled':
      return event.receivedMsat;
    case 'forwarded':
      return event.feeMsat;
    case 'channel_opened':
      return event.localMsat;
    case 'channel_closed':
      return -event.localMsat;
    case 'part_settled': {
      const found = of(all, 'part_found').find(({ token }) => token === event.token);
      if (found !== undefined) return -found.amountMsat - event.feeMsat;
      const order = sent.find(({ token }) => token === event.token);
      assert(order, 'an end of a part that was never sent');
      return -deliveredMsat(order.route) - event.feeMsat;
    }
    default:
      return 0n;
  }
}

function coinEffect(event: NodeEvent): bigint {
  if (event.kind === 'channel_opened')
    return event.fundingFeeMsat === null ? 0n : -event.localMsat - event.remoteMsat - event.fundingFeeMsat;
  return event.kind === 'coins_returned' || event.kind === 'coins_moved' ? event.amountMsat : 0n;
}
