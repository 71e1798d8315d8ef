/** What main thread and worker say to each other. Everything is structured-cloneable. */
import type { MessagePort } from 'node:worker_threads';
import type { ChannelId, NodePubkey, PartToken, PaymentHash } from '../../lightning/ids.ts';
import type {
  CancelAnswer,
  Channel,
  CloseAnswer,
  CloseOrder,
  CreatedInvoice,
  Cursor,
  InvoiceOrder,
  InvoiceStatus,
  NodeBalances,
  NodeEvent,
  NodeInfo,
  OnchainAnswer,
  OnchainOrder,
  OpenAnswer,
  OpenOrder,
  PartOrder,
  PartStatus,
  PendingHtlc,
  RouteAnswer,
  RouteQuestion,
  SendAnswer,
} from '../node.ts';

export interface LdkNodeOptions {
  readonly name: string;
  /** 32 bytes hex. Whoever knows it owns the node. */
  readonly seedHex: string;
  /** Told to the network: at most 32 bytes. */
  readonly alias: string;
}

/** A block as the nodes need it. */
export interface FedBlock {
  readonly height: number;
  /** 80 bytes. */
  readonly header: Uint8Array;
  readonly transactions: readonly Uint8Array[];
}

/** The block from which nodes start; they learn of everything after it. */
export interface StartingPoint {
  readonly height: number;
  /** In the order of the wire. */
  readonly hash: Uint8Array;
}

export interface WorkerStart {
  readonly nodes: readonly LdkNodeOptions[];
  /** For nodes that are new. */
  readonly startingPoint: StartingPoint;
  /** Where the nodes keep their state; null: in memory. */
  readonly file: string | null;
  /** ms between ticks: an incomplete set of parts is given up after three of them. */
  readonly tickMs: number;
}

/**
 * What is wrong with a node, on purpose.
 * `dies`: it answers nothing, sees no block, and its peers lose it.
 * `cut-off`: it answers, and all its links are down.
 * `slow`: each call waits before it is done.
 */
export type Fault =
  | { readonly kind: 'dies' | 'cut-off' }
  | { readonly kind: 'slow'; readonly delayMs: number };

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

export interface ForwardingFee {
  readonly baseMsat: number;
  readonly ppm: number;
  /** Blocks, at least 42. Default: LDK's own, 72. */
  readonly cltvDelta?: number;
}

export interface Knowledge {
  readonly channels: number;
  /** One for each direction of a channel. */
  readonly policies: number;
  /** That have announced themselves. */
  readonly nodes: number;
}

/** Every verb of a node: what it takes and what it answers. */
export interface Verbs {
  info: { takes: null; gives: NodeInfo };
  balances: { takes: null; gives: NodeBalances };
  channels: { takes: null; gives: readonly Channel[] };
  invoice: { takes: InvoiceOrder; gives: CreatedInvoice };
  lookupInvoice: { takes: PaymentHash; gives: InvoiceStatus };
  cancelInvoice: { takes: PaymentHash; gives: CancelAnswer };
  sendPart: { takes: PartOrder; gives: SendAnswer };
  lookup: { takes: PartToken; gives: PartStatus };
  pendingHtlcs: { takes: null; gives: readonly PendingHtlc[] };
  /** An address is needed where the world has not linked the two. */
  connect: { takes: { peer: NodePubkey; address: string }; gives: null };
  /** Lets peers in over TCP; port 0: any that is free. Gives the port. */
  listen: { takes: TcpAddress; gives: number };
  address: { takes: null; gives: string };
  sendOnchain: { takes: OnchainOrder; gives: OnchainAnswer };
  confirmations: { takes: string; gives: number | null };
  findRoutes: { takes: RouteQuestion; gives: RouteAnswer };
  open: { takes: OpenOrder; gives: OpenAnswer };
  close: { takes: CloseOrder; gives: CloseAnswer };
  setForwardingFee: { takes: { channel: ChannelId; fee: ForwardingFee }; gives: null };
  announce: { takes: null; gives: null };
  /** What the node's graph knows, to see gossip arrive. */
  knownGraph: { takes: null; gives: Knowledge };
  /** Puts the graph, which is written now and then, into the next commit; answers after it. */
  saveGraph: { takes: null; gives: null };
  /** While it holds, complete payments wait unclaimed. */
  hold: { takes: boolean; gives: null };
  /** Answers once there are events after the cursor. */
  events: { takes: { after: Cursor | null; limit: number }; gives: readonly NodeEvent[] };
}
export type Verb = keyof Verbs;
export type Takes<V extends Verb> = Verbs[V]['takes'];
export type Gives<V extends Verb> = Verbs[V]['gives'];

export interface CallMessage<V extends Verb = Verb> {
  readonly kind: 'call';
  readonly id: number;
  readonly node: string;
  readonly verb: V;
  readonly takes: Takes<V>;
}

/** One end of a link to a peer in another worker; bytes of the peers' transport go over the port. */
export interface LinkMessage {
  readonly kind: 'link';
  readonly node: string;
  /** Null: the other side begins. */
  readonly peer: NodePubkey | null;
  readonly port: MessagePort;
}

export type ToWorker =
  /** The first message: the blocks from the height on that the worker has named. */
  | { readonly kind: 'begin'; readonly missed: readonly FedBlock[] }
  | CallMessage
  | LinkMessage
  | { readonly kind: 'link_inside'; readonly from: string; readonly to: string }
  | { readonly kind: 'block'; readonly block: FedBlock }
  /** Null: the node is well again. */
  | { readonly kind: 'fault'; readonly node: string; readonly fault: Fault | null }
  /** Nobody waits for the answer to this call any more. */
  | { readonly kind: 'forget'; readonly id: number };

export type FromWorker =
  /** The first message: the lowest height that something is stored at; null: all nodes are new. */
  | { readonly kind: 'stored'; readonly height: number | null }
  | { readonly kind: 'ready'; readonly pubkeys: Readonly<Record<string, NodePubkey>> }
  | { readonly kind: 'answer'; readonly id: number; readonly gives: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly message: string }
  | { readonly kind: 'broadcast'; readonly transaction: Uint8Array };
