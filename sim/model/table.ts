/**
 * Tables in memory, with what PostgreSQL's have of other transactions: each row has a committed version and at most
 * one that is being written, which nobody but its writer sees.
 */

/** Whoever can hold a row. */
export interface Holder {
  readonly who: string;
}

/** `key share` is what a foreign key takes, `no key update` an update, `update` a delete or `for update`. */
export type LockMode = 'key share' | 'no key update' | 'update';

export interface Row<D> {
  readonly table: Table<D>;
  /** Null: not there, for everybody but `owner`. */
  committed: D | null;
  /** What `owner` has made of it, if `dirty`; null: deleted. */
  pending: D | null;
  dirty: boolean;
  owner: Holder | null;
  /** Unique keys that `owner` has written and taken back: others wait for its end before they use them. */
  readonly ghosts: { readonly index: Index<D>; readonly key: Key }[];
  /** What `owner` holds. */
  mode: Exclude<LockMode, 'key share'>;
  readonly sharers: Set<Holder>;
}

export type Key = string | number | bigint;

export interface Index<D> {
  /** The constraint's name, if unique. */
  readonly name: string;
  readonly unique: boolean;
  /** Null: the row is not in this index. */
  keyOf(data: D): Key | null;
  /** Every row of which some version has the key. */
  readonly rows: Map<Key, Set<Row<D>>>;
}

/** A foreign key by its constraint's name. */
export interface Reference<D> {
  readonly name: string;
  keyOf(data: D): Key | null;
  readonly target: Index<unknown>;
}

export interface Table<D> {
  readonly name: string;
  readonly rows: Set<Row<D>>;
  readonly indexes: readonly Index<D>[];
  readonly references: readonly Reference<D>[];
  /** The name of the check that the row violates. */
  check(data: D): string | null;
  /** The newest number that `generated always as identity` has given out; it never goes back, whoever rolls back. */
  identity: bigint;
}

type KeyOf<D> = (data: D) => Key | null;

interface TableSpec<D, U extends string, I extends string> {
  /** Constraints and unique indexes, in the order of their making: the first is the primary key. */
  readonly unique: Readonly<Record<U, KeyOf<D>>>;
  readonly index?: Readonly<Record<I, KeyOf<D>>>;
  readonly references?: Readonly<Record<string, readonly [KeyOf<D>, Index<unknown>]>>;
  readonly check?: (data: D) => string | null;
}

/** @example table<Coin>('coin')({ unique: { coin_pkey: (coin) => coin.id } }).by.coin_pkey */
export const table =
  <D>(name: string) =>
  <U extends string, I extends string = never>(
    spec: TableSpec<D, U, I>,
  ): Table<D> & { readonly by: Readonly<Record<U | I, Index<D>>> } => {
    const indexOf = (unique: boolean) => (entry: [string, unknown]) => makeIndex<D>(entry, unique);
    const indexes = [
      ...Object.entries(spec.unique).map(indexOf(true)),
      ...Object.entries(spec.index ?? {}).map(indexOf(false)),
    ];
    return {
      name,
      rows: new Set(),
      indexes,
      by: Object.fromEntries(indexes.map((index) => [index.name, index])) as Record<U | I, Index<D>>,
      references: Object.entries(spec.references ?? {}).map(([constraint, [keyOf, target]]) => ({
        name: constraint,
        keyOf,
        target,
      })),
      check: spec.check ?? (() => null),
      identity: 0n,
    };
  };

const makeIndex = <D>([name, keyOf]: [string, unknown], unique: boolean): Index<D> => ({
  name,
  unique,
  keyOf: keyOf as KeyOf<D>,
  rows: new Map(),
});

/** Several columns as one key. */
export const keyed = (...parts: readonly Key[]): string => parts.join('\n');

export const newRow = <D>(of: Table<D>): Row<D> => ({
  table: of,
  committed: null,
  pending: null,
  dirty: false,
  owner: null,
  ghosts: [],
  mode: 'no key update',
  sharers: new Set(),
});

function enter<D>({ rows }: Index<D>, key: Key | null, row: Row<D>): void {
  if (key === null) return;
  const set = rows.get(key);
  if (set === undefined) rows.set(key, new Set([row]));
  else set.add(row);
}

function leave<D>({ rows }: Index<D>, key: Key | null, row: Row<D>): void {
  if (key === null) return;
  const set = rows.get(key);
  set?.delete(row);
  if (set?.size === 0) rows.delete(key);
}

/** The version that the row's owner is writing; null: none. Its keys count at once, for whoever asks what is taken. */
export function write<D>(row: Row<D>, next: D | null): void {
  const before = row.dirty ? row.pending : null;
  for (const index of row.table.indexes) {
    const old = before === null ? null : index.keyOf(before);
    const key = next === null ? null : index.keyOf(next);
    if (old === key) continue;
    if (old !== null && (row.committed === null || index.keyOf(row.committed) !== old)) {
      if (index.unique) row.ghosts.push({ index, key: old });
      else leave(index, old, row);
    }
    enter(index, key, row);
  }
  row.pending = next;
  row.dirty = true;
}

/** Who sees which version. Null: none. */
export const versionFor = <D>(row: Row<D>, holder: Holder | null): D | null =>
  row.dirty && row.owner === holder ? row.pending : row.committed;

/** What the owner has made of the row counts, or is forgotten. */
export function settle<D>(row: Row<D>, committed: boolean): void {
  if (!row.dirty) return;
  for (const { index, key } of row.ghosts.splice(0)) leave(index, key, row);
  const [kept, gone] = committed ? [row.pending, row.committed] : [row.committed, row.pending];
  for (const index of row.table.indexes) {
    const key = kept === null ? null : index.keyOf(kept);
    const old = gone === null ? null : index.keyOf(gone);
    if (old !== key) leave(index, old, row);
    enter(index, key, row);
  }
  row.committed = kept;
  row.pending = null;
  row.dirty = false;
  if (kept === null) row.table.rows.delete(row);
}

/** What is committed, in the order of its making. */
export function* committed<D>({ rows }: Table<D>): Generator<D> {
  for (const row of rows) if (row.committed !== null) yield row.committed;
}

/** Replaces all that is there; nobody may hold a row. */
export function refill<D>(of: Table<D>, data: readonly D[], identity: bigint): void {
  of.rows.clear();
  for (const index of of.indexes) index.rows.clear();
  for (const each of data) {
    const row = newRow(of);
    row.committed = each;
    of.rows.add(row);
    for (const index of of.indexes) enter(index, index.keyOf(each), row);
  }
  of.identity = identity;
}
