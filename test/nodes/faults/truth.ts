/** What LND itself says, over REST: shares nothing with the driver. Amounts in msat. */
import { createHash, randomBytes } from 'node:crypto';
import { type PaymentHash, paymentHash } from '../../../src/lightning/ids.ts';
import type { Lnd } from '../net/lnd.ts';
import { until } from '../net/until.ts';

interface Amount {
  readonly msat: string;
}
interface ChannelBalance {
  readonly local_balance: Amount;
  readonly unsettled_local_balance: Amount;
  readonly unsettled_remote_balance: Amount;
}

/** Its own side of all open channels; what an opener owes for its commitments is left out. */
export async function localMsat(lnd: Lnd): Promise<bigint> {
  const { local_balance } = await lnd.rest<ChannelBalance>('GET', '/v1/balance/channels');
  return BigInt(local_balance.msat);
}

/** With those that are kept for a transaction to come. */
export async function coinsMsat(lnd: Lnd): Promise<bigint> {
  type Balance = { total_balance: string };
  type Leases = { locked_utxos: { outpoint: { txid_str: string; output_index: number }; value: string }[] };
  type Wallet = { transactions: { previous_outpoints: { outpoint: string }[] }[] };
  const [{ total_balance }, { locked_utxos }, { transactions }] = await Promise.all([
    lnd.rest<Balance>('GET', '/v1/balance/blockchain'),
    lnd.rest<Leases>('POST', '/v2/wallet/utxos/leases', {}),
    lnd.rest<Wallet>('GET', '/v1/transactions'),
  ]);
  const spent = transactions.flatMap((tx) => tx.previous_outpoints.map(({ outpoint }) => outpoint));
  const kept = locked_utxos.filter(
    ({ outpoint: { txid_str, output_index } }) => !spent.includes(`${txid_str}:${output_index}`),
  );
  return kept.reduce((sum, { value }) => sum + BigInt(value), BigInt(total_balance)) * 1000n;
}

export async function hangingHtlcs(lnd: Lnd): Promise<number> {
  type Channels = { channels: { pending_htlcs: unknown[] }[] };
  const { channels } = await lnd.rest<Channels>('GET', '/v1/channels');
  return channels.reduce((count, { pending_htlcs }) => count + pending_htlcs.length, 0);
}

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const url64 = (hex: string): string => base64(hex).replaceAll('+', '-').replaceAll('/', '_');

/** What an invoice of this node was paid, over all its HTLCs. */
export async function paidMsat(lnd: Lnd, hash: string): Promise<bigint> {
  type Invoice = { state: string; htlcs: { state: string; amt_msat: string }[] };
  const { htlcs } = await lnd.rest<Invoice>(
    'GET',
    `/v2/invoices/lookup?payment_hash=${encodeURIComponent(url64(hash))}`,
  );
  return htlcs
    .filter(({ state }) => state === 'SETTLED')
    .reduce((sum, { amt_msat }) => sum + BigInt(amt_msat), 0n);
}

/** What the forwards in LND's history earned, oldest first. */
export async function forwardFees(lnd: Lnd): Promise<readonly bigint[]> {
  type History = { forwarding_events: { fee_msat: string }[] };
  const { forwarding_events } = await lnd.rest<History>('POST', '/v1/switch', {
    start_time: '0',
    num_max_events: 10_000,
  });
  return forwarding_events.map(({ fee_msat }) => BigInt(fee_msat));
}

export interface Hold {
  readonly hash: PaymentHash;
  readonly preimage: string;
  readonly bolt11: string;
}

/** An invoice whose HTLCs LND holds until it is told. */
export async function newHold(lnd: Lnd, amountMsat: bigint): Promise<Hold> {
  const preimage = randomBytes(32);
  const hash = paymentHash(createHash('sha256').update(preimage).digest('hex'));
  const body = { hash: base64(hash), value_msat: amountMsat.toString(), expiry: '3600' };
  const { payment_request } = await lnd.rest<{ payment_request: string }>('POST', '/v2/invoices/hodl', body);
  return { hash, preimage: preimage.toString('hex'), bolt11: payment_request };
}
/** Once its HTLCs are held. */
export const settleHeld = (lnd: Lnd, preimage: string): Promise<unknown> =>
  until('the invoice to be held', () =>
    lnd.rest('POST', '/v2/invoices/settle', { preimage: base64(preimage) }),
  );
export const cancelHeld = (lnd: Lnd, hash: string): Promise<unknown> =>
  lnd.rest('POST', '/v2/invoices/cancel', { payment_hash: base64(hash) });
