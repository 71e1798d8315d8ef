/** Whether this database is the one that it was, and whose history it has: read by every process on it. */
import type { Statements, Tx } from '../kit/db.ts';
import { askTogether } from '../kit/together.ts';
import type { NodeId } from '../lightning/ids.ts';

/** What the books do not know of the time before them. */
export interface Past {
  readonly epoch: bigint;
  /** False: this database was put back, or is a copy, and nobody has begun an epoch in it yet. */
  readonly current: boolean;
  /** ms since 1970: when the epoch began. */
  readonly since: number;
  /** How long ago that was, by the database's clock. */
  readonly ageMs: number;
  /** Nodes whose history since then is not in the books. */
  readonly unimported: readonly NodeId[];
}

/** One statement, so one moment. */
export const readPast: (read: Statements) => Promise<Past> = askTogether((read) =>
  read.one<Past>(
    `select epoch, since, (extract(epoch from now() - since) * 1000)::float8 as "ageMs", identity is not null and identity = database_identity() as current,
            array(select node.id from node join node_session on node_session.node_id = node.id
                  where greatest(imported_epoch, waived_epoch) < epoch order by node.id) as unimported
     from past`,
  ),
);

/**
 * Begins an epoch if this database is not the one in which the last began: from here on nothing is sent until all have
 * been imported, and whoever holds a session takes it anew, for what it knows may be of another database.
 * @returns null when there is nothing to begin; else the epoch: 0 in a database that is new
 */
export async function beginEpoch(tx: Tx): Promise<bigint | null> {
  const begun = await tx.maybe<{ epoch: bigint }>(
    `update past set epoch = case when identity is null then epoch else epoch + 1 end,
            identity = database_identity(), since = now()
     where identity is distinct from database_identity() returning epoch`,
  );
  if (begun === null) return null;
  if (begun.epoch === 0n) return 0n;
  await tx.query('update node_session set token = token + 1, expires_at = now()');
  // What was claimed in the other database is claimed by nobody here; it stays begun.
  await tx.query('update effect set run_after = now(), claim = claim + 1 where attempts > 0');
  return begun.epoch;
}

/** All that the node did up to some moment of this epoch is in the books. */
export async function markImported(tx: Tx, node: NodeId, epoch: bigint): Promise<void> {
  await tx.query('update node_session set imported_epoch = greatest(imported_epoch, $2) where node_id = $1', [
    node,
    epoch,
  ]);
}

/** False: it was imported, or gone on without, already. */
export const waiveImport = async (tx: Tx, node: NodeId): Promise<boolean> =>
  (
    await tx.query(
      `update node_session set waived_epoch = epoch from past
       where node_id = $1 and greatest(imported_epoch, waived_epoch) < epoch returning node_id`,
      [node],
    )
  ).length === 1;

/** The payment is of an earlier epoch: somebody may have done with it what is not known here. */
export const isOutdated = async (read: Statements, paymentId: string): Promise<boolean> =>
  (
    await read.one<{ outdated: boolean }>(
      'select payment.epoch < past.epoch as outdated from payment, past where payment.id = $1',
      [paymentId],
    )
  ).outdated;
