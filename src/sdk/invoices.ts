/** Being paid. */
import { call } from './call.ts';
import { Unreachable } from './errors.ts';
import type { Connection } from './exchange.ts';
import { type PageOptions, type Pages, pagesOf } from './pages.ts';
import type { CallOptions } from './payments.ts';
import type { Invoice, InvoiceRequest } from './shapes.ts';
import { type WaitOptions, waitFor } from './wait.ts';

/** Amounts are msat: bigint or decimal digits in requests, decimal digits in answers. */
export interface InvoiceVerbs {
  /**
   * Issues an invoice at the node that can receive best. It has no idempotency key, and is not sent again when its
   * answer is lost.
   * @throws ArgosyProblem; OutcomeUnknown: there may be an invoice that nobody will ask for; Unreachable
   * @example const { id, invoice } = await argosy.invoice({ amount_msat: sat(5_000n), description: 'tea' });
   */
  invoice(request?: InvoiceRequest, options?: CallOptions): Promise<Invoice>;
  /** One invoice. @throws ArgosyProblem not_found, Unreachable */
  invoiceById(id: string, options?: CallOptions): Promise<Invoice>;
  /** All invoices, newest first. @example for await (const { state } of argosy.invoices()) console.log(state); */
  invoices(options?: PageOptions): Pages<Invoice>;
  /**
   * The invoice once it is `settled`, `expired` or `cancelled`; as it is, `new`, when the time is up, a day unless told
   * otherwise. An expired one may still be paid late.
   * @throws ArgosyProblem not_found; Unreachable; the reason of `signal`
   * @example const { state } = await argosy.waitForInvoice(id);
   */
  waitForInvoice(id: string, options?: WaitOptions): Promise<Invoice>;
}

const WAIT_MS = 86_400_000;
const isOver = ({ state }: Invoice): boolean => state !== 'new';

export function invoiceVerbs(connection: Connection): InvoiceVerbs {
  return {
    invoice: (body = {}, options) =>
      call(connection, { method: 'POST', path: '/v1/invoices', body, acts: true, signal: options?.signal }),
    invoiceById: (id, options) => readInvoice(connection, id, options?.signal),
    invoices: (options) => pagesOf(connection, '/v1/invoices', options),
    waitForInvoice: (id, options) => waitForEnd(connection, id, options),
  };
}

const readInvoice = (
  connection: Connection,
  id: string,
  signal: AbortSignal | undefined,
  retries = connection.retries,
): Promise<Invoice> =>
  call(connection, {
    method: 'GET',
    path: `/v1/invoices/${encodeURIComponent(id)}`,
    acts: false,
    signal,
    retries,
  });

async function waitForEnd(connection: Connection, id: string, options: WaitOptions = {}): Promise<Invoice> {
  const { signal, timeoutMs = WAIT_MS } = options;
  const look = (until: AbortSignal) => readInvoice(connection, id, until, 0);
  const waited = await waitFor(connection, { id, look, isOver }, { signal, timeoutMs });
  if (waited.kind === 'over') return waited.value;
  signal?.throwIfAborted();
  if (waited.last !== null) return waited.last;
  throw new Unreachable(connection.api, `${id} was not seen in ${timeoutMs / 1000} s`, waited.trouble);
}
