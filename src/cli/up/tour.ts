/** One payment, made unasked: the merchant wants 25,000 sat, the fleet quotes and pays, the books are checked. */
import { randomUUID } from 'node:crypto';
import type { Client } from '../client.ts';
import { readNames } from '../names.ts';
import type { Books, Node, Payment, PersonInvoice, Quote } from '../shapes.ts';
import { watchPayment } from '../watch.ts';
import type { Teller } from './tell.ts';

const AMOUNT_MSAT = '25000000';
const NEXT_AMOUNT_MSAT = '10000000';
/** The next one is there to be copied when its reader gets to it. */
const A_DAY_S = 86_400;
const PATIENCE_MS = 60_000;
const LOOK_MS = 10;

/** @returns a fresh invoice of the merchant, to try next */
export async function runTour(client: Client, teller: Teller): Promise<string> {
  const nodes = await client.get<{ data: Node[] }>('/v1/nodes');
  teller.nodes(nodes.data);
  const nameOf = await readNames(client);
  const { invoice } = await merchantAsks(client, AMOUNT_MSAT, '25,000 sat, to begin with');
  teller.quote(await client.ask<Quote>('/v1/quotes', { invoice }));
  const begun = await client.act<Payment>('/v1/payments', { invoice }, { idempotencyKey: randomUUID() });
  teller.payment(await watchPayment(client, begun, { patienceMs: PATIENCE_MS, lookMs: LOOK_MS }), nameOf);
  teller.books(await client.get<Books>('/v1/books/check'));
  return (await merchantAsks(client, NEXT_AMOUNT_MSAT, 'the next one')).invoice;
}

const merchantAsks = (client: Client, amountMsat: string, description: string): Promise<PersonInvoice> =>
  client.act('/v1/practice/people/merchant/invoices', {
    amount_msat: amountMsat,
    description,
    expiry_seconds: A_DAY_S,
  });
