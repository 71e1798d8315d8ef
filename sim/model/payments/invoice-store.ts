import type { NodeId } from '../../../src/lightning/ids.ts';
import type * as product from '../../../src/payments/invoice-store.ts';
import { statement, theOne } from '../database.ts';
import type { InvoiceData } from '../schema.ts';
import { keyed, type Row } from '../table.ts';
import type { Session } from '../transaction.ts';

type Product = typeof product;

/** The columns that the product reads. */
function toRow(invoice: InvoiceData | null): product.InvoiceRow | null {
  if (invoice === null) return null;
  const { network: _network, checked_at: _checked, ...row } = invoice;
  return row as product.InvoiceRow;
}

export const findInvoice: Product['findInvoice'] = (read, id) =>
  statement(read, 'findInvoice', (s) => toRow(s.get(s.tables.invoice.by.invoice_pkey, id)));

export const findInvoiceByHash: Product['findInvoiceByHash'] = (read, network, hash) =>
  statement(read, 'findInvoiceByHash', (s) =>
    toRow(s.get(s.tables.invoice.by.invoice_network_payment_hash_key, keyed(network, hash))),
  );

export const lockInvoice: Product['lockInvoice'] = async (tx, id) => {
  const row = await statement(tx, 'lockInvoice', async (s) => {
    const found = s.find(s.tables.invoice.by.invoice_pkey, id);
    return found === null ? null : toRow(await s.hold(found, 'update'));
  });
  return theOne(row === null ? [] : [row]);
};

export const lockInvoiceOfNode: Product['lockInvoiceOfNode'] = (tx, node, hash) =>
  statement(tx, 'lockInvoiceOfNode', async (s) => {
    const network = s.get(s.tables.node.by.node_pkey, node)?.network;
    if (network === undefined) return null;
    const row = s.find(s.tables.invoice.by.invoice_network_payment_hash_key, keyed(network, hash));
    if (row === null || s.see(row)?.node_id !== node) return null;
    return toRow(await s.hold(row, 'update'));
  });

export const listInvoices: Product['listInvoices'] = (read, { before, limit }) =>
  statement(read, 'listInvoices', (s) =>
    s
      .where(
        s.tables.invoice,
        ({ created_at, id }) =>
          before === null || created_at < before.at || (created_at === before.at && id < before.id),
      )
      .map((row) => toRow(s.see(row)) as product.InvoiceRow)
      .sort((one, other) => other.created_at - one.created_at || (one.id < other.id ? 1 : -1))
      .slice(0, limit),
  );

export const insertInvoice: Product['insertInvoice'] = (tx, row) =>
  statement(tx, 'insertInvoice', (s) =>
    s.insert(s.tables.invoice, {
      id: row.id,
      node_id: row.node_id,
      account_id: row.account_id,
      network: row.network,
      payment_hash: row.payment_hash,
      bolt11: row.bolt11,
      amount_msat: row.amount_msat,
      description: row.description,
      state: 'new',
      received_msat: null,
      paid: null,
      internal: false,
      expires_at: row.expires_at,
      created_at: row.created_at,
      settled_at: null,
      checked_at: s.now,
    }),
  );

export const settleInvoice: Product['settleInvoice'] = (tx, id, { receivedMsat, paid, internal }) =>
  statement(tx, 'settleInvoice', async (s) => {
    const rows = s.list(s.tables.invoice.by.invoice_pkey, id);
    await s.update(rows, (invoice) => ({
      ...invoice,
      state: 'settled',
      received_msat: receivedMsat,
      paid,
      internal,
      settled_at: s.now,
    }));
  });

export const expireInvoice: Product['expireInvoice'] = (tx, id) =>
  statement(tx, 'expireInvoice', async (s) => {
    const isOver = ({ state, expires_at }: InvoiceData): boolean => state === 'new' && expires_at <= s.now;
    const rows = s
      .list(s.tables.invoice.by.invoice_pkey, id)
      .filter((row) => isOver(s.see(row) as InvoiceData));
    const written = await s.update(rows, (invoice) =>
      isOver(invoice) ? { ...invoice, state: 'expired' } : null,
    );
    return written.length === 1;
  });

type Seen = { readonly row: Row<InvoiceData>; readonly data: InvoiceData };

const openOnes = (s: Session, node: NodeId): Seen[] =>
  s.list(s.tables.invoice.by.open, node).map((row) => ({ row, data: s.see(row) as InvoiceData }));

const longestAgo = (one: Seen, other: Seen): number => one.data.checked_at - other.data.checked_at;

export const openInvoicesOf: Product['openInvoicesOf'] = (read, node, limit) =>
  statement(read, 'openInvoicesOf', (s) =>
    openOnes(s, node)
      .filter(({ data }) => data.state === 'new')
      .sort(longestAgo)
      .slice(0, limit)
      .map(({ data }) => data.id),
  );

const DAY_MS = 86_400_000;

export const takeStaleInvoices: Product['takeStaleInvoices'] = (tx, nodes, staleMs, limit) =>
  statement(tx, 'takeStaleInvoices', (s) => {
    const stale = [...new Set(nodes)]
      .flatMap((node) => openOnes(s, node))
      .filter(({ data }) => data.checked_at < s.now - staleMs)
      .sort(longestAgo)
      .map(({ row }) => row);
    const taken = s.takeFree(stale, limit, (invoice) => ({
      ...invoice,
      checked_at: invoice.expires_at > s.now - DAY_MS ? s.now : Number.POSITIVE_INFINITY,
    }));
    return taken
      .filter(({ checked_at }) => checked_at < Number.POSITIVE_INFINITY)
      .map(({ id, node_id }) => ({ id, node_id: node_id as NodeId }));
  });
