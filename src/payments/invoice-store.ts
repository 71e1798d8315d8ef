import { instant, type Statements, type Tx } from '../kit/db.ts';
import { together } from '../kit/together.ts';
import type { NodeId, PaymentHash } from '../lightning/ids.ts';

export interface InvoiceRow {
  readonly id: string;
  readonly node_id: NodeId;
  readonly account_id: string;
  readonly payment_hash: PaymentHash;
  readonly bolt11: string;
  readonly amount_msat: bigint | null;
  readonly description: string;
  readonly state: 'new' | 'settled' | 'expired' | 'cancelled';
  readonly received_msat: bigint | null;
  readonly paid: 'on_time' | 'late' | null;
  readonly internal: boolean;
  /** ms since 1970, these three. */
  readonly expires_at: number;
  readonly created_at: number;
  readonly settled_at: number | null;
}

const COLUMNS = `id, node_id, account_id, payment_hash, bolt11, amount_msat, description, state, received_msat,
  paid, internal, expires_at, created_at, settled_at`;
const INVOICE = `select ${COLUMNS} from invoice`;

export const findInvoice = (read: Statements, id: string): Promise<InvoiceRow | null> =>
  read.maybe<InvoiceRow>(`${INVOICE} where id = $1`, [id]);

export const findInvoiceByHash = (
  read: Statements,
  network: string,
  hash: PaymentHash,
): Promise<InvoiceRow | null> => findByHash(read, { network, hash });

const findByHash = together(
  async (read: Statements, all: readonly { readonly network: string; readonly hash: PaymentHash }[]) => {
    const rows = await read.query<InvoiceRow & { network: string }>(
      `select network, ${COLUMNS} from invoice where (network, payment_hash) in (
         select network, hash from unnest($1::text[], $2::text[]) as asked (network, hash))`,
      [all.map(({ network }) => network), all.map(({ hash }) => hash)],
    );
    const byHash = new Map(rows.map(({ network, ...row }) => [`${network} ${row.payment_hash}`, row]));
    return all.map(({ network, hash }) => byHash.get(`${network} ${hash}`) ?? null);
  },
);

export const lockInvoice = (tx: Tx, id: string): Promise<InvoiceRow> =>
  tx.one<InvoiceRow>(`${INVOICE} where id = $1 for update`, [id]);

/** A node is of one network, which leads the index. */
export const lockInvoiceOfNode = (tx: Tx, node: NodeId, hash: PaymentHash): Promise<InvoiceRow | null> =>
  tx.maybe<InvoiceRow>(
    `${INVOICE} where network = (select network from node where id = $1) and payment_hash = $2 and node_id = $1
     for update`,
    [node, hash],
  );

export const listInvoices = (
  read: Statements,
  page: { readonly before: { at: number; id: string } | null; readonly limit: number },
): Promise<InvoiceRow[]> =>
  read.query<InvoiceRow>(
    `${INVOICE} where (created_at, id) < ($1::timestamptz, $2) order by created_at desc, id desc limit $3`,
    [page.before === null ? 'infinity' : instant(page.before.at), page.before?.id ?? '', page.limit],
  );

export async function insertInvoice(
  tx: Tx,
  row: Pick<
    InvoiceRow,
    'id' | 'node_id' | 'account_id' | 'payment_hash' | 'bolt11' | 'amount_msat' | 'description'
  > & { readonly network: string; readonly expires_at: number; readonly created_at: number },
): Promise<void> {
  await tx.query(
    `insert into invoice (id, node_id, account_id, network, payment_hash, bolt11, amount_msat, description, state,
                          expires_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 'new', $9, $10)`,
    [
      row.id,
      row.node_id,
      row.account_id,
      row.network,
      row.payment_hash,
      row.bolt11,
      row.amount_msat,
      row.description,
      instant(row.expires_at),
      instant(row.created_at),
    ],
  );
}

export async function settleInvoice(
  tx: Tx,
  id: string,
  settled: { readonly receivedMsat: bigint; readonly paid: 'on_time' | 'late'; readonly internal: boolean },
): Promise<void> {
  await tx.query(
    `update invoice set state = 'settled', received_msat = $2, paid = $3, internal = $4, settled_at = now()
     where id = $1`,
    [id, settled.receivedMsat, settled.paid, settled.internal],
  );
}

export async function expireInvoice(tx: Tx, id: string): Promise<boolean> {
  const rows = await tx.query(
    `update invoice set state = 'expired' where id = $1 and state = 'new' and expires_at <= now() returning id`,
    [id],
  );
  return rows.length === 1;
}

/** Open invoices of a node; those that nobody has looked at for longest come first. */
export const openInvoicesOf = async (read: Statements, node: NodeId, limit: number): Promise<string[]> =>
  (
    await read.query<{ id: string }>(
      `select id from invoice where node_id = $1 and state = 'new' order by checked_at limit $2`,
      [node, limit],
    )
  ).map(({ id }) => id);

/**
 * Invoices that may have been paid unnoticed: open ones, and those that expired within a day, each looked at once
 * per `staleMs`; older ones never again. Bounded by `limit`, whatever the history.
 */
export const takeStaleInvoices = (
  tx: Tx,
  nodes: readonly NodeId[],
  staleMs: number,
  limit: number,
): Promise<{ id: string; node_id: NodeId }[]> =>
  tx.query(
    `with taken as (
       update invoice
       set checked_at = case when expires_at > now() - interval '1 day' then now() else 'infinity' end
       where id = any(array(
         select id from invoice where node_id = any($1) and state in ('new', 'expired')
           and checked_at < now() - $2 * interval '1 millisecond'
         order by checked_at limit $3 for update skip locked))
       returning id, node_id, checked_at)
     select id, node_id from taken where checked_at < 'infinity'`,
    [nodes, staleMs, limit],
  );
