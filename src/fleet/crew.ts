/** The processes that share the nodes of a fleet: which are alive, and which of them shall have which node. */
import type { NodeId } from '../lightning/ids.ts';
import type { LeaseContext } from './lease.ts';
import { beat, leaveProcesses, type ProcessRow } from './process-store.ts';
import { type SharedNode, shareOut } from './share.ts';
import { type Ownership, readOwners } from './store.ts';

const BEAT_MS = 1_000;
const ALIVE_MS = 10_000;

export interface Crew {
  /** Shall this process have the node? As it was known last: leases decide. */
  wants(node: NodeId): boolean;
  /** Is anybody else on this database? */
  hasOthers(): boolean;
  /** Looks now. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/** A process alone, or one that nobody knows of: it takes what it gets. */
export const alone = (drives: boolean): Crew => ({
  wants: () => drives,
  hasOthers: () => false,
  look: async () => undefined,
  stop: async () => undefined,
});

/** @throws what the database throws at the first look */
export async function startCrew(
  { db, clock, log }: LeaseContext,
  self: ProcessRow,
  nodes: () => readonly { readonly id: NodeId; readonly region: string }[],
): Promise<Crew> {
  const stopping = new AbortController();
  let alive: readonly ProcessRow[] = [self];
  let owners: ReadonlyMap<NodeId, Ownership> = new Map();

  async function look(): Promise<void> {
    alive = await db.tx((tx) => beat(tx, self, ALIVE_MS));
    owners = await readOwners(db.read);
  }

  function shared(): ReadonlyMap<NodeId, string> {
    const all = nodes().map(
      ({ id, region }): SharedNode => ({ id, region, owner: owners.get(id)?.owner ?? null }),
    );
    return shareOut(
      all,
      alive.filter(({ role }) => role !== 'serve'),
    );
  }

  await look();
  const beating = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(BEAT_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      await look().catch((error: unknown) =>
        log.warn({ error }, 'the other processes could not be looked at'),
      );
    }
  })();
  return {
    wants: (node) => self.role !== 'serve' && shared().get(node) === self.id,
    hasOthers: () => alive.some(({ id }) => id !== self.id),
    look,
    async stop() {
      stopping.abort();
      await beating;
      await db.tx((tx) => leaveProcesses(tx, self.id)).catch(() => undefined);
    },
  };
}
