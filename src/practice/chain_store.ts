/** Where the chain is kept: SQLite, in a file or in memory. Nothing of it that grows is held anywhere else. */
import { DatabaseSync } from 'node:sqlite';

export interface ChainStore {
  readonly database: DatabaseSync;
  /** All of the change or nothing of it; in a file it is durable when this returns. */
  commit<T>(change: () => T): T;
  close(): void;
}

/** Written into the file. A file of a higher format is left alone. */
const FORMAT = 1;

const SCHEMA = `
  create table block (
    height integer primary key,
    id text not null unique,
    header blob not null
  ) strict;

  create table confirmed (
    height integer not null,
    position integer not null,
    txid text not null unique,
    raw blob not null,
    primary key (height, position)
  ) strict, without rowid;

  -- In the order of arrival: parents before children.
  create table waiting (
    sequence integer primary key autoincrement,
    txid text not null unique,
    raw blob not null,
    fee_sat integer not null,
    since_seconds integer not null,
    since_height integer not null
  ) strict;

  -- The outputs that no block has spent. No height: the transaction that makes it waits; spent_by: the one that
  -- spends it waits.
  create table coin (
    txid text not null,
    position integer not null,
    amount_sat integer not null,
    script blob not null,
    height integer,
    coinbase integer not null,
    spent_by text,
    primary key (txid, position)
  ) strict, without rowid;
  create index coin_spent on coin (spent_by) where spent_by is not null;
  create index coin_free on coin (script, amount_sat) where spent_by is null;
`;

/**
 * @param file null: in memory, gone with the process
 * @throws Error when the file is of a newer format, or no chain
 */
export function openChainStore(file: string | null): ChainStore {
  const database = new DatabaseSync(file ?? ':memory:', { timeout: 5_000 });
  try {
    if (file !== null) database.exec('pragma journal_mode = wal; pragma synchronous = full');
    prepareFormat(database, file ?? 'in memory');
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    database,
    commit: (change) => commit(database, change),
    close: () => database.close(),
  };
}

function prepareFormat(database: DatabaseSync, where: string): void {
  const format = Number(database.prepare('pragma user_version').get()?.user_version);
  if (format > FORMAT)
    throw new Error(`the chain ${where} has format ${format}, and this Argosy knows up to ${FORMAT}`);
  if (format === 0) commit(database, () => database.exec(`${SCHEMA} pragma user_version = ${FORMAT}`));
}

function commit<T>(database: DatabaseSync, change: () => T): T {
  database.exec('begin immediate');
  try {
    const result = change();
    database.exec('commit');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('rollback');
    throw error;
  }
}
