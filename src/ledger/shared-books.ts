/** Transactions with books that are shared: one commit, and one lock of each balance, for many works of the same moment. */
import type { Db } from '../kit/db.ts';
import { inGroups } from '../kit/together.ts';
import { type Books, withBooks } from './store.ts';

/**
 * As `withBooks`; works that come while a commit is under way share the next one, side by side. Works that touch the
 * same rows must name the same key: they never share a transaction, and go in the order in which they came. A work
 * that fails takes only itself down.
 */
export type SharedBooks = <T>(keys: readonly string[], work: (tx: Books) => Promise<T>) => Promise<T>;

export function shareBooks(db: Db): SharedBooks {
  const share = inGroups((works: readonly ((tx: Books) => Promise<unknown>)[]) =>
    withBooks(db, (tx) => all(works.map((work) => work(tx)))),
  );
  return <T>(keys: readonly string[], item: (tx: Books) => Promise<T>) => share({ keys, item }) as Promise<T>;
}

/** As `Promise.all`, and nothing goes on behind the back of whoever learns of a failure. */
export async function all<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}
