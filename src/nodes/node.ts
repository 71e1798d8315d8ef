/**
 * The port: what Argosy asks of a Lightning node, whatever daemon it is.
 *
 * The core is what every driver has. A facet that a daemon lacks is absent, never thrown half way.
 * All values are structured-cloneable (they cross worker threads). A call that throws or does not answer
 * has proved nothing; only the unions below are answers.
 */
import type {
  ChannelId,
  Network,
  NodePubkey,
  PartToken,
  PaymentHash,
  PaymentSecret,
  Preimage,
  ShortChannelId,
  Untrusted,
} from '../lightning/ids.ts';
import type { Route, RouteHint } from '../lightning/route.ts';
import type { Msat } from '../money/msat.ts';
import type {
  Aliases,
  Backups,
  Graph,
  HoldInvoices,
  Interception,
  Keysend,
  Messages,
  Policies,
  Signing,
  Watchtower,
  ZeroConf,
} from './facets.ts';

/** A place in a node's event stream: opaque, compared only for equality. */
export type Cursor = string;

export interface NodeInfo {
  readonly pubkey: NodePubkey;
  readonly alias: Untrusted;
  readonly version: string;
  readonly network: Network;
  readonly blockHeight: number;
  /** Of the block at `blockHeight`: 64 hex digits, as explorers and `bitcoin-cli` write it. */
  readonly blockHash: string;
  /** How many peers are connected now. */
  readonly peers: number;
  /** False while the node lags behind its chain: it must not send then. */
  readonly synced: boolean;
  /** Its clock is so far from ours that it cannot tell a part that comes late: it must not send then. Absent: it agrees. */
  readonly clock?: 'ahead' | 'behind';
}

export interface Channel {
  readonly id: ChannelId;
  /** Null until the funding transaction is confirmed. */
  readonly scid: ShortChannelId | null;
  readonly peer: NodePubkey;
  readonly peerAlias: Untrusted;
  readonly capacityMsat: Msat;
  /** The node's own side, to the millisatoshi, without HTLCs in flight in either direction. */
  readonly localMsat: Msat;
  readonly remoteMsat: Msat;
  /** The largest HTLC that could be sent, or received, now: reserve, fees and limits taken off. */
  readonly spendableMsat: Msat;
  readonly receivableMsat: Msat;
  /**
   * How often its state has changed: never less than before, unless the node was put back to an earlier state. Null: the
   * node does not tell.
   */
  readonly updates: bigint | null;
  /** Ready, and the peer is connected. */
  readonly active: boolean;
  readonly private: boolean;
}

/** One HTLC that is not resolved yet, on one channel of the node. */
export interface PendingHtlc {
  readonly direction: 'out' | 'in';
  readonly paymentHash: PaymentHash;
  /** What this HTLC carries on this channel; outgoing: part + fee. */
  readonly amountMsat: Msat;
  readonly cltvExpiry: number;
  readonly channel: ChannelId;
  /** 'forward': the other half sits on another channel of the same node. */
  readonly origin: 'own' | 'forward';
}

/**
 * What a node holds, all read at one place of its event stream: once every event up to `cursor` is booked, the
 * ledger must say the same. A part whose end is at or before `cursor` is not in flight any more.
 */
export interface NodeBalances {
  readonly cursor: Cursor;
  /**
   * Sum of the node's own side of all channels, own HTLCs in flight taken off. What is out in a forward still
   * counts, until `forwarded` adds the fee: the events up to `cursor` explain every change.
   */
  readonly channelsMsat: Msat;
  /** Own outgoing HTLCs (amount and fees) without an end yet, one entry a part. */
  readonly inFlight: readonly { readonly paymentHash: PaymentHash; readonly amountMsat: Msat }[];
  readonly onchainMsat: Msat;
}

export interface InvoiceOrder {
  /** Null: the payer chooses the amount. */
  readonly amountMsat: Msat | null;
  /** At most 639 bytes of UTF-8 (BOLT 11). */
  readonly description: string;
  readonly expirySeconds: number;
}
export interface CreatedInvoice {
  readonly bolt11: string;
  readonly paymentHash: PaymentHash;
  /** ms since 1970. */
  readonly expiresAt: number;
}

/** `pending`: HTLCs may still come. `accepted`: they are held. `expired`: time is up, yet nothing forbids a late payment. */
export type InvoiceStatus =
  | { readonly kind: 'pending' | 'accepted' | 'cancelled' | 'expired' | 'not_found' }
  | { readonly kind: 'settled'; readonly receivedMsat: Msat; readonly preimage: Preimage };

/** After `cancelled` the node refuses every HTLC for this hash, also after a restart. The other two: too late. */
export type CancelAnswer =
  | { readonly kind: 'cancelled'; readonly preimage: Preimage | null }
  | { readonly kind: 'accepted' | 'not_found' }
  | { readonly kind: 'settled'; readonly receivedMsat: Msat };

/** One part of a total that other nodes may complete. */
export interface PartOrder {
  /** Names the part for ever: the same token is never sent twice. */
  readonly token: PartToken;
  readonly paymentHash: PaymentHash;
  readonly paymentSecret: PaymentSecret;
  /** Hex of the invoice's metadata (BOLT 11, field `m`), to be handed to the payee. */
  readonly paymentMetadata: string | null;
  /** What the payee waits for; the whole, not this part. */
  readonly totalMsat: Msat;
  /** Delivers this part's amount, at most `totalMsat`. */
  readonly route: Route;
  /**
   * A node to which the part comes later, by its own clock, refuses it: whoever asked may have been frozen, and others have
   * drawn their conclusions. ms since 1970.
   */
  readonly expiresAt: number;
}

/**
 * `accepted`: under way; the end comes as an event.
 * `refused`: proof that nothing was sent and nothing will be.
 * `duplicate`: the node knows this token (or this hash) already; look it up, it may be under way.
 */
export type SendAnswer =
  | { readonly kind: 'accepted' | 'duplicate' }
  | { readonly kind: 'refused'; readonly reason: PartFailure; readonly detail: Untrusted };

/**
 * Why a part failed. `no_liquidity`: a channel on the way could not carry it. `payee_refused`: the payee knows
 * no such payment, or does not want it: no other node would fare better. `timeout`: the payee waited for the rest
 * of the total in vain. `unattributable`: the failure could not be read.
 */
export type PartFailure =
  | 'no_route'
  | 'no_liquidity'
  | 'node_down'
  | 'payee_refused'
  | 'timeout'
  | 'unattributable';

/** `not_found` alone proves nothing: the daemon may have forgotten. See `pendingHtlcs`. */
export type PartStatus =
  | { readonly kind: 'in_flight' | 'not_found' }
  | { readonly kind: 'settled'; readonly preimage: Preimage; readonly feeMsat: Msat }
  | { readonly kind: 'failed'; readonly reason: PartFailure };

export type NodeEvent = { readonly cursor: Cursor } /**
 * A part is out that was not sent from here: by other software at this node, or under a token that was lost. How it
 * ends comes under this token. Of a payment in several parts all are told before the first of them ends. A driver may
 * tell what was sent by itself as well: while it is sent (`own`), and again to whoever reads it up later.
 */ & (
  | {
      readonly kind: 'part_found';
      readonly token: PartToken;
      readonly paymentHash: PaymentHash;
      /** What the payee gets of it; the fee comes on top. */
      readonly amountMsat: Msat;
      readonly feeMsat: Msat;
      readonly own?: true;
    }
  | {
      readonly kind: 'part_settled';
      readonly token: PartToken;
      readonly paymentHash: PaymentHash;
      readonly preimage: Preimage;
      readonly feeMsat: Msat;
    }
  | {
      readonly kind: 'part_failed';
      readonly token: PartToken;
      readonly paymentHash: PaymentHash;
      readonly reason: PartFailure;
    }
  | {
      readonly kind: 'invoice_settled';
      readonly paymentHash: PaymentHash;
      readonly receivedMsat: Msat;
      readonly preimage: Preimage;
    }
  /** An HTLC of strangers went through; `feeMsat` is what the node earned. */
  | { readonly kind: 'forwarded'; readonly amountMsat: Msat; readonly feeMsat: Msat }
  /**
   * A channel holds the node's coins: its funding transaction is out. `fundingFeeMsat`: the node has opened it, and
   * paid both sides and this fee out of its wallet; null: the peer has, and `localMsat` is a gift.
   */
  | {
      readonly kind: 'channel_opened';
      readonly channel: ChannelId;
      readonly localMsat: Msat;
      readonly remoteMsat: Msat;
      readonly fundingFeeMsat: Msat | null;
    }
  /**
   * The node's own side is out of the channel, and on its way over the chain. It comes again for HTLCs that are decided
   * later; below zero for one that had left with the channel and was another's in the end.
   */
  | { readonly kind: 'channel_closed'; readonly channel: ChannelId; readonly localMsat: bigint }
  /**
   * Coins of closed channels are in the wallet, less the fee of the transaction that brought them. Below zero: the
   * transaction was replaced before it confirmed, and its coins come with another.
   */
  | {
      readonly kind: 'coins_returned';
      readonly txid: string;
      readonly amountMsat: bigint;
      readonly feeMsat: Msat;
    }
  /**
   * Coins came into the wallet, or left it (below zero, fee included), other than for a channel: a deposit, a
   * payment on the chain, whoever asked for it. `feeMsat`: how much of what left went to the miners.
   */
  | {
      readonly kind: 'coins_moved';
      readonly txid: string;
      readonly amountMsat: bigint;
      readonly feeMsat: Msat;
    }
  /**
   * Nothing more comes of a closed channel. `costMsat`: what left it and did not come: fees of the closing
   * transaction, what was too little for the chain; below zero when the chain gave more.
   */
  | { readonly kind: 'channel_resolved'; readonly channel: ChannelId; readonly costMsat: bigint }
  /** A channel came, went or changed its state: a hint to read `channels()` again. */
  | { readonly kind: 'channel_changed'; readonly channel: ChannelId }
  | { readonly kind: 'block'; readonly height: number }
);

export interface Subscription {
  /**
   * Null after `stop`, or the error that ended it for good: then no event comes any more, and whoever wants them
   * subscribes again from where they are. A driver that mends its stream by itself stays silent. Never rejects.
   */
  readonly ended: Promise<Error | null>;
  stop(): Promise<void>;
}

export interface RouteQuestion {
  readonly payee: NodePubkey;
  readonly hints: readonly RouteHint[];
  /** The invoice's feature bits, hex of the bit field (BOLT 9); '' when it names none. */
  readonly features: string;
  readonly amountMsat: Msat;
  readonly finalCltvDelta: number;
  readonly feeLimitMsat: Msat;
  /** At most so many routes, whose amounts add up to `amountMsat`. */
  readonly maxParts: number;
}
export type RouteAnswer =
  | { readonly kind: 'routes'; readonly routes: readonly [Route, ...Route[]] }
  | { readonly kind: 'none'; readonly reason: 'no_route' | 'no_liquidity' | 'fee_limit' };

export interface OpenOrder {
  /** 32 bytes hex, named by the caller before the call: the same token never opens a second channel. */
  readonly token: string;
  readonly peer: NodePubkey;
  readonly capacityMsat: Msat;
  readonly pushMsat: Msat;
  readonly private: boolean;
  /** Of the funding transaction. Default: what the node thinks right. */
  readonly feeRateSatPerVb?: number;
  /** Usable at once, if the peer trusts us that far: see the facet `zeroConf`. Always private. */
  readonly zeroConf?: boolean;
}
/**
 * Final: asked again with the same token, the same. `opened`: the funding transaction was published. `refused`: proof
 * that none was published under this token, and none will be.
 */
export type OpenAnswer =
  | { readonly kind: 'opened'; readonly channel: ChannelId }
  | { readonly kind: 'refused'; readonly reason: OpenRefusal; readonly detail: Untrusted };
/** `peer_refused`: it, or the node itself, does not want such a channel. */
export type OpenRefusal = 'insufficient_funds' | 'peer_offline' | 'peer_refused';

export interface CloseOrder {
  readonly channel: ChannelId;
  /** Without the peer: costs more, and takes until the peer's delay is over. */
  readonly force: boolean;
}
/** `closing`: begun, now or before; `channel_closed` tells when it is done. `refused`: the channel is as it was. */
export type CloseAnswer =
  | { readonly kind: 'closing' }
  | { readonly kind: 'refused'; readonly reason: CloseRefusal; readonly detail: Untrusted };
export type CloseRefusal = 'no_channel' | 'peer_offline' | 'htlcs_pending';

/** What only some daemons can do. A driver declares a facet by having it. */
export interface Facets {
  /** Finds routes with the node's own graph and memory. */
  readonly routes?: { find(question: RouteQuestion): Promise<RouteAnswer> };
  readonly open?: { open(order: OpenOrder): Promise<OpenAnswer> };
  readonly close?: { close(order: CloseOrder): Promise<CloseAnswer> };
  readonly holdInvoices?: HoldInvoices;
  readonly keysend?: Keysend;
  readonly policies?: Policies;
  readonly aliases?: Aliases;
  readonly zeroConf?: ZeroConf;
  readonly messages?: Messages;
  readonly interception?: Interception;
  readonly graph?: Graph;
  readonly backups?: Backups;
  readonly signing?: Signing;
  readonly watchtower?: Watchtower;
}
export type Facet = keyof Facets;

export interface LightningNode {
  /** What it can do besides; a daemon's options are known once `info` has answered. */
  readonly facets: Facets;
  info(): Promise<NodeInfo>;
  balances(): Promise<NodeBalances>;
  channels(): Promise<readonly Channel[]>;
  invoice(order: InvoiceOrder): Promise<CreatedInvoice>;
  lookupInvoice(hash: PaymentHash): Promise<InvoiceStatus>;
  cancelInvoice(hash: PaymentHash): Promise<CancelAnswer>;
  sendPart(order: PartOrder): Promise<SendAnswer>;
  lookup(part: Pick<PartOrder, 'token' | 'paymentHash'>): Promise<PartStatus>;
  /** Every HTLC not yet resolved on every channel, over a live connection to the daemon. */
  pendingHtlcs(): Promise<readonly PendingHtlc[]>;
  connect(peer: NodePubkey, address: string): Promise<void>;
  /** A fresh on-chain address of the node's wallet. */
  address(): Promise<string>;
  /** The same token never spends twice. The answer is final: asked again, the same. */
  sendOnchain(order: OnchainOrder): Promise<OnchainAnswer>;
  /** Of a transaction that the wallet has sent: how many blocks have it buried; null: the wallet knows it not. */
  confirmations(txid: string): Promise<number | null>;
  /**
   * Delivers every event after `after` (null: from the beginning), in order, at least once; the next batch
   * waits until `deliver` has resolved. If `deliver` rejects, the same batch comes again.
   */
  subscribe(after: Cursor | null, deliver: (batch: readonly NodeEvent[]) => Promise<void>): Subscription;
  /**
   * Another process is about to drive the node: what runs for this one ends, and is written down. Questions are answered
   * still; whatever drives the node begins anew. Absent: nothing runs for whoever drives it.
   */
  release?(): Promise<void>;
  stop(): Promise<void>;
}

export interface OnchainOrder {
  /** 32 bytes hex, named by the caller before the call. */
  readonly token: string;
  readonly address: string;
  readonly amountMsat: Msat;
  /** Default: what the node thinks right. */
  readonly feeRateSatPerVb?: number;
}
export type OnchainAnswer =
  | { readonly kind: 'sent'; readonly txid: string; readonly feeMsat: Msat }
  | {
      readonly kind: 'refused';
      readonly reason: 'insufficient_funds' | 'bad_address';
      readonly detail: Untrusted;
    };

export const capabilities = (node: LightningNode): ReadonlySet<Facet> =>
  new Set(Object.keys(node.facets) as Facet[]);
