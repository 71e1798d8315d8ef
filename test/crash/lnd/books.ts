/** The books as they lie in the database, by SQL: what the API says of them is not asked. */
import pg from 'pg';
import type { Books } from './evidence.ts';

type Row = Record<string, string | null>;

const SQL = {
  accounts: 'select id, balance_msat from account',
  payments: `select id, obligation_id, payment_hash, state, amount_msat, fee_msat, preimage, internal_invoice_id from payment`,
  parts: `select p.payment_id, y.payment_hash, p.node_id, p.state, p.amount_msat + p.fee_msat as left_msat
    from part p join payment y on y.id = p.payment_id`,
  invoices: 'select id, node_id, payment_hash, state, received_msat, internal from invoice',
} as const;

/** @throws where the database does not answer */
export async function readBooks(url: string): Promise<Books> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    query_timeout: 30_000,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    // One snapshot for all of them.
    await client.query('begin isolation level repeatable read read only');
    const rows = async (sql: string): Promise<Row[]> => (await client.query<Row>(sql)).rows;
    const accounts = await rows(SQL.accounts);
    const payments = await rows(SQL.payments);
    const parts = await rows(SQL.parts);
    const invoices = await rows(SQL.invoices);
    return {
      accounts: new Map(accounts.map(({ id, balance_msat }) => [text(id), BigInt(text(balance_msat))])),
      payments: payments.map((row) => ({
        id: text(row.id),
        obligation: text(row.obligation_id),
        hash: text(row.payment_hash),
        state: text(row.state),
        amountMsat: BigInt(text(row.amount_msat)),
        feeMsat: amount(row.fee_msat),
        preimage: row.preimage ?? null,
        internal: row.internal_invoice_id !== null,
      })),
      parts: parts.map((row) => ({
        payment: text(row.payment_id),
        hash: text(row.payment_hash),
        node: text(row.node_id),
        state: text(row.state),
        leftMsat: BigInt(text(row.left_msat)),
      })),
      invoices: invoices.map((row) => ({
        id: text(row.id),
        node: text(row.node_id),
        hash: text(row.payment_hash),
        state: text(row.state),
        receivedMsat: amount(row.received_msat),
        internal: String(row.internal) === 'true',
      })),
    };
  } finally {
    await client.end();
  }
}

const text = (value: string | null | undefined): string => value ?? '';
const amount = (value: string | null | undefined): bigint | null => (value == null ? null : BigInt(value));
