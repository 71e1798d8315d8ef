/** Paying. */
import { call } from './call.ts';
import { OutcomeUnknown } from './errors.ts';
import type { Connection } from './exchange.ts';
import { type PageOptions, type Pages, pagesOf } from './pages.ts';
import type { Payment, PaymentRequest, Quote } from './shapes.ts';
import { type WaitOptions, waitFor } from './wait.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface PayOptions extends CallOptions {
  /** One for each debt, such as the number of the order: whatever is sent under it pays once. Default: a new one. */
  readonly idempotencyKey?: string | undefined;
}

/** Amounts are msat: bigint or decimal digits in requests, decimal digits in answers. */
export interface PaymentVerbs {
  /**
   * What a payment would cost, and which node would pay; nothing is reserved.
   * @throws ArgosyProblem, Unreachable
   * @example const { payable, fee_msat } = await argosy.quote({ invoice });
   */
  quote(request: PaymentRequest, options?: CallOptions): Promise<Quote>;
  /**
   * Begins to pay. It has not ended when this returns. Every try of one call is sent under one key; keep your own key
   * where the process may die in between.
   * @throws ArgosyProblem refused: nothing was sent; OutcomeUnknown; Unreachable; the reason of `signal`
   * @example const { id } = await argosy.pay({ invoice }, { idempotencyKey: 'order-1042' });
   */
  pay(request: PaymentRequest, options?: PayOptions): Promise<Payment>;
  /** One payment: each attempt with its candidates, parts, routes and times, and the ledger transfers. @throws ArgosyProblem not_found, Unreachable */
  payment(id: string, options?: CallOptions): Promise<Payment>;
  /** All payments, newest first. @example for await (const payment of argosy.payments()) console.log(payment.id); */
  payments(options?: PageOptions): Pages<Payment>;
  /**
   * The payment once it is `settled` or `failed`, by proof; ten minutes at most unless told otherwise. Lost
   * connections do not end the wait.
   * @throws OutcomeUnknown it has not ended, and goes on: `payment` is what was seen last; ArgosyProblem not_found
   * @example const { state, preimage } = await argosy.waitForPayment(id, { timeoutMs: 60_000 });
   */
  waitForPayment(id: string, options?: WaitOptions): Promise<Payment>;
  /**
   * `pay`, then `waitForPayment`. A payment that has `failed` is returned as well: no money has moved then.
   * @throws ArgosyProblem refused: nothing was sent; OutcomeUnknown; Unreachable; the reason of `signal`
   * @example const { state } = await argosy.payAndWait({ invoice }, { idempotencyKey: 'order-1042' });
   */
  payAndWait(request: PaymentRequest, options?: PayOptions & WaitOptions): Promise<Payment>;
}

const WAIT_MS = 600_000;
const isOver = ({ state }: Payment): boolean => state === 'settled' || state === 'failed';

export function paymentVerbs(connection: Connection): PaymentVerbs {
  return {
    quote: (body, options) =>
      call(connection, { method: 'POST', path: '/v1/quotes', body, acts: false, signal: options?.signal }),
    pay: (request, options) =>
      begin(connection, request, options?.idempotencyKey ?? newKey(), options?.signal),
    payment: (id, options) => readPayment(connection, id, options?.signal),
    payments: (options) => pagesOf(connection, '/v1/payments', options),
    waitForPayment: (id, options) => waitForEnd(connection, id, options),
    payAndWait: (request, options) => payToTheEnd(connection, request, options),
  };
}

async function payToTheEnd(
  connection: Connection,
  request: PaymentRequest,
  options: PayOptions & WaitOptions = {},
): Promise<Payment> {
  const { idempotencyKey = newKey(), signal } = options;
  const begun = await begin(connection, request, idempotencyKey, signal);
  try {
    return await waitForEnd(connection, begun.id, options);
  } catch (cause) {
    // That looking failed or was refused says nothing of the payment, which has begun.
    const payment = cause instanceof OutcomeUnknown && cause.payment !== null ? cause.payment : begun;
    const detail = `${begun.id} has begun, and its end was not seen.`;
    throw new OutcomeUnknown(detail, { idempotencyKey, payment, cause });
  }
}

const newKey = (): string => crypto.randomUUID();

const begin = (
  connection: Connection,
  body: PaymentRequest,
  idempotencyKey: string,
  signal: AbortSignal | undefined,
): Promise<Payment> =>
  call(connection, { method: 'POST', path: '/v1/payments', body, acts: true, idempotencyKey, signal });

const readPayment = (
  connection: Connection,
  id: string,
  signal: AbortSignal | undefined,
  retries = connection.retries,
): Promise<Payment> =>
  call(connection, {
    method: 'GET',
    path: `/v1/payments/${encodeURIComponent(id)}`,
    acts: false,
    signal,
    retries,
  });

async function waitForEnd(connection: Connection, id: string, options: WaitOptions = {}): Promise<Payment> {
  const { signal, timeoutMs = WAIT_MS } = options;
  const look = (until: AbortSignal) => readPayment(connection, id, until, 0);
  const waited = await waitFor(connection, { id, look, isOver }, { signal, timeoutMs });
  if (waited.kind === 'over') return waited.value;
  throw new OutcomeUnknown(`${id} has not ended as far as was seen.`, {
    paymentId: id,
    payment: waited.last,
    cause: waited.trouble,
  });
}
