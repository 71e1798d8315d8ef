/** The same database, for many who may wait: so few of their statements run at once that others never wait for them. */
import type { Db, Statements } from './db.ts';

/** @param most statements and transactions at once; those that come later wait, in their order */
export function inTurns(db: Db, most: number): Db {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function turn<T>(work: () => Promise<T>): Promise<T> {
    if (running === most) await new Promise<void>((resolve) => void waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      // Whoever is next has the turn from here on: nobody gets in between.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  const read: Statements = {
    query: (sql, values) => turn(() => db.read.query(sql, values)),
    maybe: (sql, values) => turn(() => db.read.maybe(sql, values)),
    one: (sql, values) => turn(() => db.read.one(sql, values)),
  };
  return { ...db, read, tx: (work, options) => turn(() => db.tx(work, options)) };
}
