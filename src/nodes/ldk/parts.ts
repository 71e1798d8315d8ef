/** The worker's own record of parts: LDK forgets a payment's id after a while, a token must never be sent twice. */
import { type PartToken, type PaymentHash, type Preimage, untrusted } from '../../lightning/ids.ts';
import { feeMsat, type Route, sentMsat } from '../../lightning/route.ts';
import type { Msat } from '../../money/msat.ts';
import type { PartFailure, PartOrder, PartStatus, SendAnswer } from '../node.ts';
import type { ChannelBook } from './channel_book.ts';
import type { OwnHtlc } from './map.ts';
import { pack, type Store, unpack } from './store.ts';

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

/** Ended parts of all nodes of the worker that are remembered, so that their tokens stay used. */
const REMEMBERED = 200_000;
const BITE = 1_000;
/** Settled parts whose HTLC may not be removed from the commitment yet: that takes a round trip to the peer. */
const LINGERING = 1_000;

const toOwnHtlc = (part: Part): OwnHtlc => ({
  channel: part.channel,
  paymentHash: part.paymentHash,
  amountMsat: sentMsat(part.route),
});

/** @param channels whose side of a channel falls as a part leaves, and rises as it comes back */
export function createPartBook(store: Store, node: string, channels: Pick<ChannelBook, 'move'>): PartBook {
  /** Those that still move stay at hand; of the others the newest settled ones, as HTLCs. */
  const inFlight = new Map<PartToken, Part>();
  for (const part of read(`state = 'in_flight' order by seq`)) inFlight.set(part.token, part);
  let lingering = read(`state = 'settled' order by seq desc limit ${LINGERING}`).reverse().map(toOwnHtlc);
  let ended = 0;

  function read(where: string): Part[] {
    return store
      .all(`select body from part where node = ? and ${where}`, node)
      .map((row) => unpack<Part>(row.body));
  }
  function forgetOldest(): void {
    store.run(
      `delete from part where seq <= (select max(seq) from part) - ${REMEMBERED} and state <> 'in_flight'`,
    );
  }

  return {
    find(token) {
      const row = store.get('select body from part where node = ? and token = ?', node, token);
      return inFlight.get(token) ?? (row && unpack<Part>(row.body));
    },
    add({ token, paymentHash, route, totalMsat }, channel) {
      const part: Part = { token, paymentHash, route, totalMsat, channel, state: { kind: 'in_flight' } };
      store.run(
        'insert into part (node, token, state, body) values (?, ?, ?, ?)',
        node,
        token,
        part.state.kind,
        pack(part),
      );
      inFlight.set(token, part);
      channels.move(channel, -sentMsat(route));
      return part;
    },
    inFlight: () => [...inFlight.values()],
    ownHtlcs: () => [...[...inFlight.values()].map(toOwnHtlc), ...lingering],
    end(part, state) {
      part.state = state;
      inFlight.delete(part.token);
      store.run(
        'update part set state = ?, body = ? where node = ? and token = ?',
        state.kind,
        pack(part),
        node,
        part.token,
      );
      if (state.kind === 'settled') lingering.push(toOwnHtlc(part));
      else channels.move(part.channel, sentMsat(part.route));
      if (lingering.length >= 2 * LINGERING) lingering = lingering.slice(-LINGERING);
      if (++ended % BITE === 0) forgetOldest();
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
