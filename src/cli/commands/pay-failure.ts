/** Why a payment has failed, in a sentence, and what to do then. It is proven: a new payment is safe. */

import type { Payment } from '../../sdk/index.ts';
import type { ProblemText } from '../problem.ts';

interface Reason {
  readonly sentence: string;
  /** Given the invoice. */
  readonly next: (invoice: string) => string;
}

const quote = (invoice: string): string => `quote ${invoice}`;

const REASONS: Readonly<Record<string, Reason>> = {
  NO_ROUTE: { sentence: 'No node of the fleet has a route to the payee that works.', next: quote },
  FEE_LIMIT: { sentence: 'Every route costs more than the fee limit.', next: quote },
  TIMEOUT: { sentence: 'Every attempt failed until the time was up.', next: quote },
  INSUFFICIENT_BALANCE: { sentence: 'No node has that much to send.', next: () => 'balance' },
  INVOICE_EXPIRED: {
    sentence: 'The invoice expired meanwhile; ask the payee for a new one.',
    next: () => 'payments',
  },
  INVOICE_ALREADY_PAID: { sentence: 'The payee says that it is paid already.', next: () => 'payments' },
  REFUSED_BY_PAYEE: { sentence: 'The payee refused; ask for a new invoice.', next: () => 'payments' },
  INTERRUPTED: {
    sentence: 'The database was put back while it was under way; nothing of it is on its way any more.',
    next: quote,
  },
  NODE_DOWN: { sentence: 'The node that should pay does not answer.', next: () => 'nodes' },
};

export function describeFailure(payment: Payment): ProblemText {
  const code = payment.failure ?? 'FAILED';
  const reason = REASONS[code];
  return {
    code,
    title: 'The payment failed; no money has moved',
    detail: reason?.sentence ?? '',
    exit: 1,
    document: {},
    next: reason?.next(payment.invoice) ?? `payment ${payment.id}`,
  };
}
