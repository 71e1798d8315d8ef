/** What LND holds at one moment: its channels and its wallet, read so that they belong together. */
import { isDenied } from './call.ts';
import type { LndClient } from './client.ts';
import { anchorsSat, commitmentCostSat, satToMsat } from './map.ts';
import type {
  Channel,
  ChannelCloseSummary,
  PendingChannelsResponse,
  PendingChannelsResponse_PendingChannel,
  PendingChannelsResponse_PendingOpenChannel,
  Transaction,
} from './proto/lightning.ts';
import type { ListLeasesResponse, UtxoLease } from './proto/walletkit.ts';

/** Wallet transactions are looked at again for so many blocks: deeper ones stay. */
export const SETTLED_DEPTH = 144;

export interface Observation {
  readonly height: number;
  readonly open: readonly Channel[];
  /** Those whose funding transaction is out. */
  readonly opening: readonly PendingChannelsResponse_PendingOpenChannel[];
  /** By funding outpoint: waiting for their closing transaction, or for what comes after it. */
  readonly closing: ReadonlyMap<string, PendingChannelsResponse_PendingChannel>;
  /** Read only when somebody has asked for them. */
  readonly closed: readonly ChannelCloseSummary[];
  /**
   * The node's own side of all channels that are not closing, with what it pays for their commitments and with every
   * outgoing HTLC.
   */
  readonly channelsMsat: bigint;
  readonly coinsMsat: bigint;
  /** Unconfirmed ones, and those of the last blocks. */
  readonly transactions: readonly Transaction[];
}

/**
 * Null: the channels moved while they were read; ask again.
 * @param since height from which on wallet transactions are wanted
 * @param isMissing does somebody wait for a channel that is none of these?
 */
export async function observe(
  client: LndClient,
  since: number,
  isMissing: (known: ReadonlySet<string>) => boolean,
): Promise<Observation | null> {
  const { lightning } = client;
  // A channel is known before its funding transaction is out: so transactions come first.
  const [{ transactions }, { block_height: height }] = await Promise.all([
    lightning.getTransactions({ start_height: Math.max(since, 0), end_height: -1 }),
    lightning.getInfo({}),
  ]);
  const before = await lightning.listChannels({});
  const [pending, balance, coins, leases] = await Promise.all([
    lightning.pendingChannels({}),
    lightning.channelBalance({}),
    lightning.walletBalance({}),
    client.wallet.listLeases({}).catch(withoutLeases),
  ]);
  const { channels: open } = await lightning.listChannels({ peer_alias_lookup: false });
  if (fingerprint(before.channels) !== fingerprint(open)) return null;
  const agreed = pending.pending_open_channels;
  const published = new Set(transactions.map(({ tx_hash }) => tx_hash));
  const opening = agreed.filter((each) => isFunded(each, published));
  const unfunded = agreed.filter((each) => !isFunded(each, published));
  const closing = closingOf(pending);
  const known = new Set([...open.map((each) => each.channel_point), ...pointsOf(agreed), ...closing.keys()]);
  const closed = isMissing(known) ? (await lightning.closedChannels({})).channels : [];
  const cost =
    open.reduce((sum, channel) => sum + (channel.initiator ? commitmentCostSat(channel) : 0n), 0n) +
    opening.reduce((sum, channel) => sum + openingCostSat(channel), 0n);
  const channelsMsat =
    BigInt(balance.local_balance?.msat ?? 0) +
    BigInt(balance.pending_open_local_balance?.msat ?? 0) -
    satToMsat(unfunded.reduce((sum, { channel }) => sum + BigInt(channel?.local_balance ?? 0), 0n)) +
    // LND calls unsettled local what comes in, and unsettled remote what goes out.
    BigInt(balance.unsettled_remote_balance?.msat ?? 0) +
    satToMsat(cost);
  const coinsMsat = satToMsat(BigInt(coins.total_balance) + keptSat(leases.locked_utxos, transactions));
  return { height, open, opening, closing, closed, channelsMsat, coinsMsat, transactions };
}

/** Two readings with the same are one moment. */
const fingerprint = (channels: readonly Channel[]): string =>
  channels
    .map(({ channel_point, num_updates, local_balance, commit_fee, pending_htlcs }) =>
      [channel_point, num_updates, local_balance, commit_fee, pending_htlcs.length].join(),
    )
    .sort()
    .join(' ');

const pointsOf = (opening: readonly PendingChannelsResponse_PendingOpenChannel[]): string[] =>
  opening.map(({ channel }) => channel?.channel_point ?? '');

function closingOf(pending: PendingChannelsResponse): Map<string, PendingChannelsResponse_PendingChannel> {
  const all = [...pending.waiting_close_channels, ...pending.pending_force_closing_channels];
  return new Map(all.flatMap(({ channel }) => (channel === null ? [] : [[channel.channel_point, channel]])));
}

export const isOurs = (channel: PendingChannelsResponse_PendingChannel): boolean =>
  channel.initiator === 'INITIATOR_LOCAL' || channel.initiator === 'INITIATOR_BOTH';

/** A macaroon that was baked for an earlier Argosy: nothing was kept by it. */
function withoutLeases(error: unknown): ListLeasesResponse {
  if (!isDenied(error)) throw error;
  return { locked_utxos: [] };
}

/**
 * Coins that the wallet keeps for a transaction to come: LND counts them nowhere, and they are the wallet's until it is
 * out. LND keeps them until it is confirmed.
 */
function keptSat(leases: readonly UtxoLease[], transactions: readonly Transaction[]): bigint {
  const spent = new Set(transactions.flatMap((tx) => tx.previous_outpoints.map(({ outpoint }) => outpoint)));
  return leases
    .filter(({ outpoint }) => !spent.has(`${outpoint?.txid_str}:${outpoint?.output_index}`))
    .reduce((sum, { value }) => sum + BigInt(value), 0n);
}

/** An own channel that both ends have agreed on holds nothing before the wallet has published its transaction. */
const isFunded = (
  { channel }: PendingChannelsResponse_PendingOpenChannel,
  published: ReadonlySet<string>,
): boolean =>
  channel === null || !isOurs(channel) || published.has(channel.channel_point.split(':')[0] ?? '');

const openingCostSat = ({ channel, commit_fee }: PendingChannelsResponse_PendingOpenChannel): bigint =>
  channel !== null && isOurs(channel) ? BigInt(commit_fee) + anchorsSat(channel.commitment_type) : 0n;
