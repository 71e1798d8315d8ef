/** The node's own invoices: LDK keeps none, it derives secret and preimage from the hash. */
import type { PaymentHash, Preimage } from '../../lightning/ids.ts';
import type { Msat } from '../../money/msat.ts';
import type { CancelAnswer, InvoiceStatus } from '../node.ts';
import { pack, type Store, unpack } from './store.ts';

type InvoiceState =
  /** `accepted`: complete and held. */
  | { readonly kind: 'pending' | 'accepted' | 'cancelled' }
  | { readonly kind: 'settled'; readonly receivedMsat: Msat };

interface Invoice {
  readonly preimage: Preimage;
  /** ms since 1970. */
  readonly expiresAt: number;
  readonly state: InvoiceState;
}

/** What to do with a payment that has arrived completely. */
export type Verdict = 'claim' | 'hold' | 'refuse';

/** `again`: LDK has told it before. */
export type Settling =
  | { readonly kind: 'settled'; readonly preimage: Preimage }
  | { readonly kind: 'again' | 'unknown' };

export interface InvoiceBook {
  add(hash: PaymentHash, preimage: Preimage, expiresAt: number): void;
  has(hash: PaymentHash): boolean;
  status(hash: PaymentHash, now: number): InvoiceStatus;
  cancel(hash: PaymentHash): CancelAnswer;
  /** A complete payment has arrived: once an invoice is settled or cancelled, no other is taken. */
  arrive(hash: PaymentHash): Verdict;
  settle(hash: PaymentHash, receivedMsat: Msat): Settling;
  /** While holding, complete payments wait. */
  hold(on: boolean): void;
  /** Complete, and not claimed to the end yet. */
  accepted(): readonly Preimage[];
}

/** Older invoices of the worker's nodes are forgotten, unless their money is here. */
const REMEMBERED = 200_000;
const BITE = 1_000;

export function createInvoiceBook(store: Store, node: string): InvoiceBook {
  let holding = false;
  let added = 0;

  function find(hash: PaymentHash): Invoice | undefined {
    const row = store.get('select body from invoice where node = ? and hash = ?', node, hash);
    return row && unpack<Invoice>(row.body);
  }
  function move(hash: PaymentHash, invoice: Invoice, state: InvoiceState): void {
    store.run(
      'update invoice set state = ?, body = ? where node = ? and hash = ?',
      state.kind,
      pack({ ...invoice, state }),
      node,
      hash,
    );
  }
  function forgetOldest(): void {
    store.run(
      `delete from invoice where seq <= (select max(seq) from invoice) - ${REMEMBERED} and state <> 'accepted'`,
    );
  }

  return {
    add(hash, preimage, expiresAt) {
      const invoice: Invoice = { preimage, expiresAt, state: { kind: 'pending' } };
      store.run(
        'insert into invoice (node, hash, state, body) values (?, ?, ?, ?)',
        node,
        hash,
        invoice.state.kind,
        pack(invoice),
      );
      if (++added % BITE === 0) forgetOldest();
    },
    has: (hash) => find(hash) !== undefined,
    status(hash, now) {
      const invoice = find(hash);
      if (invoice === undefined) return { kind: 'not_found' };
      const { state, preimage, expiresAt } = invoice;
      if (state.kind === 'settled') return { kind: 'settled', receivedMsat: state.receivedMsat, preimage };
      if (state.kind === 'pending' && now >= expiresAt) return { kind: 'expired' };
      return { kind: state.kind };
    },
    cancel(hash) {
      const invoice = find(hash);
      if (invoice === undefined) return { kind: 'not_found' };
      const { state, preimage } = invoice;
      if (state.kind === 'settled') return { kind: 'settled', receivedMsat: state.receivedMsat };
      if (state.kind === 'accepted') return { kind: 'accepted' };
      move(hash, invoice, { kind: 'cancelled' });
      return { kind: 'cancelled', preimage };
    },
    arrive(hash) {
      const invoice = find(hash);
      if (invoice?.state.kind !== 'pending') return 'refuse';
      // Claiming begins at once and cannot be taken back: from here on it is too late to cancel.
      move(hash, invoice, { kind: 'accepted' });
      return holding ? 'hold' : 'claim';
    },
    settle(hash, receivedMsat) {
      const invoice = find(hash);
      if (invoice === undefined) return { kind: 'unknown' };
      if (invoice.state.kind === 'settled') return { kind: 'again' };
      move(hash, invoice, { kind: 'settled', receivedMsat });
      return { kind: 'settled', preimage: invoice.preimage };
    },
    hold(on) {
      holding = on;
    },
    accepted: () =>
      store
        .all(`select body from invoice where node = ? and state = 'accepted'`, node)
        .map((row) => unpack<Invoice>(row.body).preimage),
  };
}
