/**
 * A restored past. What was sent after the moment to which a database was put back is known to the nodes alone: so in a
 * copy nothing is sent until the history of every node is in the books, or somebody goes on without it.
 */
import type { Db } from '../kit/db.ts';
import type { Log } from '../kit/log.ts';
import { announce } from '../kit/outbox-store.ts';
import { Problem } from '../kit/problems.ts';
import type { NodeId } from '../lightning/ids.ts';
import { beginEpoch, type Past, waiveImport } from './past-store.ts';

/** A part that was let go before the database was put back may leave for so long. ms. */
export const IMPORT_AFTER_MS = 30_000;

/** Begins an epoch if this database is a copy, or was put back. */
export async function noticeCopy({ db, log }: { readonly db: Db; readonly log: Log }): Promise<void> {
  await db.tx(async (tx) => {
    const epoch = await beginEpoch(tx);
    if (epoch === null || epoch === 0n) return;
    const message =
      'this database was put back to an earlier state, or is a copy: nothing is sent until what every node did since is in the books';
    log.error({ epoch }, message);
    await announce(tx, 'database.restored', 'fleet', { epoch: epoch.toString() });
    await announce(tx, 'alarm', 'fleet', { message });
  });
}

/** The operator goes on without the history of a node that is gone. False: it is not waited for. */
export const goOnWithout = (
  db: Db,
  node: NodeId,
  by: { readonly reason: string; readonly principal: string },
): Promise<boolean> =>
  db.tx(async (tx) => {
    const waived = await waiveImport(tx, node);
    if (waived) await announce(tx, 'node.history_waived', node, { node, ...by });
    return waived;
  });

/** @throws Problem history_missing */
export function refuseInUnknownPast({ current, unimported, since }: Past): void {
  if (current && unimported.length === 0) return;
  const missing = current
    ? `what ${unimported.join(', ')} did since is not in the books yet`
    : 'the nodes have not been asked yet what they did since';
  throw new Problem(
    'history_missing',
    `The database was put back to an earlier state (found at ${new Date(since).toISOString()}), and ${missing}. Nothing was sent; ask again in a minute. A node that is gone for good: \`argosy node go-on-without\`.`,
    { extra: { waiting_for: unimported } },
  );
}
