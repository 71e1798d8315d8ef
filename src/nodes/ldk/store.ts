/**
 * What the nodes of one worker keep: SQLite, where each step of the worker is one transaction. It begins with the
 * step's first change; reading sees what the step has written. Values go in and out as the structured clone has them.
 */
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { deserialize, serialize } from 'node:v8';

export type Row = Record<string, SQLOutputValue>;

export interface Store {
  /** False: in memory. The nodes end with the worker, so their managers and monitors need not be written. */
  readonly durable: boolean;
  /** Changes something in this step's transaction. */
  run(sql: string, ...values: SQLInputValue[]): void;
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: SQLInputValue[]): Row[];
  /** Anything to commit? */
  readonly changed: boolean;
  /**
   * On disk when it returns, all of it or nothing.
   * @throws what a change of this step has thrown, whoever has caught that meanwhile
   */
  commit(): void;
  close(): void;
}

const TABLES = `
  create table if not exists state (
    node text not null, name text not null, bytes blob not null, height integer not null, primary key (node, name)
  );
  create table if not exists monitor (
    node text not null, funding text not null, bytes blob not null, height integer not null,
    primary key (node, funding)
  );
  create table if not exists monitor_update (
    node text not null, funding text not null, id text not null, bytes blob not null,
    primary key (node, funding, id)
  );
  create table if not exists event (
    node text not null, cursor integer not null, body blob not null, primary key (node, cursor)
  ) without rowid;
  create table if not exists part (
    seq integer primary key, node text not null, token text not null, state text not null, body blob not null,
    unique (node, token)
  );
  create index if not exists part_by_state on part (node, state, seq);
  create table if not exists invoice (
    seq integer primary key, node text not null, hash text not null, state text not null, body blob not null,
    unique (node, hash)
  );
  create index if not exists invoice_by_state on invoice (node, state);
  create table if not exists onchain_order (
    node text not null, token text not null, answer blob not null, primary key (node, token)
  ) without rowid;
  create table if not exists channel_record (
    node text not null, kind text not null, id text not null, body blob not null, primary key (node, kind, id)
  ) without rowid;
  create table if not exists funding_output (outpoint text primary key, scid text not null) without rowid;
  create table if not exists sent_transaction (txid text primary key, raw blob not null, height integer not null);
`;

/** @param file null: in memory */
export function openStore(file: string | null): Store {
  const db = new DatabaseSync(file ?? ':memory:');
  // Full: a commit that a peer has built on must not be lost with the power either.
  if (file !== null) db.exec('pragma journal_mode = wal; pragma synchronous = full');
  db.exec(TABLES);
  const statements = new Map<string, StatementSync>();
  let changed = false;
  let failure: { readonly error: unknown } | null = null;

  function prepare(sql: string): StatementSync {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  return {
    durable: file !== null,
    run(sql, ...values) {
      // Without the whole step there is nothing to commit; SQLite may have rolled back what came before.
      if (failure !== null) throw failure.error;
      try {
        if (!changed) db.exec('begin immediate');
        changed = true;
        prepare(sql).run(...values);
      } catch (error) {
        failure = { error };
        throw error;
      }
    },
    get: (sql, ...values) => prepare(sql).get(...values),
    all: (sql, ...values) => prepare(sql).all(...values),
    get changed() {
      return changed;
    },
    commit() {
      if (failure !== null) throw failure.error;
      if (changed) db.exec('commit');
      changed = false;
    },
    close: () => db.close(),
  };
}

/** The lowest height that a node of the store stands at: it has to be told the blocks from there on. */
export function storedHeight(store: Store): number | null {
  const row = store.get(
    `select min(height) as height from
     (select height from state where name = 'manager' union all select height from monitor)`,
  );
  return row?.height === null || row === undefined ? null : Number(row.height);
}

/** Any structured-cloneable value, bigint included. */
export const pack = (value: unknown): Uint8Array => serialize(value);
export const unpack = <T>(bytes: SQLOutputValue | undefined): T => deserialize(bytes as Uint8Array) as T;
