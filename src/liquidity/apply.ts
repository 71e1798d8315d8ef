/** An order's later life: an event is decided, written, booked and announced in one transaction. */

import { addEffect } from '../kit/effect-store.ts';
import { announce } from '../kit/outbox-store.ts';
import { type Books, post } from '../ledger/store.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { NodeEvent } from '../nodes/node.ts';
import { bookChange } from './booking.ts';
import { type ChainEvent, decide } from './order.ts';
import { lockOrder, lockOrdersOfChannel, type StoredOrder, saveOrder } from './store.ts';
import { orderView } from './view.ts';

export async function applyChainEvent(tx: Books, id: string, event: ChainEvent): Promise<void> {
  const stored = await lockOrder(tx, id);
  if (stored !== null) await applyTo(tx, stored, event);
}

async function applyTo(tx: Books, { order }: StoredOrder, event: ChainEvent): Promise<void> {
  const after = decide(order, event);
  if (after === order) return;
  const saved = await saveOrder(tx, after);
  post(tx, bookChange(order, after));
  if (after.state !== order.state)
    await announce(tx, `chain_order.${after.state}`, after.id, orderView(saved));
  // The events of its node tell when a channel is gone for good; of the rest the node is asked.
  if (after.state !== 'published' || after.terms.kind === 'close') return;
  const { id, nodeId } = after;
  await addEffect(tx, { kind: 'chain.follow', key: id, payload: { order: id }, nodeId });
}

/** What a node tells of its channels, in the transaction that books it. */
export async function followChannels(tx: Books, node: NodeId, event: NodeEvent): Promise<void> {
  if (event.kind !== 'channel_closed' && event.kind !== 'channel_resolved') return;
  for (const stored of await lockOrdersOfChannel(tx, node, event.channel)) {
    const isOpening = stored.order.terms.kind === 'open';
    // One that closes was there.
    if (isOpening || event.kind === 'channel_resolved') await applyTo(tx, stored, { kind: 'confirmed' });
    else await applyTo(tx, stored, { kind: 'published' });
  }
}
