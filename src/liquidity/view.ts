/** An order as the API shows it. Amounts are decimal strings of msat, times ISO 8601. */
import { amountOf, type StoredOrder } from './store.ts';

const text = (msat: bigint | null): string | null => (msat === null ? null : msat.toString());
const time = (ms: number): string => new Date(ms).toISOString();
const timeOrNull = (ms: number | null): string | null => (ms === null ? null : time(ms));

export function orderView({ order, ...meta }: StoredOrder) {
  const { terms } = order;
  return {
    id: order.id,
    kind: terms.kind,
    node: order.nodeId as string,
    state: order.state,
    amount_msat: text(amountOf(terms)),
    peer: terms.kind === 'open' ? (terms.peer as string) : null,
    address: terms.kind === 'send' ? terms.address : null,
    channel: (terms.kind === 'close' ? terms.channel : order.channel) as string | null,
    force: terms.kind === 'close' && terms.force,
    private: terms.kind === 'open' && terms.private,
    fee_rate_sat_per_vb: terms.kind === 'close' ? null : terms.feeRateSatPerVb,
    txid: order.txid,
    fee_msat: text(order.feeMsat),
    failure: order.failure,
    detail: order.detail,
    principal: meta.principal,
    created_at: time(meta.createdAt),
    published_at: timeOrNull(meta.publishedAt),
    ended_at: timeOrNull(meta.endedAt),
  };
}
