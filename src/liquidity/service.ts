/** Orders are written down here: checked, with their hold and their effect, in one transaction. Nothing is done yet. */
import { refuseInPanic } from '../fleet/panic.ts';
import { refuseInUnknownPast } from '../fleet/past.ts';
import { readPast } from '../fleet/past-store.ts';
import { findNode, readExposures } from '../fleet/store.ts';
import { readDrains, readPanic } from '../fleet/switch-store.ts';
import { addEffect } from '../kit/effect-store.ts';
import { newId } from '../kit/ids.ts';
import { announce } from '../kit/outbox-store.ts';
import { Problem } from '../kit/problems.ts';
import { nodeAccounts } from '../ledger/account.ts';
import { type Books, post, readBalances } from '../ledger/store.ts';
import type { NodeId } from '../lightning/ids.ts';
import { formatSat } from '../money/msat.ts';
import type { PaymentsContext } from '../payments/context.ts';
import { bookChange } from './booking.ts';
import type { ChainOrder, ChainTerms } from './order.ts';
import { amountOf, insertOrder, type StoredOrder } from './store.ts';
import { orderView } from './view.ts';

/** What a node could not begin for so long is not done any more; ms. */
const BEGIN_WITHIN_MS = 600_000;

export interface Ordered {
  /** Names it to the node, for ever: the same order has the same, also where the database has forgotten it. */
  readonly token: string;
  readonly node: NodeId;
  readonly terms: ChainTerms;
  /** The name of whoever orders it. */
  readonly principal: string;
}

/** @throws Problem; Overdrawn where the business has less than is to be sent */
export async function orderOnChain(
  context: PaymentsContext,
  tx: Books,
  { token, node, terms, principal }: Ordered,
): Promise<StoredOrder> {
  refuseInPanic(await readPanic(tx));
  refuseInUnknownPast(await readPast(tx));
  await refuseNode(context, tx, node, terms);
  const now = context.clock.now();
  const order: ChainOrder = {
    id: newId('cho', now),
    nodeId: node,
    token,
    terms,
    state: 'pending',
    channel: null,
    txid: null,
    feeMsat: null,
    failure: null,
    detail: null,
  };
  const times = { deadlineAt: now + BEGIN_WITHIN_MS, createdAt: now, publishedAt: null, endedAt: null };
  const stored = { order, principal, ...times };
  await insertOrder(tx, stored);
  post(tx, bookChange(null, order));
  await addEffect(tx, { kind: 'chain.do', key: order.id, payload: { order: order.id }, nodeId: node });
  await announce(tx, 'chain_order.pending', order.id, orderView(stored));
  return stored;
}

/** Why this node does nothing of the kind now. @throws Problem */
async function refuseNode(
  context: PaymentsContext,
  tx: Books,
  node: NodeId,
  terms: ChainTerms,
): Promise<void> {
  if ((await findNode(tx, node)) === null) {
    throw new Problem('node_unknown', `id: there is no node ${node} in the fleet; see \`argosy nodes\`.`, {
      field: 'id',
    });
  }
  const drains = (await readDrains(tx)).get(node) ?? [];
  // Whoever takes a node out of service closes its channels.
  const drain = drains.find(({ cause }) => terms.kind !== 'close' || cause !== 'hand');
  if (drain !== undefined) {
    throw new Problem(
      'node_drained',
      `id: ${node} is drained, so that it begins nothing new: ${drain.reason}. Use another node, or \`argosy node resume ${node}\`.`,
      { field: 'id' },
    );
  }
  if (terms.kind === 'open') await refuseExposure(context, tx, node);
  await refuseCoins(tx, node, terms);
}

/** A node that holds too much binds none of it in new channels. */
async function refuseExposure(context: PaymentsContext, tx: Books, node: NodeId): Promise<void> {
  const most = context.fleet().nodes.find(({ id }) => id === node)?.exposureMsatMax ?? null;
  const holds = (await readExposures(tx, [node])).get(node) ?? 0n;
  if (most === null || holds <= most) return;
  throw new Problem(
    'exposure_cap',
    `id: ${node} holds ${formatSat(holds)} sat, and may hold ${formatSat(most)}; take coins off it before it binds some in a channel.`,
    { field: 'id' },
  );
}

/** The fee comes on top, and the node may want to keep some for its channels: it has the last word. */
async function refuseCoins(tx: Books, node: NodeId, terms: ChainTerms): Promise<void> {
  const amount = amountOf(terms);
  if (amount === null) return;
  const [coins] = await readBalances(tx, [nodeAccounts(node).onchain.id]);
  const has = coins?.balance_msat ?? 0n;
  if (amount < has) return;
  const field = terms.kind === 'open' ? 'capacity_msat' : 'amount_msat';
  throw new Problem(
    'coins_insufficient',
    `${field}: ${node} has ${formatSat(has)} sat in coins, and the fee comes on top; ask for less, or send coins to it first.`,
    { field },
  );
}
