/** One thing to be done on the chain at an own node, and what has become of it. Pure. */
import type { ChannelId, NodeId, NodePubkey } from '../lightning/ids.ts';
import type { Msat } from '../money/msat.ts';
import type { CloseRefusal, OnchainAnswer, OpenRefusal } from '../nodes/node.ts';

export type ChainTerms =
  | {
      readonly kind: 'open';
      readonly peer: NodePubkey;
      /** HOST:PORT; null: it is a peer already. */
      readonly host: string | null;
      readonly capacityMsat: Msat;
      readonly private: boolean;
      readonly feeRateSatPerVb: number | null;
    }
  | { readonly kind: 'close'; readonly channel: ChannelId; readonly force: boolean }
  | {
      readonly kind: 'send';
      readonly address: string;
      readonly amountMsat: Msat;
      readonly feeRateSatPerVb: number | null;
    };

/**
 * `pending`: written down, and not done as far as is known. `unknown`: the node was asked, and has not answered; it is
 * asked again. `published`: the transaction is out, or the closing has begun. `confirmed`: the channel is usable, the
 * closed one's coins are home, what was sent is in a block. `failed`: proven not to have been done.
 */
export const CHAIN_ORDER_STATES = ['pending', 'unknown', 'published', 'confirmed', 'failed'] as const;
export type ChainOrderState = (typeof CHAIN_ORDER_STATES)[number];

export type ChainFailure =
  | OpenRefusal
  | CloseRefusal
  | Extract<OnchainAnswer, { kind: 'refused' }>['reason']
  | 'node_drained'
  | 'unsupported'
  | 'timeout';

export interface ChainOrder {
  readonly id: string;
  readonly nodeId: NodeId;
  /** Names it to the node; 32 bytes hex. */
  readonly token: string;
  readonly terms: ChainTerms;
  readonly state: ChainOrderState;
  /** Of the channel to open, once it is known. */
  readonly channel: ChannelId | null;
  readonly txid: string | null;
  readonly feeMsat: Msat | null;
  readonly failure: ChainFailure | null;
  readonly detail: string | null;
}

export type ChainEvent =
  | { readonly kind: 'unanswered'; readonly detail: string }
  | { readonly kind: 'refused'; readonly failure: ChainFailure; readonly detail: string }
  | {
      readonly kind: 'published';
      readonly channel?: ChannelId;
      readonly txid?: string;
      readonly feeMsat?: Msat;
    }
  | { readonly kind: 'confirmed' };

export const isOver = ({ state }: Pick<ChainOrder, 'state'>): boolean =>
  state === 'confirmed' || state === 'failed';
/** The node has not answered for good: it is yet to be asked, or asked again. */
export const isToDo = ({ state }: Pick<ChainOrder, 'state'>): boolean =>
  state === 'pending' || state === 'unknown';

/** The same object: nothing changes. */
export function decide(order: ChainOrder, event: ChainEvent): ChainOrder {
  if (isOver(order)) return order;
  if (event.kind === 'confirmed') return { ...order, state: 'confirmed', detail: null };
  if (!isToDo(order)) return order;
  switch (event.kind) {
    case 'unanswered':
      return { ...order, state: 'unknown', detail: event.detail };
    case 'refused':
      return { ...order, state: 'failed', failure: event.failure, detail: event.detail };
    case 'published':
      return {
        ...order,
        state: 'published',
        channel: event.channel ?? order.channel,
        txid: event.txid ?? order.txid,
        feeMsat: event.feeMsat ?? order.feeMsat,
        detail: null,
      };
  }
}
