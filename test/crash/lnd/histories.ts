/** Each LND's own history, over its REST gateway: shares nothing with Argosy or its driver. */
import type { Lnd } from '../../nodes/net/lnd.ts';
import type { IssuedInvoice, NodeHistory, SentHtlc } from './evidence.ts';

const PAGE = 2_000;
/** A commitment with anchors and without HTLCs: its weight, and two outputs of 330 sat. The opener pays. Source: BOLT 3. */
const COMMITMENT_WEIGHT = 1124n;
const ANCHORS_SAT = 660n;

interface Amount {
  readonly msat: string;
}
interface PaymentRow {
  readonly payment_hash: string;
  readonly htlcs: readonly {
    readonly status: 'IN_FLIGHT' | 'SUCCEEDED' | 'FAILED';
    readonly preimage: string;
    readonly route: { readonly total_amt_msat: string; readonly total_fees_msat: string };
  }[];
}
interface InvoiceRow {
  readonly r_hash: string;
  readonly state: string;
  readonly value_msat: string;
  readonly amt_paid_msat: string;
}
interface ChannelRow {
  readonly initiator: boolean;
  readonly active: boolean;
  readonly fee_per_kw: string;
  readonly pending_htlcs: readonly unknown[];
}

/** @throws where the node does not answer */
export async function readHistory(node: Lnd, own: boolean): Promise<NodeHistory> {
  const [payments, invoices, forwards, sides, coins, { channels }] = await Promise.all([
    readPayments(node),
    readInvoices(node),
    readForwards(node),
    node.rest<Record<'local_balance' | 'unsettled_remote_balance', Amount>>('GET', '/v1/balance/channels'),
    node.rest<{ total_balance: string }>('GET', '/v1/balance/blockchain'),
    node.rest<{ channels: readonly ChannelRow[] }>('GET', '/v1/channels'),
  ]);
  const costSat = channels
    .filter(({ initiator }) => initiator)
    .reduce(
      (sum, { fee_per_kw }) => sum + (BigInt(fee_per_kw) * COMMITMENT_WEIGHT) / 1_000n + ANCHORS_SAT,
      0n,
    );
  return {
    name: node.name,
    own,
    sent: payments.flatMap(sentBy),
    issued: invoices.map(issuedAs),
    forwardsMsat: forwards,
    channelsMsat:
      BigInt(sides.local_balance.msat) + BigInt(sides.unsettled_remote_balance.msat) + costSat * 1_000n,
    coinsMsat: BigInt(coins.total_balance) * 1_000n,
    hanging: channels.reduce((count, { pending_htlcs }) => count + pending_htlcs.length, 0),
    channels: channels.length,
    activeChannels: channels.filter(({ active }) => active).length,
  };
}

const STATES = { IN_FLIGHT: 'in_flight', SUCCEEDED: 'settled', FAILED: 'failed' } as const;

const sentBy = ({ payment_hash, htlcs }: PaymentRow): SentHtlc[] =>
  htlcs.map(({ status, preimage, route }) => ({
    hash: payment_hash,
    state: STATES[status],
    leftMsat: BigInt(route.total_amt_msat),
    feeMsat: BigInt(route.total_fees_msat),
    preimage: preimage === '' ? null : Buffer.from(preimage, 'base64').toString('hex'),
  }));

const issuedAs = ({ r_hash, state, value_msat, amt_paid_msat }: InvoiceRow): IssuedInvoice => ({
  hash: Buffer.from(r_hash, 'base64').toString('hex'),
  isSettled: state === 'SETTLED',
  askedMsat: BigInt(value_msat),
  paidMsat: state === 'SETTLED' ? BigInt(amt_paid_msat) : 0n,
});

const readPayments = (node: Lnd): Promise<PaymentRow[]> =>
  allPages(async (offset) => {
    const path = `/v1/payments?include_incomplete=true&max_payments=${PAGE}&index_offset=${offset}`;
    const { payments, last_index_offset } = await node.rest<{
      payments: PaymentRow[];
      last_index_offset: string;
    }>('GET', path);
    return { rows: payments, last: last_index_offset };
  });

const readInvoices = (node: Lnd): Promise<InvoiceRow[]> =>
  allPages(async (offset) => {
    const path = `/v1/invoices?num_max_invoices=${PAGE}&index_offset=${offset}`;
    const { invoices, last_index_offset } = await node.rest<{
      invoices: InvoiceRow[];
      last_index_offset: string;
    }>('GET', path);
    return { rows: invoices, last: last_index_offset };
  });

async function readForwards(node: Lnd): Promise<bigint> {
  const events = await allPages(async (offset) => {
    type History = { forwarding_events: { fee_msat: string }[]; last_offset_index: number };
    const { forwarding_events, last_offset_index } = await node.rest<History>('POST', '/v1/switch', {
      start_time: '0',
      num_max_events: PAGE,
      index_offset: Number(offset),
    });
    return { rows: forwarding_events, last: String(last_offset_index) };
  });
  return events.reduce((sum, { fee_msat }) => sum + BigInt(fee_msat), 0n);
}

/** Every page from the first on; a short one is the last. */
async function allPages<Row>(
  read: (offset: string) => Promise<{ readonly rows: readonly Row[]; readonly last: string }>,
): Promise<Row[]> {
  const found: Row[] = [];
  for (let offset = '0'; ; ) {
    const { rows, last } = await read(offset);
    found.push(...rows);
    if (rows.length < PAGE) return found;
    offset = last;
  }
}
