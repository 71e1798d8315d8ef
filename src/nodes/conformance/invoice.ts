import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { type Bolt11, decodeBolt11 } from '../../lightning/bolt11.ts';

/** What a payer reads in an invoice, which must be sound. */
export function readInvoice(text: string): Bolt11 {
  const decoded = decodeBolt11(text);
  assert(decoded.kind === 'invoice', `no invoice: ${inspect(decoded)}`);
  return decoded.invoice;
}
