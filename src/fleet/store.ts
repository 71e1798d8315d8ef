import type { Statements, Tx } from '../kit/db.ts';
import { nodeAccounts } from '../ledger/account.ts';
import type { NodeId, NodePubkey } from '../lightning/ids.ts';
import { type Msat, msat } from '../money/msat.ts';
import type { Cursor } from '../nodes/node.ts';

export interface NodeRow {
  readonly id: NodeId;
  readonly region: string;
  readonly driver: string;
  readonly pubkey: NodePubkey;
  readonly network: string;
}

export const findNode = (read: Statements, id: NodeId): Promise<NodeRow | null> =>
  read.maybe<NodeRow>('select id, region, driver, pubkey, network from node where id = $1', [id]);

export const findNodeByPubkey = (read: Statements, pubkey: NodePubkey): Promise<NodeRow | null> =>
  read.maybe<NodeRow>('select id, region, driver, pubkey, network from node where pubkey = $1', [pubkey]);

/** Parts of payments that have no end yet. */
export const countOpenParts = async (read: Statements, id: NodeId): Promise<number> =>
  (
    await read.one<{ parts: number }>(
      `select count(*)::integer as parts from part
       where node_id = $1 and state in ('planned', 'in_flight', 'unknown')`,
      [id],
    )
  ).parts;

export async function insertNode(tx: Tx, row: NodeRow): Promise<void> {
  await tx.query('insert into node (id, region, driver, pubkey, network) values ($1, $2, $3, $4, $5)', [
    row.id,
    row.region,
    row.driver,
    row.pubkey,
    row.network,
  ]);
}

/** Takes the lease if it is free, run out, or ours. Null: another process owns the node. */
export const takeLease = (
  tx: Tx,
  id: NodeId,
  owner: string,
  ttlMs: number,
): Promise<{ token: bigint; cursor: Cursor | null } | null> =>
  tx.maybe(
    `insert into node_session (node_id, owner, token, expires_at)
     values ($1, $2, 1, now() + $3 * interval '1 millisecond')
     on conflict (node_id) do update
       set owner = excluded.owner, token = node_session.token + 1, expires_at = excluded.expires_at, trouble = null
       where node_session.expires_at < now() or node_session.owner = excluded.owner
     returning token, cursor`,
    [id, owner, ttlMs],
  );

export const renewLease = async (tx: Tx, id: NodeId, token: bigint, ttlMs: number): Promise<boolean> =>
  (
    await tx.query(
      `update node_session set expires_at = now() + $3 * interval '1 millisecond'
       where node_id = $1 and token = $2 returning node_id`,
      [id, token, ttlMs],
    )
  ).length === 1;

export async function releaseLease(tx: Tx, id: NodeId, token: bigint): Promise<void> {
  await tx.query('update node_session set expires_at = now() where node_id = $1 and token = $2', [id, token]);
}

/** Who has a node in hand, for everybody else. */
export interface Ownership {
  readonly owner: string;
  /** Why the owner cannot use it now; null: it can. */
  readonly trouble: string | null;
}

/** Is somebody else's lease on the node alive? Asked before one is taken, which would lock the row of its owner. */
export const isOthers = async (read: Statements, id: NodeId, owner: string): Promise<boolean> =>
  (
    await read.query(
      'select node_id from node_session where node_id = $1 and owner <> $2 and expires_at >= now()',
      [id, owner],
    )
  ).length > 0;

/** Leases that have not run out. */
export async function readOwners(read: Statements): Promise<ReadonlyMap<NodeId, Ownership>> {
  const rows = await read.query<Ownership & { node_id: NodeId }>(
    'select node_id, owner, trouble from node_session where expires_at > now()',
  );
  return new Map(rows.map((row) => [row.node_id, row]));
}

export async function tellTrouble(tx: Tx, id: NodeId, token: bigint, trouble: string | null): Promise<void> {
  await tx.query('update node_session set trouble = $3 where node_id = $1 and token = $2', [
    id,
    token,
    trouble,
  ]);
}

/** Locks the session and tells where its books are. Null: the lease went to somebody else. */
export const lockSession = (tx: Tx, id: NodeId, token: bigint): Promise<{ cursor: Cursor | null } | null> =>
  tx.maybe('select cursor from node_session where node_id = $1 and token = $2 for update', [id, token]);

export async function moveCursor(tx: Tx, id: NodeId, cursor: Cursor): Promise<void> {
  await tx.query('update node_session set cursor = $2 where node_id = $1', [id, cursor]);
}

export interface NodeBooks {
  readonly channels_msat: bigint;
  readonly in_flight_msat: bigint;
  readonly onchain_msat: bigint;
  /** Parts without an end: what the ledger believes to be in flight. */
  readonly parts: readonly { readonly id: string; readonly payment_hash: string; readonly msat: string }[];
}

/** One statement, so one moment: what the ledger says that the node holds. */
export const readNodeBooks = (
  read: Statements,
  id: NodeId,
  accounts: { readonly channels: string; readonly inFlight: string; readonly onchain: string },
): Promise<NodeBooks> =>
  read.one<NodeBooks>(
    `select (select balance_msat from account where id = $2) as channels_msat,
            (select balance_msat from account where id = $3) as in_flight_msat,
            (select balance_msat from account where id = $4) as onchain_msat,
            coalesce((select json_agg(json_build_object('id', id, 'payment_hash', payment_hash, 'msat', msat::text)
                        order by id)
              from (select part.id, payment.payment_hash, part.amount_msat + part.fee_msat as msat
                    from part join payment on payment.id = part.payment_id
                    where part.node_id = $1 and part.state in ('planned', 'in_flight', 'unknown')
                    union all
                    select 'foreign:' || token, payment_hash, amount_msat + fee_msat
                    from foreign_part where node_id = $1 and state = 'in_flight') as open), '[]') as parts`,
    [id, accounts.channels, accounts.inFlight, accounts.onchain],
  );

/** What the ledger has at each node: in channels, in flight, settling and in coins. */
export async function readExposures(
  read: Statements,
  nodes: readonly NodeId[],
): Promise<ReadonlyMap<NodeId, Msat>> {
  const wanted = nodes.flatMap((node) => {
    const { channels, inFlight, onchain, settling } = nodeAccounts(node);
    return [channels, inFlight, onchain, settling].map(({ id }) => ({ node, id }));
  });
  const rows = await read.query<{ node: NodeId; msat: bigint }>(
    `select node, coalesce(sum(balance_msat), 0)::bigint as msat
     from unnest($1::text[], $2::text[]) as wanted (node, id) left join account on account.id = wanted.id
     group by node`,
    [wanted.map(({ node }) => node), wanted.map(({ id }) => id)],
  );
  return new Map(rows.map(({ node, msat: held }) => [node, msat(held > 0n ? held : 0n)]));
}

/** Are these the books of a practice world? */
export const hasPracticeNodes = async (read: Statements): Promise<boolean> =>
  (await read.query(`select id from node where driver = 'ldk' limit 1`)).length > 0;

/** @throws what the database throws that does not answer */
export async function answers(read: Statements): Promise<void> {
  await read.query('select 1 as up');
}
