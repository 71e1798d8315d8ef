/** The worker's own record of parts: LDK forgets a payment's id after a while, a token must never be sent twice. */
import { type PartToken, type PaymentHash, type Preimage, untrusted } from '../../lightning/ids.ts';
import { feeMsat, type Route, sentMsat } from '../../lightning/route.ts';
import type { Msat } from '../../money/msat.ts';
import type { PartFailure, PartOrder, PartStatus, SendAnswer } from '../node.ts';
import type { OwnHtlc } from './map.ts';

export type PartState =
  | { readonly kind: 'in_flight' }
  /** Nothing has left; the caller is told so, and no event comes. */
  | { readonly kind: 'refused'; readonly reason: PartFailure; readonly detail: string }
  | { readonly kind: 'settled'; readonly preimage: Preimage }
  | { readonly kind: 'failed'; readonly reason: PartFailure };

export interface Part {
  readonly token: PartToken;
  readonly paymentHash: PaymentHash;
  readonly route: Route;
  readonly totalMsat: Msat;
  /** The node's channel that its HTLC crosses first. */
  readonly channel: string;
  state: PartState;
}

export interface PartBook {
  find(token: PartToken): Part | undefined;
  add(order: PartOrder, channel: string): Part;
  inFlight(): readonly Part[];
  /** HTLCs that are the node's own: parts in flight, and the last settled ones, whose HTLC may linger. */
  ownHtlcs(): readonly OwnHtlc[];
  /** The part has its end, once and for all. */
  end(part: Part, state: PartState): void;
}

/** Ended parts that are remembered, so that their tokens stay used. */
const REMEMBERED = 200_000;
/** Settled parts whose HTLC may not be removed from the commitment yet. A channel carries 483 each way. */
const LINGERING = 5_000;

const toOwnHtlc = (part: Part): OwnHtlc => ({
  channel: part.channel,
  paymentHash: part.paymentHash,
  amountMsat: sentMsat(part.route),
});

export function createPartBook(): PartBook {
  const parts = new Map<PartToken, Part>();
  const inFlight = new Set<Part>();
  const settled = new Set<Part>();

  const dropOldest = <T>(set: Set<T>, capacity: number): void => {
    for (const oldest of set) {
      if (set.size <= capacity) return;
      set.delete(oldest);
    }
  };
  /** A map keeps the order of entry: the first ended part is the oldest. */
  function forgetOldest(): void {
    for (const [token, part] of parts) {
      if (parts.size - inFlight.size <= REMEMBERED) return;
      if (part.state.kind !== 'in_flight') parts.delete(token);
    }
  }

  return {
    find: (token) => parts.get(token),
    add({ token, paymentHash, route, totalMsat }, channel) {
      const part: Part = { token, paymentHash, route, totalMsat, channel, state: { kind: 'in_flight' } };
      parts.set(token, part);
      inFlight.add(part);
      return part;
    },
    inFlight: () => [...inFlight],
    ownHtlcs: () => [...inFlight, ...settled].map(toOwnHtlc),
    end(part, state) {
      part.state = state;
      inFlight.delete(part);
      if (state.kind === 'settled') settled.add(part);
      dropOldest(settled, LINGERING);
      forgetOldest();
    },
  };
}

export function toPartStatus(part: Part | undefined): PartStatus {
  if (part === undefined) return { kind: 'not_found' };
  const { state } = part;
  if (state.kind === 'settled') return { ...state, feeMsat: feeMsat(part.route) };
  if (state.kind === 'in_flight') return { kind: 'in_flight' };
  return { kind: 'failed', reason: state.reason };
}

export function toSendAnswer(part: Part): SendAnswer {
  if (part.state.kind !== 'refused') return { kind: 'accepted' };
  const { reason, detail } = part.state;
  return { kind: 'refused', reason, detail: untrusted(detail) };
}
