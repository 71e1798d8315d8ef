/** What the API answers, as far as the commands print it. Types only: the server has checked what it sends. */
import type { z } from '@hono/zod-openapi';
import type { invoiceSchema, paymentSchema, quoteSchema } from '../payments/schemas.ts';

export type Payment = z.infer<typeof paymentSchema>;
export type Attempt = Payment['attempts'][number];
export type Part = Attempt['parts'][number];
export type Quote = z.infer<typeof quoteSchema>;
export type Candidate = Quote['plan']['candidates'][number];
export type Invoice = z.infer<typeof invoiceSchema>;

export interface Page<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
}

export interface Channel {
  readonly scid: string | null;
  readonly peer: string;
  readonly peer_alias: string;
  readonly spendable_msat: string;
  readonly receivable_msat: string;
  readonly active: boolean;
}
export interface Node {
  readonly id: string;
  readonly region: string;
  readonly driver: string;
  readonly state: 'up' | 'lagging' | 'down';
  readonly pubkey: string | null;
  readonly alias: string | null;
  readonly block_height: number | null;
  readonly spendable_msat: string;
  readonly receivable_msat: string;
  readonly channels: readonly Channel[];
}

export interface Account {
  readonly id: string;
  readonly custodial: boolean;
  readonly free_msat: string;
  readonly held_msat: string;
}

export interface Balance {
  readonly spendable_msat: string;
  readonly receivable_msat: string;
  readonly largest_payment_msat: string;
  readonly nodes: readonly Pick<Node, 'id' | 'state' | 'spendable_msat' | 'receivable_msat'>[];
  readonly accounts: readonly Omit<Account, 'custodial'>[];
}

export interface BookSide {
  readonly channels_msat: string;
  readonly in_flight_msat: string;
  readonly onchain_msat: string;
}
export interface Books {
  readonly difference_msat: string;
  readonly nodes: readonly {
    readonly node: string;
    readonly difference_msat: string;
    readonly cursor: string;
    readonly ledger: BookSide;
    readonly reported: BookSide;
  }[];
}

export interface People {
  readonly height: number;
  readonly data: readonly {
    readonly name: string;
    readonly pubkey: string;
    readonly spendable_msat: string;
    readonly receivable_msat: string;
    readonly channels: number;
  }[];
}
export interface PersonInvoice {
  readonly invoice: string;
  readonly payment_hash: string;
}
export interface PersonPaid {
  readonly state: 'settled';
  readonly amount_msat: string;
  readonly fee_msat: string;
  readonly preimage: string;
}
