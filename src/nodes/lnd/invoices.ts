/** Receiving: LND numbers what it settles, and tells again whatever came after a number. */
import { status } from '@grpc/grpc-js';
import { type PaymentHash, paymentHash, preimage } from '../../lightning/ids.ts';
import { msat } from '../../money/msat.ts';
import type { CancelAnswer, CreatedInvoice, InvoiceOrder, InvoiceStatus } from '../node.ts';
import type { Notebook } from '../notebook.ts';
import { LndError } from './call.ts';
import type { LndClient } from './client.ts';
import { htlcName, type Settled } from './hanging.ts';
import { bytes, hex, invoiceStatus } from './map.ts';
import type { Invoice } from './proto/lightning.ts';
import { type KeptStream, keepStream, type OnRefused } from './streams.ts';

/** The number of the last settled invoice that was noted. */
const SETTLED = 'invoices';
/** So many of the newest invoices are looked at for the number to begin with. */
const LOOK_BACK = '1000';

export async function createInvoice(client: LndClient, order: InvoiceOrder): Promise<CreatedInvoice> {
  const made = await client.lightning.addInvoice({
    memo: order.description,
    value_msat: (order.amountMsat ?? 0n).toString(),
    expiry: order.expirySeconds.toString(),
    private: true,
  });
  const { creation_date, expiry } = await client.lightning.lookupInvoice({ r_hash: made.r_hash });
  return {
    bolt11: made.payment_request,
    paymentHash: paymentHash(hex(made.r_hash)),
    expiresAt: (Number(creation_date) + Number(expiry)) * 1000,
  };
}

/** Null: LND has no such invoice. @param hash hex */
export async function lookUp(client: LndClient, hash: string): Promise<Invoice | null> {
  try {
    return await client.lightning.lookupInvoice({ r_hash: bytes(hash) });
  } catch (error) {
    if (error instanceof LndError && error.code === status.NOT_FOUND) return null;
    if (error instanceof LndError && /unable to locate invoice|no invoice/.test(error.message)) return null;
    throw error;
  }
}

export async function lookupInvoice(client: LndClient, hash: PaymentHash): Promise<InvoiceStatus> {
  const invoice = await lookUp(client, hash);
  return invoice === null ? { kind: 'not_found' } : invoiceStatus(invoice, Date.now());
}

export async function cancelInvoice(client: LndClient, hash: PaymentHash): Promise<CancelAnswer> {
  const refused = await client.invoices.cancelInvoice({ payment_hash: bytes(hash) }).then(
    () => null,
    (error: unknown) => error,
  );
  const invoice = await lookUp(client, hash);
  if (invoice === null) return { kind: 'not_found' };
  if (invoice.state === 'CANCELED') {
    const known = invoice.r_preimage.length === 32 && invoice.r_preimage.some((byte) => byte !== 0);
    return { kind: 'cancelled', preimage: known ? preimage(hex(invoice.r_preimage)) : null };
  }
  if (invoice.state === 'SETTLED') {
    return { kind: 'settled', receivedMsat: msat(BigInt(invoice.amt_paid_msat)) };
  }
  if (refused !== null && invoice.state !== 'ACCEPTED') throw refused;
  return { kind: 'accepted' };
}

export function watchInvoices(
  client: LndClient,
  book: Notebook,
  { incoming }: Settled,
  onRefused: OnRefused,
): KeptStream {
  const settled = (): string => (book.facts.get(SETTLED) as string | undefined) ?? '0';
  return keepStream(
    () => client.lightning.subscribeInvoices({ settle_index: settled() }),
    (invoice) => {
      for (const [name, amountMsat] of settledHtlcsOf(invoice)) incoming.set(name, amountMsat);
      return note(book, settled(), invoice);
    },
    async () => {
      // LND tells what came after a number, except after zero.
      if (settled() === '0')
        for (const invoice of await firstSettled(client)) await note(book, settled(), invoice);
    },
    onRefused,
  );
}

/** By name, in msat; none while the invoice is not settled. */
export const settledHtlcsOf = ({ state, htlcs }: Invoice): [string, bigint][] =>
  htlcs
    .filter((htlc) => state === 'SETTLED' && htlc.state === 'SETTLED')
    .map((htlc) => [htlcName(htlc.chan_id, htlc.htlc_index), BigInt(htlc.amt_msat)]);

async function note(book: Notebook, last: string, invoice: Invoice): Promise<void> {
  if (invoice.state !== 'SETTLED' || BigInt(invoice.settle_index) <= BigInt(last)) return;
  await book.note({
    events: [
      {
        kind: 'invoice_settled',
        paymentHash: paymentHash(hex(invoice.r_hash)),
        receivedMsat: msat(BigInt(invoice.amt_paid_msat)),
        preimage: preimage(hex(invoice.r_preimage)),
      },
    ],
    facts: [[SETTLED, invoice.settle_index]],
  });
}

/** A node whose first invoices were settled unseen: it cannot have many. */
async function firstSettled(client: LndClient): Promise<readonly Invoice[]> {
  const { invoices } = await client.lightning.listInvoices({ num_max_invoices: LOOK_BACK, reversed: true });
  return invoices
    .filter((invoice) => invoice.state === 'SETTLED')
    .sort((a, b) => Number(BigInt(a.settle_index) - BigInt(b.settle_index)));
}

/** Where a node that is new to the books begins: what was settled before is in what it holds. */
export async function beginInvoices(client: LndClient, book: Notebook): Promise<void> {
  const newest = (await firstSettled(client)).at(-1)?.settle_index;
  if (newest !== undefined) await book.note({ facts: [[SETTLED, newest]] });
}
