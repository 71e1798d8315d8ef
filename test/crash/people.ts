/** Strangers who trade with Argosy, as the careful client meets them. Amounts in msat. */
import { type Argosy, ArgosyProblem, type CallOptions } from '../../src/sdk/index.ts';

/** Longer than any run. */
export const EXPIRY_SECONDS = 86_400;

export type PersonPays =
  | { readonly kind: 'paid'; readonly preimage: string }
  /** `proven`: nothing of this try can arrive any more. */
  | { readonly kind: 'failed'; readonly reason: string; readonly proven: boolean };

export interface People {
  /** @returns a BOLT 11 invoice. @throws Unreachable and others that a client takes for no answer: nothing is owed then */
  asks(person: string, amountMsat: bigint, options: CallOptions): Promise<string>;
  /** @throws OutcomeUnknown and others that a client takes for no answer */
  pays(person: string, invoice: string, options: CallOptions): Promise<PersonPays>;
}

/** Those of the practice world, who live in the same process as Argosy. */
export const practicePeople = ({ practice }: Argosy): People => ({
  async asks(person, amount_msat, options) {
    const request = { amount_msat, expiry_seconds: EXPIRY_SECONDS };
    return (await practice.invoiceAs(person, request, options)).invoice;
  },
  async pays(person, invoice, options) {
    try {
      return { kind: 'paid', preimage: (await practice.payAs(person, { invoice }, options)).preimage };
    } catch (error) {
      if (!(error instanceof ArgosyProblem) || error.code !== 'practice_payment_failed') throw error;
      const reason = String(error.document.reason);
      return { kind: 'failed', reason, proven: reason !== 'timeout' };
    }
  },
});
