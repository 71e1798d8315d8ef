/**
 * Parts: sent once, followed to their end. LND has no name for an HTLC that its caller could give, so a part is known
 * by hash, amount and the number of the newest attempt before it; that is noted before anything is sent.
 * What ends a part is its own HTLC, never the status of the payment (which says NO_ROUTE of payments that succeeded).
 */
import { status } from '@grpc/grpc-js';
import { type PaymentHash, partToken, paymentHash, preimage, untrusted } from '../../lightning/ids.ts';
import { deliveredMsat, feeMsat, sentMsat } from '../../lightning/route.ts';
import { type Msat, msat } from '../../money/msat.ts';
import type { Happening } from '../journal.ts';
import type { PartOrder, PartStatus, SendAnswer } from '../node.ts';
import type { Notebook } from '../notebook.ts';
import {
  attemptOf,
  candidates,
  type End,
  endOf,
  foundEvent,
  foundToken,
  type Sent,
  sentByOthers,
  strangers,
} from './attempts.ts';
import { type Ask, isExpired, LndError } from './call.ts';
import type { LndClient } from './client.ts';
import { bytes, hex, toLndRoute } from './map.ts';
import type { Hop, HTLCAttempt, Payment } from './proto/lightning.ts';
import { rememberParts } from './sent_parts.ts';
import { pause } from './streams.ts';

/** ms after which a send that has no end yet is looked at: has LND taken it? */
const TAKEN_MS = 300;
/** HTLCs may be held for two weeks; the call ends with them. */
const HELD_MS = 14 * 24 * 3600 * 1000;
/** A part that took longer to note, in ms, is not sent: whoever waited for it may have drawn conclusions. */
const NOTED_MS = 5_000;
/** A send that LND does not know after this time, in ms, is not waited for any more. */
const LOST_MS = 24 * 3600 * 1000;
/** LND's own refusals. All else may come from what stands between, while the send is still on its way. */
const REFUSALS = new Set([
  status.UNKNOWN,
  status.ALREADY_EXISTS,
  status.INVALID_ARGUMENT,
  status.FAILED_PRECONDITION,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.UNIMPLEMENTED,
]);
const isRefusal = (error: unknown): error is LndError =>
  error instanceof LndError && REFUSALS.has(error.code) && !/HTTP status/i.test(error.message);
/**
 * A send without an answer may wait at LND's door, on a connection that is gone, while LND is frozen. An LND that answers
 * lets it in at once: what is absent so many ms after an answer never came.
 */
const ABSENT_MS = 3_000;
/** So many blocks after its expiry an HTLC is nowhere any more. */
const DEAD_BLOCKS = 12;
/** How long one look may take, in ms. */
const LOOK_MS = 20_000;
const NEWEST = 'attempts';
/** So many of the newest payments are looked at for the attempt to begin with. */
const LOOK_BACK = '100';

export type Delivery = Pick<PartOrder, 'token' | 'paymentHash' | 'route' | 'expiresAt'>;

export interface Parts {
  /** @param lastHop what the payee finds in the onion besides the amount */
  send(order: Delivery, lastHop: Ask<Hop>): Promise<SendAnswer>;
  lookup(part: Pick<PartOrder, 'token' | 'paymentHash'>): Promise<PartStatus>;
  /** Sent, and without an end. */
  open(): readonly {
    readonly hash: PaymentHash;
    readonly leavesMsat: Msat;
    readonly attempt: string | null;
  }[];
  /** What left with a part, fee included, also when it has an end. 0 for one that is unknown. */
  leavesMsat(token: string): bigint;
  /** What left with the parts of a hash that are settled: their HTLCs stay in the commitment for a while. */
  settled(hash: string): readonly bigint[];
  /** Has a part of this hash been sent from here? */
  isOwn(hash: string): boolean;
  /** HTLCs of a payment that no part from here has, and that have not failed: from here on they are followed as well. */
  take(payment: Payment): Promise<void>;
  /** Null: LND knows no payment of this hash. @throws LndError without an answer */
  readPayment(hash: string): Promise<Payment | null>;
  /** Is there a part of the hash without an end? */
  isUnderWay(hash: string): boolean;
  /** Takes up again what an earlier process had sent. */
  resume(): void;
  stop(): void;
}

export function createParts(client: LndClient, book: Notebook, height: () => Promise<number>): Parts {
  const tracked = new Set<string>();
  let stopped = false;
  const remembered = rememberParts(book);
  /** The newest attempt that was seen. */
  let newest = max(BigInt((book.facts.get(NEWEST) as string | undefined) ?? '0'), remembered.newestAttempt());
  /** Sends of this process that LND has not answered, or that have not left yet. */
  const calling = new Set<string>();

  const { read, family, save, open: openOnes } = remembered;

  /** Notes what an attempt says of its part; true when that is the end. */
  function apply(token: string, attempt: HTLCAttempt): boolean {
    newest = max(newest, BigInt(attempt.attempt_id));
    const sent = read(token);
    if (sent === null || sent.end !== null) return true;
    const end = endOf(attempt);
    if (end === null && sent.attempt !== null) return false;
    const now = { ...sent, attempt: attempt.attempt_id, end, place: book.newest() };
    save(token, now, end === null ? [] : [ending(token, now, end)]).catch(() => undefined);
    return end !== null;
  }

  async function readPayment(hash: string): Promise<Payment | null> {
    const updates = client.router.trackPaymentV2(
      { payment_hash: bytes(hash), no_inflight_updates: false },
      { deadlineMs: LOOK_MS },
    );
    try {
      for await (const payment of updates) return payment;
      return null;
    } catch (error) {
      if (error instanceof LndError && error.code === status.NOT_FOUND) return null;
      throw error;
    }
  }

  async function take(payment: Payment): Promise<void> {
    const hash = payment.payment_hash;
    const found = strangers(family(hash), payment).map((attempt) => ({
      attempt,
      token: foundToken(hash, attempt),
    }));
    // All before the first of them ends.
    for (const { token, attempt } of found)
      await save(token, sentByOthers(hash, attempt), [foundEvent(token, hash, attempt)]);
    for (const { token, attempt } of found) apply(token, attempt);
    if (found.some(({ attempt }) => attempt.status === 'IN_FLIGHT')) void track(hash);
  }

  /** Looks at one part at LND. */
  async function look(token: string): Promise<HTLCAttempt | null> {
    const sent = read(token);
    if (sent === null) return null;
    const payment = await readPayment(sent.hash);
    const attempt = payment === null ? null : attemptOf(sent, family(sent.hash), payment);
    if (attempt !== null) apply(token, attempt);
    return attempt;
  }

  /** Follows the payment of a hash until all its parts from here have an end. */
  async function track(hash: string): Promise<void> {
    if (tracked.has(hash)) return;
    tracked.add(hash);
    const left = () => [...openOnes].filter(([, sent]) => sent.hash === hash && !isLost(sent));
    for (let failures = 0; !stopped && left().length > 0; failures++) {
      try {
        const updates = client.router.trackPaymentV2({
          payment_hash: bytes(hash),
          no_inflight_updates: false,
        });
        for await (const payment of updates) {
          for (const [token, sent] of left()) {
            const attempt = attemptOf(sent, family(sent.hash), payment);
            if (attempt === null) continue;
            // A payment that is over without a part of ours answers at once, again and again.
            failures = 0;
            apply(token, attempt);
          }
          if (stopped || left().length === 0) break;
        }
      } catch {
        // Away, or it has not heard of the payment yet.
      }
      if (left().length > 0) await pause(failures);
    }
    tracked.delete(hash);
  }

  const isLost = (sent: Sent) => sent.attempt === null && Date.now() - sent.at > LOST_MS;

  /** What LND says of a send that it refused, or that found no answer. */
  async function refusal(token: string, error: unknown): Promise<SendAnswer | null> {
    if (!isRefusal(error)) return null;
    const detail = untrusted(error.message);
    // The hash is paid already: said before anything is sent.
    if (error.code === status.ALREADY_EXISTS) return { kind: 'refused', reason: 'payee_refused', detail };
    const attempt = await look(token).catch(() => 'no answer' as const);
    if (attempt !== null) return null;
    return { kind: 'refused', reason: isExpired(error) ? 'timeout' : 'no_route', detail };
  }

  async function send(order: Delivery, lastHop: Ask<Hop>): Promise<SendAnswer> {
    const { token } = order;
    if (read(token) !== null) return { kind: 'duplicate' };
    const sent: Sent = {
      hash: order.paymentHash,
      deliversMsat: deliveredMsat(order.route).toString(),
      leavesMsat: sentMsat(order.route).toString(),
      feeMsat: feeMsat(order.route).toString(),
      after: newest.toString(),
      at: Date.now(),
      attempt: null,
      end: null,
      place: 0,
    };
    calling.add(token);
    const at = await heightOnce(token, sent);
    if (Date.now() - sent.at > NOTED_MS) {
      calling.delete(token);
      const end: End = { kind: 'failed', reason: 'timeout' };
      await save(token, { ...sent, end, place: book.newest() });
      return { kind: 'refused', reason: 'timeout', detail: untrusted('noted too late to be sent') };
    }
    let answered = false;
    const call = client.router
      .sendToRouteV2(
        {
          payment_hash: bytes(order.paymentHash),
          route: toLndRoute(order.route, lastHop, at),
          // A part that fails must not end what others complete.
          skip_temp_err: isOneOfSeveral(order, lastHop),
        },
        { deadlineMs: HELD_MS, expiresAt: order.expiresAt },
      )
      .finally(() => calling.delete(token));
    const outcome = call.then(
      (attempt): SendAnswer | null => {
        apply(token, attempt);
        return { kind: 'accepted' };
      },
      async (error: unknown): Promise<SendAnswer | null> => {
        const refused = await refusal(token, error);
        if (refused?.kind !== 'refused') {
          void track(sent.hash);
          return null;
        }
        const end: End = { kind: 'failed', reason: refused.reason };
        const now = { ...(read(token) ?? sent), end, place: book.newest() };
        await save(token, now, answered ? [ending(token, now, end)] : []);
        return refused;
      },
    );
    const taken = takenBy(token, outcome);
    const answer = await Promise.race([outcome, taken]);
    answered = true;
    if (answer === null) throw new Error('LND gave no answer to a send; look the part up');
    return answer;
  }

  /**
   * Notes the send, and gives the height that its route is counted from; may take long, while the database or the chain
   * is away. @throws Error when it must not leave any more: what others have read of it since was the whole truth
   */
  async function heightOnce(token: string, sent: Sent): Promise<number> {
    try {
      const [at] = await Promise.all([height(), save(token, sent)]);
      if (stopped || book.isClosed()) throw new Error('the node is stopped');
      return at;
    } catch (error) {
      calling.delete(token);
      throw error;
    }
  }

  /** `accepted` once LND is seen to have the part; asked now and then, as long as the call lasts. */
  async function takenBy(token: string, outcome: Promise<unknown>): Promise<SendAnswer | null> {
    let over = false;
    const end = () => {
      over = true;
    };
    void outcome.then(end, end);
    while (!over && !stopped) {
      await new Promise((resolve) => setTimeout(resolve, TAKEN_MS));
      if (over) break;
      const attempt = await look(token).catch(() => null);
      if (attempt !== null) return { kind: 'accepted' };
    }
    await outcome;
    return { kind: 'accepted' };
  }

  async function lookup(part: Pick<PartOrder, 'token' | 'paymentHash'>): Promise<PartStatus> {
    const sent = read(part.token);
    if (sent?.end) return statusOf(sent, sent.end);
    if (sent === null) {
      const payment = await readPayment(part.paymentHash);
      // Sent by whom? That it is not this part is not proven.
      return { kind: payment?.htlcs.some(isNotFailed) ? 'in_flight' : 'not_found' };
    }
    const attempt = await look(part.token);
    if (attempt === null && (await isAbsent(part.token, sent))) return { kind: 'not_found' };
    if (attempt?.status === 'IN_FLIGHT' && (await isDead(attempt, sent.hash))) await bury(part.token);
    void track(sent.hash);
    const after = read(part.token);
    return after?.end ? statusOf(after, after.end) : { kind: 'in_flight' };
  }

  /**
   * An attempt that LND wrote down and was killed before sending stays in flight there for ever. No HTLC outlives its
   * expiry, except on a channel that is closing.
   */
  async function isDead({ route }: HTLCAttempt, hash: string): Promise<boolean> {
    const expiry = route?.total_time_lock ?? Number.POSITIVE_INFINITY;
    if ((await height()) < expiry + DEAD_BLOCKS) return false;
    const [{ channels }, pending] = await Promise.all([
      client.lightning.listChannels({}),
      client.lightning.pendingChannels({}),
    ]);
    const closing = pending.waiting_close_channels.length + pending.pending_force_closing_channels.length;
    const hangs = channels.some((each) => each.pending_htlcs.some((htlc) => hex(htlc.hash_lock) === hash));
    return closing === 0 && !hangs;
  }

  /** Looked at once more: its end may have come while the channels were read. */
  async function bury(token: string): Promise<void> {
    const attempt = await look(token);
    const sent = read(token);
    if (attempt?.status !== 'IN_FLIGHT' || sent === null || sent.end !== null) return;
    const end: End = { kind: 'failed', reason: 'unattributable' };
    const now = { ...sent, end, place: book.newest() };
    await save(token, now, [ending(token, now, end)]);
  }

  /** @throws Error while it may still be on its way */
  async function isAbsent(token: string, sent: Sent): Promise<boolean> {
    if (sent.attempt !== null) return true;
    if (calling.has(token)) throw new Error('LND has not answered the send yet');
    await new Promise((resolve) => setTimeout(resolve, ABSENT_MS));
    if ((await look(token)) !== null) return false;
    const payment = await readPayment(sent.hash);
    return payment === null || candidates(sent, family(sent.hash), payment).length === 0;
  }

  return {
    send,
    lookup,
    open: () =>
      [...openOnes.values()].map((sent) => ({
        hash: paymentHash(sent.hash),
        leavesMsat: msat(BigInt(sent.leavesMsat)),
        attempt: sent.attempt,
      })),
    leavesMsat: (token) => BigInt(read(token)?.leavesMsat ?? 0),
    settled: (hash) =>
      family(hash)
        .filter(({ end }) => end?.kind === 'settled')
        .map(({ leavesMsat }) => BigInt(leavesMsat)),
    isOwn: remembered.has,
    take,
    readPayment,
    isUnderWay: (hash) => family(hash).some(({ end }) => end === null),
    resume() {
      for (const { hash } of openOnes.values()) void track(hash);
    },
    stop() {
      stopped = true;
    },
  };
}

/** Where a node that is new to the books begins: attempts up to now are others'. */
export async function beginParts(client: LndClient, book: Notebook): Promise<void> {
  const { payments } = await client.lightning.listPayments({
    include_incomplete: true,
    reversed: true,
    max_payments: LOOK_BACK,
  });
  const attempts = payments.flatMap(({ htlcs }) => htlcs.map(({ attempt_id }) => BigInt(attempt_id)));
  await book.note({ facts: [[NEWEST, max(0n, ...attempts).toString()]] });
}

const isOneOfSeveral = ({ route }: Delivery, { mpp_record: total }: Ask<Hop>): boolean =>
  BigInt(total?.total_amt_msat ?? 0) > deliveredMsat(route);

const isNotFailed = (attempt: HTLCAttempt): boolean => attempt.status !== 'FAILED';

function ending(token: string, sent: Sent, end: End): Happening {
  const part = { token: partToken(token), paymentHash: paymentHash(sent.hash) };
  if (end.kind === 'failed') return { kind: 'part_failed', ...part, reason: end.reason };
  const fee = msat(BigInt(sent.feeMsat));
  return { kind: 'part_settled', ...part, preimage: preimage(end.preimage), feeMsat: fee };
}

function statusOf(sent: Sent, end: End): PartStatus {
  if (end.kind === 'failed') return end;
  return { kind: 'settled', preimage: preimage(end.preimage), feeMsat: msat(BigInt(sent.feeMsat)) };
}

const max = (...numbers: bigint[]): bigint => numbers.reduce((most, each) => (each > most ? each : most), 0n);
