/**
 * One payment, decided: `decide(payment, event) -> [payment, effects]`. Pure. A payment ends only when every part of
 * it has ended; a preimage means paid; nothing but proof ends an unknown part (DESIGN, invariants 1-4).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { NodeId, PartToken, PaymentHash, Preimage } from '../lightning/ids.ts';
import { deliveredMsat, feeMsat, type Route } from '../lightning/route.ts';
import { type Msat, msat, smaller } from '../money/msat.ts';
import type { PartFailure } from '../nodes/node.ts';

export type PaymentState = 'pending' | 'in_flight' | 'unknown' | 'settled' | 'failed';

/** Why a payment failed, in the words integrators know. */
export type PaymentFailure =
  | 'NO_ROUTE'
  | 'INSUFFICIENT_BALANCE'
  | 'TIMEOUT'
  | 'INVOICE_EXPIRED'
  | 'INVOICE_ALREADY_PAID'
  | 'REFUSED_BY_PAYEE'
  | 'FEE_LIMIT'
  | 'NODE_DOWN'
  | 'INTERRUPTED';

export type PartState = 'planned' | 'in_flight' | 'unknown' | 'settled' | 'failed';

export interface Part {
  readonly id: string;
  readonly attempt: number;
  readonly nodeId: NodeId;
  readonly token: PartToken;
  readonly route: Route;
  readonly state: PartState;
  readonly failure: PartFailure | null;
  /** How long its node took to take it, or was waited for; null: not sent, or nobody knows. */
  readonly sendMs: number | null;
}
export const partMsat = (part: Part): Msat => deliveredMsat(part.route);
export const partFeeMsat = (part: Part): Msat => feeMsat(part.route);

export interface Payment {
  readonly id: string;
  readonly paymentHash: PaymentHash;
  readonly amountMsat: Msat;
  readonly feeLimitMsat: Msat;
  readonly state: PaymentState;
  readonly failure: PaymentFailure | null;
  readonly preimage: Preimage | null;
  /** Charged for the parts settled so far: never more than their routes asked for. */
  readonly feeMsat: Msat;
  readonly attempt: number;
  /** Of every attempt. */
  readonly parts: readonly Part[];
}

export type PaymentEvent =
  | { readonly kind: 'accepted' | 'unanswered'; readonly token: PartToken; readonly sendMs?: number }
  | {
      readonly kind: 'failed';
      readonly token: PartToken;
      readonly reason: PartFailure;
      readonly sendMs?: number;
    }
  | {
      readonly kind: 'settled';
      readonly token: PartToken;
      readonly preimage: Preimage;
      readonly feeMsat: Msat;
    }
  /** No part of it is left, and foreign parts have paid its hash, the whole amount: it has been paid. */
  | { readonly kind: 'paid_by_foreign'; readonly preimage: Preimage; readonly feeMsat: Msat }
  /** The next attempt's parts; only when every part so far has failed. */
  | { readonly kind: 'replanned'; readonly parts: readonly Part[] }
  | { readonly kind: 'given_up'; readonly failure: PaymentFailure }
  /** The payee is an account of ours, and its node has cancelled the invoice. */
  | { readonly kind: 'settled_internally'; readonly preimage: Preimage | null };

/** What follows from a decision, done in the same transaction by the shell. */
export type PaymentEffect =
  | { readonly kind: 'book_part_sent' | 'book_part_returned' | 'send'; readonly part: Part }
  /** `paidMsat`: the fee that the node really paid. */
  | { readonly kind: 'book_part_settled'; readonly part: Part; readonly paidMsat: Msat }
  | { readonly kind: 'resolve'; readonly part: Part }
  | { readonly kind: 'plan_again' }
  /** The hold pays for what foreign parts paid: the amount, and so much of the fee. */
  | { readonly kind: 'book_foreign'; readonly feeMsat: Msat }
  /** Terminal: free what is left of the hold; after a failure free the hash, too. */
  | { readonly kind: 'release_hold' | 'release_hash' | 'book_internal' }
  | { readonly kind: 'alarm'; readonly message: string };

export type Decision = readonly [Payment, readonly PaymentEffect[]];

const isOpen = (part: Part): boolean => part.state !== 'settled' && part.state !== 'failed';
const isOver = (payment: Payment): boolean => payment.state === 'settled' || payment.state === 'failed';

export function decide(payment: Payment, event: PaymentEvent): Decision {
  switch (event.kind) {
    case 'paid_by_foreign':
      return paidByForeign(payment, event);
    case 'replanned':
      return replanned(payment, event.parts);
    case 'given_up':
      return givenUp(payment, event.failure);
    case 'settled_internally':
      return settledInternally(payment, event.preimage);
    default:
      return partEvent(payment, event);
  }
}

type PartEvent = Extract<PaymentEvent, { token: PartToken }>;

function partEvent(before: Payment, event: PartEvent): Decision {
  const found = before.parts.find((candidate) => candidate.token === event.token);
  if (found === undefined) return [before, []];
  const [payment, part] = withSendMs(before, found, event);
  if (event.kind === 'settled') return settled(payment, part, event);
  if (!isOpen(part)) return [payment, []]; // news of an ended part: late, or told twice
  switch (event.kind) {
    case 'accepted':
      return part.state === 'in_flight'
        ? [payment, []]
        : rest(withPart(payment, part, { state: 'in_flight' }), []);
    case 'unanswered':
      if (part.state === 'unknown') return [payment, []];
      return rest(withPart(payment, part, { state: 'unknown' }), [{ kind: 'resolve', part }]);
    case 'failed':
      return rest(withPart(payment, part, { state: 'failed', failure: event.reason }), [
        { kind: 'book_part_returned', part },
      ]);
  }
}

/** The answer to a send may come after the part's end: how long it took is worth knowing all the same. */
function withSendMs(payment: Payment, part: Part, event: PartEvent): readonly [Payment, Part] {
  if (event.kind === 'settled' || event.sendMs === undefined || part.sendMs !== null) return [payment, part];
  const { sendMs } = event;
  return [withPart(payment, part, { sendMs }), { ...part, sendMs }];
}

function settled(payment: Payment, part: Part, event: PartEvent & { kind: 'settled' }): Decision {
  if (part.state === 'settled') return [payment, []];
  if (!opens(event.preimage, payment)) {
    return [
      payment,
      [{ kind: 'alarm', message: `part ${part.id}: the preimage does not match; not settled` }],
    ];
  }
  if (part.state === 'failed') {
    // A node that reported failure and then success has lied; the money is gone all the same.
    return [payment, [{ kind: 'alarm', message: `part ${part.id} settled after it was reported failed` }]];
  }
  const next = withPart({ ...payment, preimage: event.preimage }, part, { state: 'settled' });
  const effects: PaymentEffect[] = [{ kind: 'book_part_settled', part, paidMsat: event.feeMsat }];
  if (event.feeMsat > partFeeMsat(part)) {
    effects.push({
      kind: 'alarm',
      message: `part ${part.id} cost ${event.feeMsat} msat, more than its route`,
    });
  }
  const charged = smaller(event.feeMsat, partFeeMsat(part));
  return rest({ ...next, feeMsat: msat(payment.feeMsat + charged) }, effects);
}

function withPart(
  payment: Payment,
  part: Part,
  change: Partial<Pick<Part, 'state' | 'failure' | 'sendMs'>>,
): Payment {
  const parts = payment.parts.map((each) => (each.token === part.token ? { ...each, ...change } : each));
  return { ...payment, parts };
}

/** The payment's own state follows from its parts. */
function rest(payment: Payment, effects: readonly PaymentEffect[]): Decision {
  if (payment.parts.some((part) => part.state === 'unknown')) {
    return [{ ...payment, state: 'unknown' }, effects];
  }
  if (payment.parts.some(isOpen)) {
    const sent = payment.parts.some((part) => part.state === 'in_flight' || part.state === 'settled');
    return [{ ...payment, state: sent ? 'in_flight' : 'pending' }, effects];
  }
  if (payment.preimage !== null) {
    return [{ ...payment, state: 'settled' }, [...effects, { kind: 'release_hold' }]];
  }
  const last = payment.parts.filter((part) => part.attempt === payment.attempt);
  if (last.some((part) => part.failure === 'payee_refused')) {
    // No other node would fare better.
    const [failed, more] = givenUp({ ...payment, state: 'pending' }, 'REFUSED_BY_PAYEE');
    return [failed, [...effects, ...more]];
  }
  return [{ ...payment, state: 'pending' }, [...effects, { kind: 'plan_again' }]];
}

function replanned(payment: Payment, parts: readonly Part[]): Decision {
  if (isOver(payment) || payment.preimage !== null || payment.parts.some(isOpen)) return [payment, []];
  const next: Payment = {
    ...payment,
    state: 'pending',
    attempt: payment.attempt + 1,
    parts: [...payment.parts, ...parts],
  };
  const effects = parts.flatMap((part): PaymentEffect[] => [
    { kind: 'book_part_sent', part },
    { kind: 'send', part },
  ]);
  return [next, effects];
}

function givenUp(payment: Payment, failure: PaymentFailure): Decision {
  if (isOver(payment) || payment.preimage !== null || payment.parts.some(isOpen)) return [payment, []];
  return [{ ...payment, state: 'failed', failure }, [{ kind: 'release_hold' }, { kind: 'release_hash' }]];
}

function paidByForeign(
  payment: Payment,
  { preimage, feeMsat }: Extract<PaymentEvent, { kind: 'paid_by_foreign' }>,
): Decision {
  if (isOver(payment) || payment.preimage !== null || payment.parts.some(isOpen)) return [payment, []];
  if (!opens(preimage, payment)) {
    return [
      payment,
      [{ kind: 'alarm', message: `${payment.id}: the preimage of a foreign part does not match` }],
    ];
  }
  const charged = smaller(feeMsat, payment.feeLimitMsat);
  return [
    { ...payment, state: 'settled', preimage, feeMsat: charged },
    [{ kind: 'book_foreign', feeMsat: charged }, { kind: 'release_hold' }],
  ];
}

const opens = (preimage: Preimage, { paymentHash }: Payment): boolean =>
  bytesToHex(sha256(hexToBytes(preimage))) === paymentHash;

function settledInternally(payment: Payment, preimage: Preimage | null): Decision {
  if (isOver(payment) || payment.parts.length > 0) return [payment, []];
  return [{ ...payment, state: 'settled', preimage }, [{ kind: 'book_internal' }, { kind: 'release_hold' }]];
}
