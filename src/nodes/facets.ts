/**
 * What only some daemons can do. A facet is there as a whole or not at all; what each does for its user, and what is
 * lost without it, is in `facet_catalogue.ts`. All values are structured-cloneable. A call that throws has proved nothing.
 *
 * What streams deliver comes in order, and the next waits until `deliver` has resolved; if it rejects, the same comes
 * again. A stream mends itself when the daemon was away. It has no memory: `listening` says that from here on nothing is
 * missed, while something before may have been.
 */
import type {
  ChannelId,
  NodePubkey,
  PaymentHash,
  Preimage,
  ShortChannelId,
  Untrusted,
} from '../lightning/ids.ts';
import type { Msat } from '../money/msat.ts';
import type { CreatedInvoice, InvoiceOrder, PartOrder, SendAnswer, Subscription } from './node.ts';

export interface Listening {
  readonly kind: 'listening';
}

/** An invoice whose payment the node holds until it is told what to do with it. */
export interface HoldOrder extends InvoiceOrder {
  readonly paymentHash: PaymentHash;
  /** Blocks that an HTLC has left at least when it comes: the longest that it can be held, less the node's margin. */
  readonly finalCltvDelta: number;
}
/**
 * `accepted`: the whole amount is held. At `expiryHeight` (block) the first HTLC of it expires; LND gives all of them
 * back 12 blocks earlier (its option `invoices.holdexpirydelta`).
 */
export type HoldState =
  | { readonly kind: 'pending' | 'cancelled' }
  | { readonly kind: 'accepted'; readonly heldMsat: Msat; readonly expiryHeight: number }
  | { readonly kind: 'settled'; readonly receivedMsat: Msat };
/** `pending`: nothing is held (any more), so nothing was taken. */
export type SettleHoldAnswer = { readonly kind: 'settled' | 'pending' | 'cancelled' | 'not_found' };
export type CancelHoldAnswer = { readonly kind: 'cancelled' | 'settled' | 'not_found' };

export interface HoldInvoices {
  /**
   * The same hash again gives the invoice that it gave at first.
   * @throws Error where the node has another invoice with this hash: other terms, or a preimage of its own
   */
  issue(order: HoldOrder): Promise<CreatedInvoice>;
  /** Takes what is held. As often as it is asked: settled stays settled. */
  settle(preimage: Preimage): Promise<SettleHoldAnswer>;
  /** Gives back what is held, and refuses what comes later. */
  cancel(hash: PaymentHash): Promise<CancelHoldAnswer>;
  /**
   * Delivers the state as it is and after each change, and ends with `settled` or `cancelled`. Where the node knows no
   * such invoice it waits for one.
   */
  watch(hash: PaymentHash, deliver: (state: HoldState) => Promise<void>): Subscription;
}

/** A payment that nobody asked for: the payee finds the preimage in the onion. Source: bLIP 3. */
export interface KeysendOrder extends Pick<PartOrder, 'token' | 'paymentHash' | 'route'> {
  readonly preimage: Preimage;
}
export interface Keysend {
  /** As `sendPart`, with the same tokens, lookups and events. The route delivers the whole: there are no parts. */
  send(order: KeysendOrder): Promise<SendAnswer>;
}

/** What one end of a channel asks for forwarding over it. Source: BOLT 7, `channel_update`. */
export interface ChannelPolicy {
  readonly feeBaseMsat: Msat;
  readonly feePpm: number;
  /** Blocks. */
  readonly cltvDelta: number;
  readonly htlcMinMsat: Msat;
  readonly htlcMaxMsat: Msat;
  /** Added to the fee of what comes in over this channel; below zero a discount. Source: bLIP 18. */
  readonly inboundFeeBaseMsat: bigint;
  readonly inboundFeePpm: number;
}
export interface SeenPolicy extends ChannelPolicy {
  /** Its owner forwards nothing over the channel now. */
  readonly disabled: boolean;
}
/** Null: not known (yet). */
export interface ChannelPolicies {
  readonly channel: ChannelId;
  readonly own: SeenPolicy | null;
  readonly peer: SeenPolicy | null;
}
export type PolicyAnswer =
  | { readonly kind: 'set' }
  | { readonly kind: 'refused'; readonly reason: 'no_channel' | 'bad_value'; readonly detail: Untrusted };

export interface Policies {
  /** Of every channel that is open. */
  list(): Promise<readonly ChannelPolicies[]>;
  /** Sets all of it; payers hear of it by gossip, and may use the old one for some minutes. */
  set(channel: ChannelId, policy: ChannelPolicy): Promise<PolicyAnswer>;
}

/** Further names of a channel, by which route hints can lead over it. Source: BOLT 2, `option_scid_alias`. */
export interface Aliases {
  /** `taken`: another channel has it. Also after a restart; the peer is not told. */
  add(
    channel: ChannelId,
    alias: ShortChannelId,
  ): Promise<{ readonly kind: 'added' | 'taken' | 'no_channel' }>;
  /** LND may still follow it until it is started anew. */
  remove(
    channel: ChannelId,
    alias: ShortChannelId,
  ): Promise<{ readonly kind: 'removed' | 'not_found' | 'no_channel' }>;
}

export interface ZeroConf {
  /**
   * As long as it lasts, channels that these peers open count before their funding transaction is confirmed: a peer
   * could take it back, so name only whom you trust with the amount. All others open channels as ever.
   */
  acceptFrom(peers: readonly NodePubkey[]): Subscription;
}

/** A message between peers beside the protocol, such as those of LSPS (type 37913). Source: BOLT 1. */
export interface PeerMessage {
  readonly peer: NodePubkey;
  /** 32768 to 65535. */
  readonly type: number;
  /** Hex, of at most 65,533 bytes. Whoever connects may send whatever he likes. */
  readonly data: string;
}
export interface Messages {
  /** `sent`: it has left; whether it was read nobody says. */
  send(message: PeerMessage): Promise<{ readonly kind: 'sent' | 'not_connected' }>;
  subscribe(
    deliver: (item: Listening | ({ readonly kind: 'message' } & PeerMessage)) => Promise<void>,
  ): Subscription;
}

/** An HTLC that the node would forward, and holds until it is told what to do. */
export interface HeldHtlc {
  /** Incoming channel and number of the HTLC in it: names it for ever. */
  readonly id: string;
  readonly paymentHash: PaymentHash;
  readonly incomingMsat: Msat;
  readonly outgoingMsat: Msat;
  /** Heights at which the two HTLCs expire. */
  readonly incomingExpiry: number;
  readonly outgoingExpiry: number;
  /** The channel that the sender wants it to go over: one of the node's, an alias, or none that exists. */
  readonly outgoing: ShortChannelId;
  /** At this height the node fails it by itself. */
  readonly failsAtHeight: number;
  /** Custom records for this hop: type -> hex. */
  readonly records: Readonly<Record<string, string>>;
}
/**
 * `resume`: forward it, with another amount where one is named (msat; only peers that expect it take less).
 * `fail`: give it back, as if the channel had no liquidity. `settle`: take it; nothing goes out.
 */
export type HtlcVerdict =
  | { readonly kind: 'resume'; readonly outgoingMsat?: Msat }
  | { readonly kind: 'fail' }
  | { readonly kind: 'settle'; readonly preimage: Preimage };
export interface Interceptor extends Subscription {
  /**
   * One verdict for an HTLC, for ever: write it down before. `handed_over`: on its way to the node; a `resume` that is
   * lost on it is given back at `failsAtHeight`. `not_held`: not offered since the last `listening`, or decided.
   * @throws TypeError where the preimage is not that of the HTLC
   */
  resolve(id: string, verdict: HtlcVerdict): Promise<{ readonly kind: 'handed_over' | 'not_held' }>;
}
export interface Interception {
  /**
   * Every HTLC that the node would forward is offered, and held until `resolve`: ask for this only where somebody
   * resolves each. One at a time for a node. After each `listening` what is undecided is offered again. Whoever finds
   * that he had resumed it, before his process ended, leaves it alone: it may have gone out, and would go out twice.
   *
   * LND has to run with `--requireinterceptor`. Without, it forwards all that is held when the stream breaks.
   */
  intercept(offer: (item: Listening | ({ readonly kind: 'htlc' } & HeldHtlc)) => Promise<void>): Interceptor;
}

export interface GraphNode {
  readonly kind: 'node';
  readonly pubkey: NodePubkey;
  readonly alias: Untrusted;
  /** HOST:PORT. */
  readonly addresses: readonly Untrusted[];
}
export interface GraphChannel {
  readonly kind: 'channel';
  readonly scid: ShortChannelId;
  /** In the order of BOLT 7; `policies` are those of the same nodes, null where not known. */
  readonly nodes: readonly [NodePubkey, NodePubkey];
  readonly capacityMsat: Msat;
  readonly policies: readonly [SeenPolicy | null, SeenPolicy | null];
}
export type GraphChange =
  | GraphNode
  /** `from` asks this of what it sends to `to`. The channel may be new. */
  | {
      readonly kind: 'policy';
      readonly scid: ShortChannelId;
      readonly from: NodePubkey;
      readonly to: NodePubkey;
      readonly capacityMsat: Msat;
      readonly policy: SeenPolicy | null;
    }
  | { readonly kind: 'closed'; readonly scid: ShortChannelId; readonly height: number };
export interface Graph {
  /** The public network as the node knows it now, in pieces of at most 1,000. */
  read(): AsyncIterable<readonly (GraphNode | GraphChannel)[]>;
  /** Read the graph again after each `listening`. */
  subscribe(deliver: (changes: readonly (Listening | GraphChange)[]) => Promise<void>): Subscription;
}

/** Recovers the coins of these channels, by having the peers close them, and is encrypted by the node's seed. */
export interface ChannelBackup {
  readonly channels: readonly ChannelId[];
  /** Base64. */
  readonly data: string;
}
export interface Backups {
  read(): Promise<ChannelBackup>;
  /** The newest whenever it begins to listen, and after each channel that comes or goes. Each replaces all before. */
  subscribe(deliver: (backup: ChannelBackup) => Promise<void>): Subscription;
}

/** Signatures by the node's own key over `Lightning Signed Message:` and the text, in zbase32. */
export interface Signing {
  sign(message: string): Promise<string>;
  /** Who has signed it; null where it is no signature. Of a wrong message it gives another node: compare. */
  signerOf(message: string, signature: string): Promise<NodePubkey | null>;
}

export interface Tower {
  readonly pubkey: NodePubkey;
  /** HOST:PORT. */
  readonly addresses: readonly string[];
  /** It is given what is new; one that was removed, and has sessions, stays in the list. */
  readonly active: boolean;
  /** Sessions that it has granted; none: it guards nothing yet. */
  readonly sessions: number;
}
export interface TowerBacklog {
  /** States of channels, since the node was started: with a tower, on their way to one, taken by none. */
  readonly stored: number;
  readonly pending: number;
  readonly failed: number;
}
/** The node as a client of towers, which punish a breach while it is down. */
export interface Watchtower {
  add(tower: { readonly pubkey: NodePubkey; readonly address: string }): Promise<null>;
  /** What is stored with it stays there. `in_use`: it has states that no tower has acknowledged yet. */
  remove(pubkey: NodePubkey): Promise<{ readonly kind: 'removed' | 'not_found' | 'in_use' }>;
  list(): Promise<readonly Tower[]>;
  backlog(): Promise<TowerBacklog>;
}
