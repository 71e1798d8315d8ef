/** What people do with their nodes in a test: addresses, peers, channels, invoices, payments. Amounts in sat. */
import type { Lnd } from './lnd.ts';
import { RestRefused } from './rest.ts';
import { until } from './until.ts';

export interface PlannedChannel<Name extends string = string> {
  /** Opens it and pays for it. */
  readonly from: Name;
  readonly to: Name;
  readonly capacitySat: number;
  /** What the other side has at the start. Default 0. */
  readonly pushSat?: number;
  /** What `from` charges over it, where that is not what it charges elsewhere. */
  readonly fromFee?: { readonly baseMsat: number; readonly ppm: number };
  /** Not announced. Default false. */
  readonly private?: boolean;
}

export async function newAddress(node: Lnd): Promise<string> {
  return (await node.rest<{ address: string }>('GET', '/v1/newaddress?type=TAPROOT_PUBKEY')).address;
}

/** At the tip of its chain, or of the chain which that one follows, and says so itself. */
export async function isSynced(node: Lnd): Promise<boolean> {
  type Info = { block_height: number; synced_to_chain: boolean };
  const { block_height, synced_to_chain } = await node.rest<Info>('GET', '/v1/getinfo');
  return synced_to_chain && block_height === (await (node.chain.follows ?? node.chain).height());
}

export async function confirmedSat(node: Lnd): Promise<number> {
  return Number(
    (await node.rest<{ confirmed_balance: string }>('GET', '/v1/balance/blockchain')).confirmed_balance,
  );
}

/** Peers from now on, also after restarts; resolves when they are. */
export async function connect(from: Lnd, to: Lnd): Promise<void> {
  await until(`${from.name} to connect to ${to.name}`, async () => {
    const { peers } = await from.rest<{ peers: { pub_key: string }[] }>('GET', '/v1/peers');
    if (peers.some(({ pub_key }) => pub_key === to.pubkey)) return true;
    const addr = { pubkey: to.pubkey, host: `${to.host}:${to.p2pPort}` };
    await from.rest('POST', '/v1/peers', { addr, perm: true }).catch((error: unknown) => {
      if (!(error instanceof RestRefused && error.message.includes('already connected'))) throw error;
    });
    return false;
  });
}

/** All in one funding transaction, which wants blocks. @returns its txid */
export async function openChannels(
  from: Lnd,
  channels: readonly (Omit<PlannedChannel, 'from' | 'to'> & { readonly to: Lnd })[],
): Promise<string> {
  const batch = channels.map(({ to, capacitySat, pushSat = 0, fromFee, ...rest }) => ({
    node_pubkey: Buffer.from(to.pubkey, 'hex').toString('base64'),
    local_funding_amount: String(capacitySat),
    push_sat: String(pushSat),
    private: rest.private ?? false,
    ...(fromFee && {
      base_fee: String(fromFee.baseMsat),
      fee_rate: String(fromFee.ppm),
      use_base_fee: true,
      use_fee_rate: true,
    }),
  }));
  type Opened = { pending_channels: { txid: string }[] };
  const { pending_channels } = await from.rest<Opened>('POST', '/v1/channels/batch', {
    channels: batch,
    sat_per_vbyte: '2',
  });
  return Buffer.from(pending_channels[0]?.txid ?? '', 'base64')
    .reverse()
    .toString('hex');
}

/** @returns their funding outpoints, `txid:index` */
export async function activeChannels(node: Lnd): Promise<string[]> {
  type Channels = { channels: { channel_point: string }[] };
  const { channels } = await node.rest<Channels>('GET', '/v1/channels?active_only=true');
  return channels.map(({ channel_point }) => channel_point);
}

/**
 * Channels of the node's graph whose two ends have both told their fees; of unannounced ones a node knows its own.
 *
 * @returns their funding outpoints, `txid:index`
 */
export async function knownChannels(node: Lnd, which: 'announced' | 'all' = 'announced'): Promise<string[]> {
  type Graph = { edges: { chan_point: string; node1_policy: unknown; node2_policy: unknown }[] };
  const path = `/v1/graph?include_unannounced=${which === 'all'}`;
  const { edges } = await node.rest<Graph>('GET', path);
  return edges
    .filter(({ node1_policy, node2_policy }) => node1_policy && node2_policy)
    .map(({ chan_point }) => chan_point);
}

/** @returns a BOLT 11 invoice */
export async function invoice(node: Lnd, amountSat: number, memo = ''): Promise<string> {
  const body = { value: String(amountSat), memo };
  return (await node.rest<{ payment_request: string }>('POST', '/v1/invoices', body)).payment_request;
}

export interface Paid {
  readonly preimage: string;
  readonly feeMsat: bigint;
}

/** @throws Error with LND's reason where the payment fails */
export async function pay(node: Lnd, paymentRequest: string, feeLimitSat = 1_000): Promise<Paid> {
  type Payment = { status: string; payment_preimage: string; fee_msat: string; failure_reason: string };
  const { status, failure_reason, payment_preimage, fee_msat } = await node.rest<Payment>(
    'POST',
    '/v2/router/send',
    {
      payment_request: paymentRequest,
      fee_limit_sat: String(feeLimitSat),
      timeout_seconds: 30,
      no_inflight_updates: true,
    },
  );
  if (status !== 'SUCCEEDED') throw new Error(`${node.name} could not pay: ${failure_reason}`);
  return { preimage: payment_preimage, feeMsat: BigInt(fee_msat) };
}
