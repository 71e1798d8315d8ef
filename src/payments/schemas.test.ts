/** The documentation shows what the API answers. */
import { describe, expect, it } from 'vitest';
import { paymentExample } from './examples.ts';
import { paymentSchema } from './schemas.ts';

describe('the example of a payment', () => {
  it('is what its schema describes, and nothing besides', () => {
    expect(paymentSchema.parse(paymentExample)).toEqual(paymentExample);
  });

  it('adds up: what was held went to the payee, to the fee, or came back', () => {
    const total = (reason: string) =>
      paymentExample.transfers
        .filter((transfer) => transfer.reason === reason)
        .reduce((sum, { amount_msat }) => sum + BigInt(amount_msat), 0n);
    expect(total('hold')).toBe(total('settled') + total('fee_charged') + total('release'));
    expect(total('sent')).toBe(total('settled') + total('fee'));
  });
});
