/**
 * What `up` shows of a world. A new one: the merchant wants 25,000 sat, the fleet quotes and pays, the books are
 * checked. One that is back: its nodes and its books, and nothing is paid unasked.
 */

import type { PersonInvoice } from '../../sdk/index.ts';
import type { Client } from '../client.ts';
import { readNames } from '../names.ts';
import { watchPayment } from '../watch.ts';
import type { Teller } from './tell.ts';

const AMOUNT_MSAT = '25000000';
const NEXT_AMOUNT_MSAT = '10000000';
/** The next one is there to be copied when its reader gets to it. */
const A_DAY_S = 86_400;
const PATIENCE_MS = 60_000;
const LOOK_MS = 10;

/** @returns a fresh invoice of the merchant, to try next */
export async function runTour(client: Client, teller: Teller, resumed: boolean): Promise<string> {
  teller.nodes(await client.nodes());
  if (!resumed) await payFirst(client, teller);
  teller.books(await client.checkBooks());
  return (await merchantAsks(client, NEXT_AMOUNT_MSAT, resumed ? 'to go on with' : 'the next one')).invoice;
}

/** An own fleet: who is there, and whether the books agree; those of nodes that are away cannot be compared. */
export async function lookAround(client: Client, teller: Teller): Promise<void> {
  const nodes = await client.nodes();
  teller.nodes(nodes);
  if (nodes.length > 0 && nodes.every(({ state }) => state !== 'down'))
    teller.books(await client.checkBooks());
}

async function payFirst(client: Client, teller: Teller): Promise<void> {
  const nameOf = await readNames(client);
  const { invoice } = await merchantAsks(client, AMOUNT_MSAT, '25,000 sat, to begin with');
  teller.quote(await client.quote({ invoice }));
  const begun = await client.pay({ invoice });
  teller.payment(await watchPayment(client, begun, { patienceMs: PATIENCE_MS, lookMs: LOOK_MS }), nameOf);
}

const merchantAsks = (client: Client, amountMsat: string, description: string): Promise<PersonInvoice> =>
  client.practice.invoiceAs('merchant', {
    amount_msat: amountMsat,
    description,
    expiry_seconds: A_DAY_S,
  });
