/** What every process on the database must know: who is drained, and whether anything is sent at all. */
import type { Statements, Tx } from '../kit/db.ts';
import { together } from '../kit/together.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { Drain } from './standing.ts';

/** The switch that stops all sending. */
export interface Panic {
  readonly on: boolean;
  /** Counts the switchings. */
  readonly epoch: bigint;
  /** Of the last switching; null: it was never touched. */
  readonly reason: string | null;
  readonly principal: string | null;
  /** ms since 1970. */
  readonly at: number;
}

const PANIC = 'select is_on as "on", epoch, reason, principal, at from panic';

export const readPanic = (read: Statements): Promise<Panic> => readPanicOnce(read, null);

const readPanicOnce = together(async (read: Statements, all: readonly null[]) => {
  const panic = await read.one<Panic>(PANIC);
  return all.map(() => panic);
});

export async function readDrains(read: Statements): Promise<ReadonlyMap<NodeId, readonly Drain[]>> {
  const rows = await read.query<Drain & { node_id: NodeId }>(
    'select node_id, cause, reason, principal, since from node_drain order by since, cause',
  );
  return Map.groupBy(rows, (row) => row.node_id);
}

/** False: it is drained by that cause already, and keeps its reason. */
export const addDrain = async (tx: Tx, node: NodeId, drain: Omit<Drain, 'since'>): Promise<boolean> =>
  (
    await tx.query(
      `insert into node_drain (node_id, cause, reason, principal) values ($1, $2, $3, $4)
       on conflict do nothing returning node_id`,
      [node, drain.cause, drain.reason, drain.principal],
    )
  ).length === 1;

/** False: there was nothing to end. */
export const endDrains = async (tx: Tx, node: NodeId, causes: readonly Drain['cause'][]): Promise<boolean> =>
  (
    await tx.query('delete from node_drain where node_id = $1 and cause = any($2) returning node_id', [
      node,
      causes,
    ])
  ).length > 0;

/** Null: it stood like that already. */
export const switchPanic = (
  tx: Tx,
  to: { readonly on: boolean; readonly reason: string | null; readonly principal: string },
): Promise<Panic | null> =>
  tx.maybe<Panic>(
    `update panic set is_on = $1, epoch = epoch + 1, reason = $2, principal = $3, at = now()
     where is_on <> $1 returning is_on as "on", epoch, reason, principal, at`,
    [to.on, to.reason, to.principal],
  );

/** Nodes whose sessions are alive, and whose owners have not said that they obey. */
export const unconfirmed = async (read: Statements, epoch: bigint): Promise<NodeId[]> =>
  (
    await read.query<{ node_id: NodeId }>(
      'select node_id from node_session where panic_seen < $1 and expires_at > now() order by node_id',
      [epoch],
    )
  ).map(({ node_id }) => node_id);

export async function confirmPanic(tx: Tx, node: NodeId, token: bigint, epoch: bigint): Promise<void> {
  await tx.query(
    'update node_session set panic_seen = greatest(panic_seen, $3) where node_id = $1 and token = $2',
    [node, token, epoch],
  );
}

export interface Clearance {
  readonly panic: boolean;
  readonly drained: boolean;
  /** Another part of the same payment has been sent: the payee may be waiting for this one. */
  readonly begun: boolean;
  /** When this was read, by the database's clock. ms since 1970. */
  readonly at: number;
  /** This database was put back, and what some node did since is not in the books. */
  readonly unimported: boolean;
  /** The payment is from before that. */
  readonly outdated: boolean;
}

/** Asked right before a part leaves. One statement, so one moment. */
export const readClearance: (read: Statements, token: string) => Promise<Clearance> = together(
  async (read: Statements, tokens: readonly string[]) => {
    const rows = await read.query<Clearance & { token: string }>(
      `select token, (select is_on from panic) as panic,
              exists (select from node_drain where node_drain.node_id = part.node_id) as drained,
              exists (select from part as other where other.payment_id = part.payment_id and other.id <> part.id
                        and other.attempt = part.attempt and other.state in ('in_flight', 'unknown', 'settled')) as begun,
              (extract(epoch from now()) * 1000)::float8 as at,
              past.unimported,
              (select epoch from payment where payment.id = part.payment_id) < past.epoch as outdated
       from part, (
         select epoch, identity is distinct from database_identity() or exists (
             select from node join node_session on node_session.node_id = node.id
             where greatest(imported_epoch, waived_epoch) < past.epoch) as unimported
         from past) as past
       where token = any($1)`,
      [tokens],
    );
    const byToken = new Map(rows.map((row) => [row.token, row]));
    return tokens.map((token) => {
      const clearance = byToken.get(token);
      if (clearance === undefined) throw new Error(`no part ${token}`);
      return clearance;
    });
  },
);
