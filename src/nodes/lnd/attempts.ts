/** Whose is an attempt? LND numbers them, and knows nothing of our tokens. Pure. */
import { type PartToken, partToken, paymentHash } from '../../lightning/ids.ts';
import { msat } from '../../money/msat.ts';
import type { Happening } from '../journal.ts';
import type { PartFailure } from '../node.ts';
import { sha256 } from './call.ts';
import { attemptDelivers, hex, partFailure } from './map.ts';
import type { HTLCAttempt, Payment } from './proto/lightning.ts';

/** A part, as it is remembered. Amounts in msat. */
export interface Sent {
  readonly hash: string;
  readonly deliversMsat: string;
  readonly leavesMsat: string;
  readonly feeMsat: string;
  /** Attempts up to this number are others. */
  readonly after: string;
  /** ms since 1970. */
  readonly at: number;
  readonly attempt: string | null;
  readonly end: End | null;
  /** The newest event when it ended: it is forgotten with that. */
  readonly place: number;
}
export type End =
  | { readonly kind: 'settled'; readonly preimage: string }
  | { readonly kind: 'failed'; readonly reason: PartFailure };

/**
 * Attempts that may be this part's, for no other part has them; oldest first.
 * @param family all parts of its hash that are remembered, those that have ended as well
 */
export function candidates(sent: Sent, family: readonly Sent[], payment: Payment): HTLCAttempt[] {
  if (sent.attempt !== null) return payment.htlcs.filter((each) => each.attempt_id === sent.attempt);
  const taken = new Set(family.map((each) => each.attempt));
  return payment.htlcs
    .filter(
      (attempt) =>
        attemptDelivers(attempt) === BigInt(sent.deliversMsat) &&
        BigInt(attempt.route?.total_amt_msat ?? 0) === BigInt(sent.leavesMsat) &&
        BigInt(attempt.attempt_id) > BigInt(sent.after) &&
        !taken.has(attempt.attempt_id),
    )
    .sort((a, b) => (BigInt(a.attempt_id) < BigInt(b.attempt_id) ? -1 : 1));
}

/** The newest part has the first claim: an older one of the same amounts was proven absent before it came. */
export function attemptOf(sent: Sent, family: readonly Sent[], payment: Payment): HTLCAttempt | null {
  const fits = candidates(sent, family, payment);
  if (sent.attempt !== null) return fits.at(-1) ?? null;
  const newer = family.filter((each) => isWaiting(each) && isAlike(each, sent) && each.at > sent.at);
  return fits.at(-1 - newer.length) ?? null;
}

/** HTLCs that belong to none of the parts, and have not failed. */
export function strangers(family: readonly Sent[], payment: Payment): HTLCAttempt[] {
  const waiting = family.filter(isWaiting).flatMap((sent) => candidates(sent, family, payment));
  const ours = new Set(
    [...family, ...waiting].map((each) => ('attempt' in each ? each.attempt : each.attempt_id)),
  );
  return payment.htlcs.filter(({ status, attempt_id }) => status !== 'FAILED' && !ours.has(attempt_id));
}

/** Names an HTLC that was not sent from here: always alike, and unlike those of other nodes. */
export const foundToken = (hash: string, { attempt_id, route }: HTLCAttempt): PartToken =>
  partToken(sha256(Buffer.from(`${hash} ${attempt_id} ${route?.hops[0]?.chan_id}`)));

export function sentByOthers(hash: string, attempt: HTLCAttempt): Sent {
  const delivers = attemptDelivers(attempt);
  const leaves = BigInt(attempt.route?.total_amt_msat ?? 0);
  return {
    hash,
    deliversMsat: delivers.toString(),
    leavesMsat: leaves.toString(),
    feeMsat: (leaves - delivers).toString(),
    after: '0',
    at: Number(BigInt(attempt.attempt_time_ns) / 1_000_000n),
    attempt: attempt.attempt_id,
    end: null,
    place: 0,
  };
}

export function foundEvent(token: PartToken, hash: string, attempt: HTLCAttempt): Happening {
  const { deliversMsat, feeMsat } = sentByOthers(hash, attempt);
  const [amount, fee] = [msat(BigInt(deliversMsat)), msat(BigInt(feeMsat))];
  return { kind: 'part_found', token, paymentHash: paymentHash(hash), amountMsat: amount, feeMsat: fee };
}

const isWaiting = (sent: Sent): boolean => sent.attempt === null && sent.end === null;
const isAlike = (one: Sent, other: Sent): boolean =>
  one.deliversMsat === other.deliversMsat && one.leavesMsat === other.leavesMsat;

export function endOf(attempt: HTLCAttempt): End | null {
  if (attempt.status === 'SUCCEEDED') return { kind: 'settled', preimage: hex(attempt.preimage) };
  return attempt.status === 'FAILED' ? { kind: 'failed', reason: partFailure(attempt) } : null;
}
