/** The state of simulated nodes and channels. Mutable; the files beside this one change it. */
import type { Sign } from '../../lightning/bolt11.ts';
import type {
  ChannelId,
  NodePubkey,
  PartToken,
  PaymentHash,
  PaymentSecret,
  Preimage,
  ShortChannelId,
} from '../../lightning/ids.ts';
import type { Hop } from '../../lightning/route.ts';
import type { Msat } from '../../money/msat.ts';
import type { OnchainAnswer, OpenAnswer, PartFailure, PartStatus } from '../node.ts';
import type { EventLog } from './event_log.ts';
import type { FaultState } from './faults.ts';
import type { Seeded } from './seeded.ts';
import type { Time } from './time.ts';
import type { Wire } from './wire.ts';

/** What a node asks for forwarding out over a channel. Source: BOLT 7, `channel_update`. */
export interface Policy {
  readonly feeBaseMsat: number;
  readonly feePpm: number;
  readonly cltvDelta: number;
}

/** One end of a channel. Amounts are msat. */
export interface End {
  readonly node: NodeState;
  readonly policy: Policy;
  /** The node's own side, HTLCs in flight taken off. */
  localMsat: bigint;
  /** HTLCs that this end has offered and that are not over at both ends. */
  readonly offered: Set<Htlc>;
}

export interface ChannelState {
  readonly id: ChannelId;
  /** Null until the funding transaction is confirmed. */
  scid: ShortChannelId | null;
  /** The height from which on the channel may be used. */
  readonly readyHeight: number;
  readonly capacityMsat: Msat;
  /** What each end must keep. Source: BOLT 2, `channel_reserve_satoshis`. */
  readonly reserveMsat: bigint;
  readonly private: boolean;
  readonly ends: readonly [End, End];
  /** False while the two ends cannot reach each other, though both are up. */
  linked: boolean;
  /** Messages that wait for the ends to meet again. */
  parked: (() => void)[];
}

/**
 * `offered`: on its way to the receiver. `arrived`: the receiver has it. `failing` and `settling`: over at the
 * receiver, and the offering end is yet to hear of it. `over`: at both ends.
 */
export type HtlcPhase = 'offered' | 'arrived' | 'failing' | 'settling' | 'over';

export interface Htlc {
  readonly flight: Flight;
  /** Its place on the route, from 0. */
  readonly index: number;
  readonly channel: ChannelState;
  readonly from: End;
  readonly to: End;
  readonly amountMsat: Msat;
  readonly cltvExpiry: number;
  phase: HtlcPhase;
  /** Why it fails, or by what it settles, once it does. */
  failure: PartFailure | null;
  preimage: Preimage | null;
}

/** One part under way. */
export interface Flight {
  readonly token: PartToken;
  readonly paymentHash: PaymentHash;
  readonly paymentSecret: PaymentSecret;
  readonly totalMsat: Msat;
  readonly origin: NodeState;
  readonly hops: readonly Hop[];
  /** One for every channel crossed so far. */
  readonly htlcs: Htlc[];
}

export interface InvoiceState {
  readonly preimage: Preimage;
  readonly paymentHash: PaymentHash;
  readonly paymentSecret: PaymentSecret;
  readonly amountMsat: Msat | null;
  readonly expiresAt: number;
  phase: 'open' | 'held' | 'cancelled' | 'settled';
  /** What came with the payment; 0 before. */
  receivedMsat: Msat;
  /** The last HTLCs of the parts that wait for the total. */
  waiting: Htlc[];
  /** Ends the wait for the total. */
  cancelTimeout: () => void;
}

export interface NodeState {
  readonly name: string;
  readonly alias: string;
  readonly pubkey: NodePubkey;
  readonly sign: Sign;
  readonly channels: ChannelState[];
  readonly log: EventLog;
  readonly faults: FaultState;
  /** Every part ever sent, until the history is deleted. */
  readonly parts: Map<PartToken, PartStatus>;
  readonly inFlight: Map<PartToken, Flight>;
  readonly invoices: Map<PaymentHash, InvoiceState>;
  /** Invoices whose payment a fault keeps from being settled. */
  readonly held: Set<InvoiceState>;
  /** HTLCs that a fault keeps from being forwarded. */
  readonly stuck: Set<Htlc>;
  /** What is out in forwards: the node's own money until the other half comes in. */
  forwardingMsat: bigint;
  onchainMsat: bigint;
  /** Answers to orders, by their tokens. */
  readonly onchainSent: Map<string, OnchainAnswer>;
  readonly opened: Map<string, OpenAnswer>;
  /** Numbers given to invoices, addresses and the like, so that each is fresh. */
  issued: number;
}

/** What all parts of a network stand on. */
export interface Ground {
  readonly time: Time;
  readonly random: Seeded;
  readonly wire: Wire;
  /** ms that a payee waits for the rest of a total. */
  readonly partsTimeoutMs: number;
  height(): number;
  channelBy(scid: ShortChannelId): ChannelState | undefined;
  /** What a payee does with the last HTLC of a part. */
  receive(htlc: Htlc): void;
}

export const endOf = (channel: ChannelState, node: NodeState): End =>
  channel.ends[0].node === node ? channel.ends[0] : channel.ends[1];
export const otherEnd = (channel: ChannelState, end: End): End =>
  channel.ends[0] === end ? channel.ends[1] : channel.ends[0];

/** Both ends hear that the channel has changed. */
export function tellChanged({ id, ends }: ChannelState): void {
  for (const end of ends) end.node.log.append({ kind: 'channel_changed', channel: id });
}

/** Confirmed, both ends up and in touch. */
export const isActive = ({ scid, linked, ends }: ChannelState): boolean =>
  scid !== null && linked && ends[0].node.faults.up && ends[1].node.faults.up;

/** msat that this end could offer now. */
export const spendableMsat = (channel: ChannelState, end: End): bigint =>
  end.localMsat > channel.reserveMsat ? end.localMsat - channel.reserveMsat : 0n;
