/** The three ways in which a call ends without its result. What each says about money is in its name. */
import type { ProblemCode } from '../kit/problems.ts';
import type { Payment } from './shapes.ts';

/** As documented at `/v1/problems/CODE`; a newer Argosy may know more. */
export type Code = ProblemCode | (string & Record<never, never>);

/**
 * Argosy refused the request, for the reason that `code` names: nothing was done.
 * @example if (error instanceof ArgosyProblem && error.code === 'invoice_expired') askForAnother();
 */
export class ArgosyProblem extends Error {
  override readonly name = 'ArgosyProblem';
  /** Stable: the one to decide by. */
  readonly code: Code;
  /** What is refused, in a sentence that is the same for each code. */
  readonly title: string;
  /** Why, this time: names the field and the way out. */
  readonly detail: string;
  /** Of HTTP. */
  readonly status: number;
  /** The same request may succeed later, unchanged. */
  readonly retryable: boolean;
  /** The field that is wrong, as it is written in the request; null: none in particular. */
  readonly field: string | null;
  /** The whole RFC 9457 document, with members such as `payment`. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Whether the request was to do something, or only asked. */
  readonly acted: boolean;
  constructor(document: ProblemDocument, status: number, acted: boolean) {
    const { code, title, detail, retryable, field } = document;
    super(`${code}: ${textOr(detail, textOr(title, 'refused'))}`);
    this.code = code;
    this.title = textOr(title, 'The server refused this');
    this.detail = textOr(detail, '');
    this.status = status;
    this.retryable = retryable === true;
    this.field = typeof field === 'string' ? field : null;
    this.document = document;
    this.acted = acted;
  }
}

type ProblemDocument = Readonly<Record<string, unknown>> & { readonly code: string };

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

const isProblemDocument = (body: unknown): body is ProblemDocument =>
  typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';

/** Null: the answer is no problem document. */
export const problemOf = (body: unknown, status: number, acted: boolean): ArgosyProblem | null =>
  isProblemDocument(body) ? new ArgosyProblem(body, status, acted) : null;

export interface Unknown {
  /** The key that the request was sent under; null: it is of a kind that has none. */
  readonly idempotencyKey?: string | null;
  /** `pay_...`, where the payment is known to have begun. */
  readonly paymentId?: string | null;
  /** As it was seen last. */
  readonly payment?: Payment | null;
  readonly cause?: unknown;
}

/**
 * A request was sent, and nothing proves how it ended: the money may be on its way. **Never pay again under a new
 * key.** `advice` says what to do: mostly, the same call with the same `idempotencyKey`.
 * @example if (error instanceof OutcomeUnknown) askAgainLater(request, error.idempotencyKey);
 */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
  readonly detail: string;
  readonly advice: string;
  readonly idempotencyKey: string | null;
  readonly paymentId: string | null;
  readonly payment: Payment | null;
  constructor(detail: string, known: Unknown = {}) {
    const { idempotencyKey = null, payment = null, paymentId = payment?.id ?? null, cause } = known;
    const advice = adviceFor(idempotencyKey, paymentId);
    super(`${detail} ${advice}`, cause === undefined ? {} : { cause });
    this.detail = detail;
    this.advice = advice;
    this.idempotencyKey = idempotencyKey;
    this.paymentId = paymentId;
    this.payment = payment;
  }
}

function adviceFor(idempotencyKey: string | null, paymentId: string | null): string {
  if (paymentId !== null)
    return `It goes on without you: wait for ${paymentId} again; do not pay in another way.`;
  if (idempotencyKey === null) return 'Look whether it was done before you ask again.';
  return `Send the same request again with the idempotency key ${idempotencyKey}, never with a new one.`;
}

/** There was no answer, and nothing was done: nothing was sent, or what was sent only asked. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly api: string;
  /** @example 'nothing listens there' */
  readonly reason: string;
  constructor(api: string, reason: string, cause?: unknown) {
    super(`${api} cannot be used: ${reason}.`, cause === undefined ? {} : { cause });
    this.api = api;
    this.reason = reason;
  }
}
