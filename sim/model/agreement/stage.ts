/** Where PostgreSQL and the model play the same story: two transactions at a time on each, and who waits for whom. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { constraintOf, type Db, type Tx } from '../../../src/kit/db.ts';
import { Overdrawn } from '../../../src/ledger/store.ts';
import type { Operation } from './operation.ts';
import type { Stores } from './stores.ts';

/** How one thing ended: what it gave, or what it threw. */
export interface Ending {
  readonly gave?: unknown;
  readonly threw?: string;
}

export const endingOf = (work: Promise<unknown>): Promise<Ending> =>
  work.then(
    (gave) => ({ gave }),
    (error: unknown) => ({ threw: nameOf(error) }),
  );

function nameOf(error: unknown): string {
  if (error instanceof Overdrawn) return `Overdrawn ${error.accountId}`;
  const { code } = error as { code?: string };
  const constraint = constraintOf(error);
  // One statement writes these three tables in no promised order: which of them refuses it first is nobody's business.
  if (/^(obligation|payment|attempt)_/.test(constraint ?? '')) return 'a payment is refused';
  return [error instanceof Error ? error.name : typeof error, code, constraint].filter(Boolean).join(' ');
}

/** One side: its stores on its database, and how to tell that a transaction waits for another. */
export interface Side {
  readonly name: string;
  readonly stores: Stores;
  readonly db: Db;
  /** Names a transaction to `waits`. */
  identify(tx: Tx): Promise<number>;
  /** Comes when the transaction waits for another one, or may not come at all. */
  waits(id: number, signal: AbortSignal): Promise<'waits'>;
}

/** One connection of one side. */
export interface Player {
  /** Null: it waits, and `pending` has what it will say. */
  act(operation: Operation): Promise<Ending | null>;
  end(how: 'commit' | 'rollback'): Promise<Ending>;
  /** What it waits for is over, perhaps. */
  look(): Promise<Ending | null>;
}

class Undone extends Error {
  override readonly name = 'Undone';
}

type Order = { readonly run: (tx: Tx) => Promise<void> } | 'commit' | 'rollback';

/** Begins a transaction, which is open when this has resolved. */
export async function begin(side: Side): Promise<Player> {
  const orders: PromiseWithResolvers<Order>[] = [Promise.withResolvers()];
  const opened = Promise.withResolvers<number>();
  let tries = 0;
  const work = async (tx: Tx): Promise<void> => {
    if (tries++ > 0) throw new Undone('tried again');
    opened.resolve(await side.identify(tx));
    for (;;) {
      const order = await orders.at(-1)?.promise;
      if (order === undefined || order === 'commit') return;
      if (order === 'rollback') throw new Undone('rolled back');
      orders.push(Promise.withResolvers());
      await order.run(tx);
    }
  };
  const over = endingOf(side.db.tx(work));
  const id = await opened.promise;
  let pending: Promise<Ending> | null = null;

  async function look(): Promise<Ending | null> {
    const settled = new AbortController();
    const first = await Promise.race([pending, side.waits(id, settled.signal)]);
    settled.abort();
    if (first === 'waits') return null;
    pending = null;
    return first;
  }
  const give = (order: Order): void => orders.at(-1)?.resolve(order);
  return {
    look,
    act(operation) {
      const done = Promise.withResolvers<unknown>();
      pending = endingOf(done.promise);
      give({
        run: async (tx) => {
          const run = operation.run(side.stores, tx, side.db);
          done.resolve(run);
          await run.catch(() => undefined);
        },
      });
      return look();
    },
    end(how) {
      give(how);
      return over;
    },
  };
}

const POLL_MS = 2;

/** PostgreSQL says itself which of its processes wait for others. */
export const sqlSide = (stores: Stores, db: Db): Side => ({
  name: 'PostgreSQL',
  stores,
  db,
  identify: async (tx) => (await tx.one<{ pid: number }>('select pg_backend_pid() as pid')).pid,
  async waits(pid, signal) {
    for (;;) {
      await sleep(POLL_MS);
      if (signal.aborted) return 'waits';
      const row = await db.read.one<{ waits: boolean }>(`select pg_blocking_pids($1) <> '{}' as waits`, [
        pid,
      ]);
      if (row.waits) return 'waits';
    }
  },
});

/** In the model everything that can go on has gone on as soon as no microtask is left. */
export const modelSide = (stores: Stores, db: Db): Side => ({
  name: 'model',
  stores,
  db,
  identify: async () => 0,
  async waits() {
    await setImmediate();
    return 'waits';
  },
});
