/** What a caller wants paid, checked against the invoice: pure, and each refusal names its field and the way out. */

import { Problem, type ProblemCode } from '../kit/problems.ts';
import { type Bolt11, type Bolt11Fault, decodeBolt11 } from '../lightning/bolt11.ts';
import type { Network } from '../lightning/ids.ts';
import { type AmountFault, MAX_MSAT, type Msat, parseAmount } from '../money/msat.ts';
import { defaultFeeLimit } from '../money/ppm.ts';

/** As it comes over the wire: amounts are decimal strings of msat. */
export interface PaymentRequest {
  readonly invoice: string;
  readonly amount_msat?: string | undefined;
  readonly fee_limit_msat?: string | undefined;
}

export interface WantedPayment {
  readonly invoice: Bolt11;
  readonly amountMsat: Msat;
  readonly feeLimitMsat: Msat;
}

const FAULT_CODES: Partial<Record<Bolt11Fault, ProblemCode>> = {
  bad_checksum: 'invoice_checksum',
  bad_signature: 'invoice_signature',
  unknown_network: 'invoice_wrong_network',
  unknown_required_feature: 'invoice_unsupported',
};

/** @throws Problem */
export function readPaymentRequest(request: PaymentRequest, network: Network, nowMs: number): WantedPayment {
  const decoded = decodeBolt11(request.invoice);
  if (decoded.kind === 'fault') {
    throw new Problem(
      FAULT_CODES[decoded.fault] ?? 'invoice_malformed',
      `invoice: ${decoded.detail}; ask the payee for the invoice again and copy all of it.`,
      { field: 'invoice' },
    );
  }
  const { invoice } = decoded;
  if (invoice.network !== network) {
    throw new Problem(
      'invoice_wrong_network',
      `invoice: it is for ${invoice.network}, and this fleet runs on ${network}; ask for a ${network} invoice.`,
      { field: 'invoice' },
    );
  }
  if (invoice.expiresAt <= nowMs) {
    throw new Problem(
      'invoice_expired',
      `invoice: it expired at ${new Date(invoice.expiresAt).toISOString()}; ask the payee for a new one.`,
      { field: 'invoice' },
    );
  }
  const amountMsat = readAmount(request.amount_msat, invoice.amountMsat);
  const feeLimitMsat = readFeeLimit(request.fee_limit_msat, amountMsat);
  return { invoice, amountMsat, feeLimitMsat };
}

function readAmount(given: string | undefined, asked: Msat | null): Msat {
  const amount = given === undefined ? null : amountField('amount_msat', given);
  if (asked === null) {
    if (amount !== null) return amount;
    throw new Problem(
      'amount_missing',
      'amount_msat: this invoice leaves the amount to you; add amount_msat (CLI: --amount SAT).',
      { field: 'amount_msat' },
    );
  }
  if (amount === null || amount === asked) return asked;
  throw new Problem(
    'amount_mismatch',
    `amount_msat: the invoice asks for ${asked} msat, not ${amount}; leave amount_msat out.`,
    { field: 'amount_msat' },
  );
}

function readFeeLimit(given: string | undefined, amountMsat: Msat): Msat {
  if (given === undefined) return defaultFeeLimit(amountMsat);
  if (given === '0') return 0n as Msat;
  return amountField('fee_limit_msat', given);
}

const AMOUNT_FAULTS: Record<AmountFault, readonly [ProblemCode, string]> = {
  not_numeric: [
    'amount_not_numeric',
    'must be a whole number in decimal digits, as a string such as "25000"',
  ],
  negative: ['amount_negative', 'must be above zero'],
  fractional: ['amount_fractional', 'must be a whole number; there is nothing smaller than a millisatoshi'],
  zero: ['amount_zero', 'must be above zero'],
  overflow: ['amount_overflow', `must be at most ${MAX_MSAT} msat, which is all the bitcoin there will be`],
};

/** Parses a field of msat. @throws Problem that names the field */
export function amountField(field: string, text: string): Msat {
  const parsed = parseAmount(text, 'msat');
  if (parsed.kind === 'amount') return parsed.msat;
  const [code, sentence] = AMOUNT_FAULTS[parsed.fault];
  throw new Problem(code, `${field}: ${sentence}.`, { field });
}
