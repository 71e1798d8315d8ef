/** The node's own invoices: LDK keeps none, it derives secret and preimage from the hash. */
import type { PaymentHash, Preimage } from '../../lightning/ids.ts';
import type { Msat } from '../../money/msat.ts';
import type { CancelAnswer, InvoiceStatus } from '../node.ts';

type InvoiceState =
  /** `accepted`: complete and held. */
  | { readonly kind: 'pending' | 'accepted' | 'cancelled' }
  | { readonly kind: 'settled'; readonly receivedMsat: Msat };

interface Invoice {
  readonly preimage: Preimage;
  /** ms since 1970. */
  readonly expiresAt: number;
  state: InvoiceState;
}

/** What to do with a payment that has arrived completely. */
export type Verdict = 'claim' | 'hold' | 'refuse';

export interface InvoiceBook {
  add(hash: PaymentHash, preimage: Preimage, expiresAt: number): void;
  has(hash: PaymentHash): boolean;
  status(hash: PaymentHash, now: number): InvoiceStatus;
  cancel(hash: PaymentHash): CancelAnswer;
  /** A complete payment has arrived: once an invoice is settled or cancelled, no other is taken. */
  arrive(hash: PaymentHash): Verdict;
  settle(hash: PaymentHash, receivedMsat: Msat): Preimage | null;
  /** While holding, complete payments wait; the end of it answers what waited, to be claimed. */
  hold(on: boolean): readonly Preimage[];
}

const CAPACITY = 500_000;

export function createInvoiceBook(): InvoiceBook {
  const invoices = new Map<PaymentHash, Invoice>();
  let holding = false;

  return {
    add(hash, preimage, expiresAt) {
      if (invoices.size >= CAPACITY)
        throw new Error(`the node keeps ${CAPACITY} invoices: restart the world`);
      invoices.set(hash, { preimage, expiresAt, state: { kind: 'pending' } });
    },
    has: (hash) => invoices.has(hash),
    status(hash, now) {
      const invoice = invoices.get(hash);
      if (invoice === undefined) return { kind: 'not_found' };
      const { state, preimage, expiresAt } = invoice;
      if (state.kind === 'settled') return { kind: 'settled', receivedMsat: state.receivedMsat, preimage };
      if (state.kind === 'pending' && now >= expiresAt) return { kind: 'expired' };
      return { kind: state.kind };
    },
    cancel(hash) {
      const invoice = invoices.get(hash);
      if (invoice === undefined) return { kind: 'not_found' };
      const { state, preimage } = invoice;
      if (state.kind === 'settled') return { kind: 'settled', receivedMsat: state.receivedMsat };
      if (state.kind === 'accepted') return { kind: 'accepted' };
      invoice.state = { kind: 'cancelled' };
      return { kind: 'cancelled', preimage };
    },
    arrive(hash) {
      const invoice = invoices.get(hash);
      if (invoice?.state.kind !== 'pending') return 'refuse';
      // Claiming begins at once and cannot be taken back: from here on it is too late to cancel.
      invoice.state = { kind: 'accepted' };
      return holding ? 'hold' : 'claim';
    },
    settle(hash, receivedMsat) {
      const invoice = invoices.get(hash);
      if (invoice === undefined || invoice.state.kind === 'settled') return null;
      invoice.state = { kind: 'settled', receivedMsat };
      return invoice.preimage;
    },
    hold(on) {
      holding = on;
      if (on) return [];
      return [...invoices.values()].flatMap((held) =>
        held.state.kind === 'accepted' ? [held.preimage] : [],
      );
    },
  };
}
