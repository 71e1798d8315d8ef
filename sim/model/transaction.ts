/**
 * Transactions over `table.ts`, read committed: a statement sees what was committed when it began and what its own
 * transaction has written; whoever wants a row that another holds waits for the end of that one and looks again.
 */
import { aborted, deadlock, duplicate, lost, missing, readOnly, violated } from './refusals.ts';
import type { Tables } from './schema.ts';
import {
  type Holder,
  type Index,
  type Key,
  type LockMode,
  newRow,
  type Row,
  settle,
  type Table,
  versionFor,
  write,
} from './table.ts';

/** `failed`: a statement was refused; all is undone, and only the end of the transaction is left. */
export interface Transaction extends Holder {
  state: 'open' | 'failed' | 'ended';
  /** ms since 1970: what `now()` gives. */
  startedAt: number;
  /** Since when it has had no statement under way, or has waited for a row. ms since 1970. */
  since: number;
  waiting: { readonly blocker: Transaction; readonly reject: (error: Error) => void } | null;
  readonly held: Set<Row<unknown>>;
  readonly shared: Set<Row<unknown>>;
  /** Called at its end, in the order of their coming. */
  readonly waiters: (() => void)[];
}

export const newTransaction = (who: string): Transaction => ({
  who,
  state: 'open',
  startedAt: 0,
  since: 0,
  waiting: null,
  held: new Set(),
  shared: new Set(),
  waiters: [],
});

/** Its rows are free, and whoever waits for it goes on. */
export function endTransaction(tx: Transaction, as: 'committed' | 'failed' | 'ended'): void {
  if (tx.state !== 'open') {
    tx.state = 'ended';
    return;
  }
  tx.state = as === 'failed' ? 'failed' : 'ended';
  for (const row of tx.held) {
    settle(row, as === 'committed');
    row.owner = null;
  }
  for (const row of tx.shared) row.sharers.delete(tx);
  tx.held.clear();
  tx.shared.clear();
  for (const wake of tx.waiters.splice(0)) wake();
}

/** What a statement works with. A class, for one is made for every statement that runs. `tx`: null outside a transaction. */
export class Session {
  readonly tables: Tables;
  /** What `now()` gives. ms since 1970. */
  readonly now: number;
  readonly #tx: Transaction | null;

  constructor(tables: Tables, tx: Transaction | null, now: number) {
    this.tables = tables;
    this.now = now;
    this.#tx = tx;
  }

  /** The transaction, which can write. */
  #writer(): Transaction {
    const tx = this.#tx;
    if (tx === null) throw readOnly();
    if (tx.state !== 'open') throw tx.state === 'failed' ? aborted() : lost();
    return tx;
  }

  see<D>(row: Row<D>): D | null {
    return versionFor(row, this.#tx);
  }

  /** Those rows with the key that the statement sees. */
  list<D>(index: Index<D>, key: Key): Row<D>[] {
    const found: Row<D>[] = [];
    for (const row of index.rows.get(key) ?? []) {
      const data = this.see(row);
      if (data !== null && index.keyOf(data) === key) found.push(row);
    }
    return found;
  }

  find<D>(index: Index<D>, key: Key): Row<D> | null {
    for (const row of index.rows.get(key) ?? []) if (hasKey(index, this.see(row), key)) return row;
    return null;
  }

  get<D>(index: Index<D>, key: Key): D | null {
    const row = this.find(index, key);
    return row === null ? null : this.see(row);
  }

  where<D>(of: Table<D>, fits: (data: D) => boolean): Row<D>[] {
    const found: Row<D>[] = [];
    for (const row of of.rows) {
      const data = this.see(row);
      if (data !== null && fits(data)) found.push(row);
    }
    return found;
  }

  /** The newest version, held until the transaction ends; null: it is gone. */
  async hold<D>(row: Row<D>, mode: LockMode): Promise<D | null> {
    const me = this.#writer();
    for (let other = blocker(row, me, mode); other !== null; other = blocker(row, me, mode)) {
      await waitFor(me, other);
      this.#writer();
    }
    if (this.see(row) !== null) take(row, me, mode);
    return this.see(row);
  }

  /** `limit ... for update skip locked`, and what `change` makes of those taken. */
  takeFree<D>(rows: readonly Row<D>[], limit: number, change: (newest: D) => D | null): D[] {
    const me = this.#writer();
    const free = rows.filter((row) => blocker(row, me, 'update') === null).slice(0, limit);
    return free.map((row) => {
      take(row, me, 'update');
      const newest = this.see(row) as D;
      const next = change(newest);
      write(row, next);
      return next ?? newest;
    });
  }

  /**
   * Whatever has one of the unique keys of `data`: the row, with the constraint, or the transaction that is writing it
   * and has to end first.
   */
  #rival<D>(of: Table<D>, data: D): Rival<D> | null {
    for (const index of of.indexes) {
      const key = index.unique ? index.keyOf(data) : null;
      if (key === null) continue;
      for (const row of index.rows.get(key) ?? []) {
        if (row.dirty && row.owner !== this.#tx) return { kind: 'writer', writer: row.owner as Transaction };
        if (hasKey(index, this.see(row), key)) return { kind: 'row', row, constraint: index.name };
      }
    }
    return null;
  }

  /** Inserts it, at once with the look for rivals; else gives the row that was there first. */
  async #enterOr<D>(of: Table<D>, data: D): Promise<Extract<Rival<D>, { kind: 'row' }> | null> {
    const me = this.#writer();
    refuseViolation(of, data);
    for (let found = this.#rival(of, data); found !== null; found = this.#rival(of, data)) {
      if (found.kind === 'row') return found;
      await waitFor(me, found.writer);
      this.#writer();
    }
    const row = newRow(of);
    of.rows.add(row);
    take(row, me, 'update');
    write(row, data);
    return null;
  }

  /** @throws what PostgreSQL throws, by constraint */
  async insert<D>(of: Table<D>, data: D): Promise<void> {
    const look = await this.insertFirst(of, data);
    await look();
  }

  /** For statements that insert several rows: foreign keys are looked at when all are there. */
  async insertFirst<D>(of: Table<D>, data: D): Promise<() => Promise<void>> {
    const other = await this.#enterOr(of, data);
    if (other !== null) throw duplicate(other.constraint);
    return () => this.#refer(of, data);
  }

  async #refer<D>(of: Table<D>, data: D): Promise<void> {
    for (const reference of of.references) {
      const key = reference.keyOf(data);
      if (key === null) continue;
      const target = this.find(reference.target, key);
      if (target === null || (await this.hold(target, 'key share')) === null) throw missing(reference.name);
    }
  }

  /** `on conflict do nothing`. False: there is one, perhaps after waiting for whoever was writing it. */
  async insertNew<D>(of: Table<D>, data: D): Promise<boolean> {
    if ((await this.#enterOr(of, data)) !== null) return false;
    await this.#refer(of, data);
    return true;
  }

  /** `on conflict do update`. */
  async upsert<D>(of: Table<D>, data: D, change: (existing: D) => D): Promise<void> {
    for (;;) {
      const other = await this.#enterOr(of, data);
      if (other === null) return this.#refer(of, data);
      const existing = await this.hold(other.row, 'no key update');
      if (existing !== null) return this.put(other.row, change(existing));
    }
  }

  /** Writes a row that is held. No key of a unique index may be new: no statement of the product does that. */
  put<D>(row: Row<D>, data: D): void {
    refuseViolation(row.table, data);
    const before = this.see(row);
    for (const index of row.table.indexes) {
      const key = index.unique ? index.keyOf(data) : null;
      if (key !== null && !hasKey(index, before, key)) throw new Error(`${index.name} would get a new key`);
    }
    take(row, this.#writer(), 'no key update');
    write(row, data);
  }

  /** `delete ... where`: gives what was deleted. */
  async removeWhere<D>(rows: readonly Row<D>[], fits: (newest: D) => boolean): Promise<D[]> {
    const removed: D[] = [];
    for (const row of rows) {
      const newest = await this.hold(row, 'update');
      if (newest === null || !fits(newest)) continue;
      write(row, null);
      removed.push(newest);
    }
    return removed;
  }

  /** `update ... where`: each of `rows` as it is once it is free; `change` gives null for one that fits no more. */
  async update<D>(rows: readonly Row<D>[], change: (newest: D) => D | null): Promise<D[]> {
    const written: D[] = [];
    for (const row of rows) {
      const newest = await this.hold(row, 'no key update');
      const next = newest === null ? null : change(newest);
      if (next === null) continue;
      this.put(row, next);
      written.push(next);
    }
    return written;
  }

  /** `generated always as identity`: numbers of transactions that roll back are gone. */
  nextId<D>(of: Table<D>): bigint {
    of.identity += 1n;
    return of.identity;
  }
}

type Rival<D> =
  | { readonly kind: 'writer'; readonly writer: Transaction }
  | { readonly kind: 'row'; readonly row: Row<D>; readonly constraint: string };

const hasKey = <D>(index: Index<D>, data: D | null, key: Key): boolean =>
  data !== null && index.keyOf(data) === key;

function refuseViolation<D>(of: Table<D>, data: D): void {
  const constraint = of.check(data);
  if (constraint !== null) throw violated(constraint);
}

/** Of those who hold the row against this, the first. */
function blocker<D>(row: Row<D>, me: Transaction, mode: LockMode): Transaction | null {
  const { owner } = row;
  if (owner !== null && owner !== me && (mode !== 'key share' || row.mode === 'update')) {
    return owner as Transaction;
  }
  if (mode === 'update') for (const sharer of row.sharers) if (sharer !== me) return sharer as Transaction;
  return null;
}

function take<D>(row: Row<D>, me: Transaction, mode: LockMode): void {
  if (mode === 'key share') {
    if (row.owner === me) return;
    row.sharers.add(me);
    me.shared.add(row);
  } else {
    row.mode = row.owner === me && row.mode === 'update' ? 'update' : mode;
    row.owner = me;
    me.held.add(row);
  }
}

/** Until `blocker` has ended. @throws deadlock if it waits for `me` itself: whoever closes the ring gives way */
function waitFor(me: Transaction, blocker: Transaction): Promise<void> {
  for (let next: Transaction | undefined = blocker; next !== undefined; next = next.waiting?.blocker) {
    if (next === me) throw deadlock();
  }
  return new Promise((resolve, reject) => {
    me.waiting = { blocker, reject };
    blocker.waiters.push(() => {
      if (me.waiting?.blocker !== blocker) return;
      me.waiting = null;
      resolve();
    });
  });
}
