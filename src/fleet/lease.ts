/**
 * The lease on a node: one process at a time drives it. It is kept by the database's clock; its holder counts by its own,
 * which nobody sets, from before it asked, and stops well before anybody else may begin.
 */
import type { Clock } from '../kit/clock.ts';
import type { Db } from '../kit/db.ts';
import { takeClaims } from '../kit/effect-store.ts';
import type { Log } from '../kit/log.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { Cursor } from '../nodes/node.ts';
import { isOthers, releaseLease, renewLease, takeLease } from './store.ts';

const LEASE_MS = 15_000;
const RENEW_MS = 5_000;
/** Before the lease may end, its holder has stopped for so long. */
const MARGIN_MS = 3_000;

export interface Lease {
  /** Fences what its holder writes: each taking has a higher one. */
  readonly token: bigint;
  /** Where the books of the node were when it was taken; null: it has never been in the books. */
  readonly cursor: Cursor | null;
  /** False once it is lost, or nearly run out: the process must not call the node then. */
  held(): boolean;
  /** True for good: another process has it. One that ran out while the database was away may come back. */
  isLost(): boolean;
  /** The database says that another process has it. */
  lose(): void;
  release(): Promise<void>;
}

export interface LeaseContext {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
}

/** Null: another process has it. */
export async function holdLease(
  { db, clock, log }: LeaseContext,
  id: NodeId,
  holder: string,
): Promise<Lease | null> {
  if (await isOthers(db.read, id, holder)) return null;
  let heldUntil = clock.elapsed() + LEASE_MS - MARGIN_MS;
  const taken = await db.tx(async (tx) => {
    const lease = await takeLease(tx, id, holder, LEASE_MS);
    if (lease !== null) await takeClaims(tx, id);
    return lease;
  });
  if (taken === null) return null;
  const { token, cursor } = taken;
  const stopping = new AbortController();
  let lost = false;

  function lose(): void {
    if (!lost) log.error({ node: id }, 'the lease of this node was lost; another process owns it now');
    lost = true;
  }

  async function renew(): Promise<void> {
    const asked = clock.elapsed();
    const kept = await db.tx((tx) => renewLease(tx, id, token, LEASE_MS)).catch(() => null);
    if (kept === true) heldUntil = asked + LEASE_MS - MARGIN_MS;
    if (kept === false) lose();
  }

  const renewal = (async () => {
    while (!lost && !stopping.signal.aborted) {
      await clock.sleep(RENEW_MS, stopping.signal);
      if (!stopping.signal.aborted) await renew();
    }
  })();

  return {
    token,
    cursor,
    held: () => !lost && !stopping.signal.aborted && clock.elapsed() < heldUntil,
    isLost: () => lost,
    lose,
    async release() {
      stopping.abort();
      await renewal;
      if (!lost) await db.tx((tx) => releaseLease(tx, id, token)).catch(() => undefined);
    },
  };
}
