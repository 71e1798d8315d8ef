/** Looks at everything that there is to see, over the API and under /proc. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBolt11 } from '../../src/lightning/bolt11.ts';
import { type Argosy, ArgosyProblem, type Invoice, type Payment, type People } from '../../src/sdk/index.ts';
import { parentOf, processesIn } from '../support/processes.ts';
import type { Receipt, Seen, SeenInvoice, SeenPayment } from './seen.ts';

const PAGE = 200;

export interface Looking {
  readonly argosy: Argosy;
  /** The data folder. */
  readonly data: string;
  /** Payment hashes that need not be looked up at their payees again. */
  readonly proven: ReadonlySet<string>;
}

/** @throws what the SDK throws: an Argosy that cannot tell is not well */
export async function look({ argosy, data, proven }: Looking): Promise<Seen> {
  const [nodes, people, payments, invoices, books, accounts] = await Promise.all([
    argosy.nodes(),
    argosy.practice.people(),
    Array.fromAsync(argosy.payments({ limit: PAGE })),
    Array.fromAsync(argosy.invoices({ limit: PAGE })),
    argosy.checkBooks(),
    argosy.accounts(),
  ]);
  const unproven = payments.filter(({ payment_hash }) => !proven.has(payment_hash));
  return {
    nodes: nodes.map(({ id, pubkey, state, channels }) => ({ name: id, pubkey, state, channels })),
    people: people.data,
    payments: payments.map(seePayment),
    invoices: invoices.map(seeInvoice),
    receipts: await askPayees(argosy, people, unproven),
    books: books.nodes.map(({ node, difference_msat, in_flight }) => ({
      node,
      differenceMsat: BigInt(difference_msat),
      inFlight: in_flight.length,
    })),
    accounts: accounts.map(({ id, free_msat, held_msat }) => ({
      id,
      freeMsat: BigInt(free_msat),
      heldMsat: BigInt(held_msat),
    })),
    database: findServers(data),
  };
}

const amount = (msat: string | null): bigint | null => (msat === null ? null : BigInt(msat));

const seePayment = ({ id, payment_hash, state, amount_msat, fee_msat, preimage }: Payment): SeenPayment => ({
  id,
  hash: payment_hash,
  state,
  amountMsat: BigInt(amount_msat),
  feeMsat: amount(fee_msat),
  preimage,
});

const seeInvoice = ({ id, payment_hash, state, received_msat }: Invoice): SeenInvoice => ({
  id,
  hash: payment_hash,
  state,
  receivedMsat: amount(received_msat),
});

/** One after another: what is asked of the nodes here is no part of what is tried. */
async function askPayees(argosy: Argosy, people: People, payments: readonly Payment[]): Promise<Receipt[]> {
  const names = new Map(people.data.map(({ name, pubkey }) => [pubkey, name]));
  const receipts: Receipt[] = [];
  for (const { invoice, payment_hash: hash } of payments) {
    const decoded = decodeBolt11(invoice);
    const person = decoded.kind === 'invoice' ? (names.get(decoded.invoice.payee) ?? null) : null;
    if (person === null) throw new Error(`nobody asked for ${hash}`);
    receipts.push(await askPayee(argosy, person, hash));
  }
  return receipts;
}

async function askPayee(argosy: Argosy, person: string, hash: string): Promise<Receipt> {
  try {
    const { state, received_msat } = await argosy.practice.invoiceOf(person, hash);
    return { hash, person, state, receivedMsat: amount(received_msat) };
  } catch (error) {
    if (!(error instanceof ArgosyProblem) || error.code !== 'not_found') throw error;
    return { hash, person, state: 'not_found', receivedMsat: null };
  }
}

/** PostgreSQL's own folder, in which all its processes work. */
export const databaseFolder = (data: string): string => join(realpathSync(data), 'postgres', 'data');

function findServers(data: string): Seen['database'] {
  const found = processesIn(databaseFolder(data));
  const isBelow = (pid: number): boolean => found.includes(parentOf(pid) ?? 0);
  const servers = found.filter((pid) => !isBelow(pid) && found.some((child) => parentOf(child) === pid));
  return { servers, strays: found.filter((pid) => !isBelow(pid) && !servers.includes(pid)) };
}
