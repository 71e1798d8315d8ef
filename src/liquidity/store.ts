/** Orders as they are stored. */
import { instant, type Statements, type Tx } from '../kit/db.ts';
import type { ChannelId, NodeId, NodePubkey } from '../lightning/ids.ts';
import type { Msat } from '../money/msat.ts';
import type { ChainFailure, ChainOrder, ChainOrderState, ChainTerms } from './order.ts';

export interface StoredOrder {
  readonly order: ChainOrder;
  /** The name of whoever ordered it. */
  readonly principal: string;
  /** ms since 1970, these four. */
  readonly deadlineAt: number;
  readonly createdAt: number;
  readonly publishedAt: number | null;
  readonly endedAt: number | null;
}

interface Row {
  readonly id: string;
  readonly node_id: NodeId;
  readonly kind: ChainTerms['kind'];
  readonly token: string;
  readonly amount_msat: Msat | null;
  readonly peer: NodePubkey | null;
  readonly host: string | null;
  readonly private: boolean;
  readonly channel: ChannelId | null;
  readonly force: boolean;
  readonly address: string | null;
  readonly fee_rate_sat_per_vb: number | null;
  readonly state: ChainOrderState;
  readonly txid: string | null;
  readonly fee_msat: Msat | null;
  readonly failure: ChainFailure | null;
  readonly detail: string | null;
  readonly principal: string;
  readonly deadline_at: number;
  readonly created_at: number;
  readonly published_at: number | null;
  readonly ended_at: number | null;
}

const ORDER = `select id, node_id, kind, token, amount_msat, peer, host, private, channel, force, address,
  fee_rate_sat_per_vb, state, txid, fee_msat, failure, detail, principal, deadline_at, created_at, published_at,
  ended_at from chain_order`;

export const findOrder = async (read: Statements, id: string): Promise<StoredOrder | null> =>
  storedOrNull(await read.maybe<Row>(`${ORDER} where id = $1`, [id]));

export const lockOrder = async (tx: Tx, id: string): Promise<StoredOrder | null> =>
  storedOrNull(await tx.maybe<Row>(`${ORDER} where id = $1 for update`, [id]));

/** Those without an end that are about this channel of the node. */
export const lockOrdersOfChannel = async (tx: Tx, node: NodeId, channel: ChannelId): Promise<StoredOrder[]> =>
  (
    await tx.query<Row>(
      `${ORDER} where node_id = $1 and channel = $2 and state in ('pending', 'unknown', 'published')
       order by id for update`,
      [node, channel],
    )
  ).map(stored);

export const listOrders = async (
  read: Statements,
  page: { readonly before: { at: number; id: string } | null; readonly limit: number },
): Promise<StoredOrder[]> =>
  (
    await read.query<Row>(
      `${ORDER} where (created_at, id) < ($1::timestamptz, $2) order by created_at desc, id desc limit $3`,
      [page.before === null ? 'infinity' : instant(page.before.at), page.before?.id ?? '', page.limit],
    )
  ).map(stored);

export async function insertOrder(tx: Tx, { order, ...meta }: StoredOrder): Promise<void> {
  const { terms } = order;
  await tx.query(
    `insert into chain_order (id, node_id, kind, token, amount_msat, peer, host, private, channel, force, address,
                              fee_rate_sat_per_vb, state, principal, deadline_at, created_at, epoch)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, (select epoch from past))`,
    [
      order.id,
      order.nodeId,
      terms.kind,
      order.token,
      amountOf(terms),
      terms.kind === 'open' ? terms.peer : null,
      terms.kind === 'open' ? terms.host : null,
      terms.kind === 'open' && terms.private,
      terms.kind === 'close' ? terms.channel : null,
      terms.kind === 'close' && terms.force,
      terms.kind === 'send' ? terms.address : null,
      terms.kind === 'close' ? null : terms.feeRateSatPerVb,
      order.state,
      meta.principal,
      instant(meta.deadlineAt),
      instant(meta.createdAt),
    ],
  );
}

/** What changes about an order; gives it as it is stored now. */
export const saveOrder = async (tx: Tx, order: ChainOrder): Promise<StoredOrder> =>
  stored(
    await tx.one<Row>(
      `update chain_order set state = $2, channel = $3, txid = $4, fee_msat = $5, failure = $6, detail = $7,
         published_at = case when $2 in ('published', 'confirmed') then coalesce(published_at, now()) end,
         ended_at = case when $2 in ('confirmed', 'failed') then now() end
       where id = $1
       returning ${ORDER.slice('select '.length, ORDER.indexOf(' from chain_order'))}`,
      [order.id, order.state, order.channel, order.txid, order.feeMsat, order.failure, order.detail],
    ),
  );

export interface Clearance {
  readonly panic: boolean;
  readonly drained: boolean;
  /** Not by hand: what the node sees, or is, is not to be trusted. */
  readonly ruled: boolean;
  /** This database was put back, and what some node did since is not in the books. */
  readonly unimported: boolean;
  /** The order is from before that: it may have been begun. */
  readonly outdated: boolean;
}

/** Asked right before the node is. One statement, so one moment. */
export const readChainClearance = (read: Statements, id: string): Promise<Clearance> =>
  read.one<Clearance>(
    `select (select is_on from panic) as panic,
            exists (select from node_drain where node_drain.node_id = chain_order.node_id) as drained,
            exists (select from node_drain
                    where node_drain.node_id = chain_order.node_id and cause <> 'hand') as ruled,
            past.identity is distinct from database_identity() or exists (
              select from node_session where greatest(imported_epoch, waived_epoch) < past.epoch) as unimported,
            chain_order.epoch < past.epoch as outdated
     from chain_order, past where chain_order.id = $1`,
    [id],
  );

export const amountOf = (terms: ChainTerms): Msat | null => {
  if (terms.kind === 'close') return null;
  return terms.kind === 'open' ? terms.capacityMsat : terms.amountMsat;
};

const storedOrNull = (row: Row | null): StoredOrder | null => (row === null ? null : stored(row));

const stored = (row: Row): StoredOrder => ({
  order: {
    id: row.id,
    nodeId: row.node_id,
    token: row.token,
    terms: termsOf(row),
    state: row.state,
    channel: row.channel,
    txid: row.txid,
    feeMsat: row.fee_msat,
    failure: row.failure,
    detail: row.detail,
  },
  principal: row.principal,
  deadlineAt: row.deadline_at,
  createdAt: row.created_at,
  publishedAt: row.published_at,
  endedAt: row.ended_at,
});

function termsOf(row: Row): ChainTerms {
  const { kind, amount_msat: amountMsat, fee_rate_sat_per_vb: feeRateSatPerVb } = row;
  if (kind === 'close' && row.channel !== null) return { kind, channel: row.channel, force: row.force };
  if (kind === 'open' && amountMsat !== null && row.peer !== null) {
    const { peer, host } = row;
    return { kind, peer, host, capacityMsat: amountMsat, private: row.private, feeRateSatPerVb };
  }
  if (kind === 'send' && amountMsat !== null && row.address !== null) {
    return { kind, address: row.address, amountMsat, feeRateSatPerVb };
  }
  throw new Error(`order ${row.id} lacks a part of its terms`);
}
