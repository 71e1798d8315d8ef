/** The effects of orders: have a node do what was ordered, and follow it until it is in a block. */
import { type Clock, within } from '../kit/clock.ts';
import { type Effect, finishEffect, postponeEffect, returnEffect } from '../kit/effect-store.ts';
import { backoffMs, type EffectHandler } from '../kit/effects.ts';
import { type Books, withBooks } from '../ledger/store.ts';
import { ZERO_MSAT } from '../money/msat.ts';
import type { LightningNode } from '../nodes/node.ts';
import type { PaymentsContext } from '../payments/context.ts';
import { applyChainEvent } from './apply.ts';
import { type ChainEvent, type ChainOrder, isToDo } from './order.ts';
import { findOrder, readChainClearance, type StoredOrder } from './store.ts';

/** How often what the panic switch holds up is looked at again. ms. */
const PANIC_WAIT_MS = 1_000;
/** An answer is waited for so long: opening takes the peer's consent. ms. */
const ANSWER_MS = 25_000;
/** Of that, until the peer is reached. ms. */
const CONNECT_MS = 5_000;
/** Blocks are minutes apart. ms. */
const FOLLOW_MS = 30_000;

export function chainEffects(context: PaymentsContext): ReadonlyMap<string, EffectHandler> {
  return new Map([
    ['chain.do', (effect) => doOrder(context, effect)],
    ['chain.follow', (effect) => followOrder(context, effect)],
  ]);
}

async function orderOf(context: PaymentsContext, effect: Effect): Promise<StoredOrder> {
  const id = String(effect.payload.order);
  const stored = await findOrder(context.db.read, id);
  if (stored === null) throw new Error(`no order ${id}`);
  return stored;
}

/** Ends the effect, or has it come again, and applies the event; or neither. */
async function conclude(
  context: PaymentsContext,
  effect: Effect,
  end: (tx: Books, effect: Effect) => Promise<boolean>,
  event: ChainEvent | null,
): Promise<void> {
  await withBooks(context.db, async (tx) => {
    const mine = await end(tx, effect);
    if (mine && event !== null) await applyChainEvent(tx, String(effect.payload.order), event);
  });
  if (event !== null) context.kick();
}
const again = (ms: number) => (tx: Books, effect: Effect) => postponeEffect(tx, effect, ms);

/**
 * The order's token names it to the node, which never does it twice: whoever finds that somebody began before asks for
 * it again, and gets the same answer. Only what nobody has begun may still be given up.
 */
async function doOrder(context: PaymentsContext, effect: Effect): Promise<void> {
  const stored = await orderOf(context, effect);
  const { order } = stored;
  if (!isToDo(order)) return conclude(context, effect, finishEffect, null);
  const fleet = context.fleet();
  const { node } = fleet.get(order.nodeId);
  const answer = await fleet.gate.pass(order.nodeId, async (hold): Promise<ChainEvent | 'stopped'> => {
    const { panic, drained, ruled, unimported, outdated } = await readChainClearance(
      context.db.read,
      order.id,
    );
    if (panic || unimported) return 'stopped';
    const begun = order.state === 'unknown' || effect.attempts > 1 || outdated;
    if (!begun && (order.terms.kind === 'close' ? ruled : drained)) {
      return { kind: 'refused', failure: 'node_drained', detail: 'the node was drained before it began' };
    }
    if (!begun && stored.deadlineAt <= context.clock.now()) {
      return { kind: 'refused', failure: 'timeout', detail: 'the node could not begin in time' };
    }
    const call = ask(context.clock, node, order, begun);
    hold(call);
    return within(context.clock, ANSWER_MS, call).catch((error: unknown): ChainEvent => {
      context.log.warn({ error, order: order.id }, 'no answer to an order; it is asked for again');
      return { kind: 'unanswered', detail: error instanceof Error ? error.message : String(error) };
    });
  });
  if (answer === 'stopped') {
    return conclude(context, effect, (tx, each) => returnEffect(tx, each, PANIC_WAIT_MS), null);
  }
  const end = answer.kind === 'unanswered' ? again(backoffMs(effect.attempts)) : finishEffect;
  return conclude(context, effect, end, answer);
}

/** @throws Error when the node does not answer, which proves nothing */
function ask(clock: Clock, node: LightningNode, order: ChainOrder, begun: boolean): Promise<ChainEvent> {
  switch (order.terms.kind) {
    case 'open':
      return askToOpen(clock, node, order, order.terms);
    case 'close':
      return askToClose(node, order.terms, begun);
    case 'send':
      return askToSend(node, order, order.terms);
  }
}

type Terms<Kind> = Extract<ChainOrder['terms'], { kind: Kind }>;
const unsupported = (what: string): ChainEvent => ({
  kind: 'refused',
  failure: 'unsupported',
  detail: `the node cannot ${what} channels from here`,
});
const feeRate = ({ feeRateSatPerVb }: { readonly feeRateSatPerVb: number | null }) =>
  feeRateSatPerVb === null ? {} : { feeRateSatPerVb };

async function askToOpen(
  clock: Clock,
  node: LightningNode,
  { token }: ChainOrder,
  terms: Terms<'open'>,
): Promise<ChainEvent> {
  const { peer, host, capacityMsat } = terms;
  if (node.facets.open === undefined) return unsupported('open');
  // Whether the peer is there the opening itself will tell.
  if (host !== null) await within(clock, CONNECT_MS, node.connect(peer, host)).catch(() => undefined);
  const order = { token, peer, capacityMsat, private: terms.private, ...feeRate(terms) };
  const answer = await node.facets.open.open({ ...order, pushMsat: ZERO_MSAT });
  if (answer.kind === 'opened') return { kind: 'published', channel: answer.channel };
  return { kind: 'refused', failure: answer.reason, detail: answer.detail };
}

async function askToClose(node: LightningNode, terms: Terms<'close'>, begun: boolean): Promise<ChainEvent> {
  if (node.facets.close === undefined) return unsupported('close');
  const answer = await node.facets.close.close(terms);
  if (answer.kind === 'closing') return { kind: 'published' };
  // What was begun before may be over by now.
  if (begun && answer.reason === 'no_channel') return { kind: 'confirmed' };
  return { kind: 'refused', failure: answer.reason, detail: answer.detail };
}

async function askToSend(
  node: LightningNode,
  { token }: ChainOrder,
  terms: Terms<'send'>,
): Promise<ChainEvent> {
  const { address, amountMsat } = terms;
  const answer = await node.sendOnchain({ token, address, amountMsat, ...feeRate(terms) });
  if (answer.kind === 'sent') return { kind: 'published', txid: answer.txid, feeMsat: answer.feeMsat };
  return { kind: 'refused', failure: answer.reason, detail: answer.detail };
}

/** Is what was published in a block yet? */
async function followOrder(context: PaymentsContext, effect: Effect): Promise<void> {
  const { order } = await orderOf(context, effect);
  if (order.state !== 'published') return conclude(context, effect, finishEffect, null);
  const { node } = context.fleet().get(order.nodeId);
  if (await isConfirmed(node, order)) return conclude(context, effect, finishEffect, { kind: 'confirmed' });
  const wait = Math.min(FOLLOW_MS, backoffMs(effect.attempts));
  return conclude(context, effect, again(wait), null);
}

async function isConfirmed(node: LightningNode, { terms, channel, txid }: ChainOrder): Promise<boolean> {
  if (terms.kind === 'open') {
    return (await node.channels()).some(({ id, scid }) => id === channel && scid !== null);
  }
  return txid !== null && ((await node.confirmations(txid)) ?? 0) > 0;
}
