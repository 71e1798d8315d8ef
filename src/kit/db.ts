/**
 * The database: PostgreSQL behind one small door.
 *
 * Reads go through `db.read`, in sessions that are read only; every write happens in `db.tx`. Columns arrive as
 * `columns.ts` says. Statements with values are prepared once per connection; SQL without values goes as it is and
 * may hold several statements.
 */
import { createHash } from 'node:crypto';
import pg from 'pg';
import { columnTypes } from './columns.ts';
import { createListener, type StopListening } from './listen.ts';
import { type Pause, untilDone, untilThere } from './retry.ts';
import { isStalePlan, mayRetry, wasRefused } from './sqlstate.ts';

export { instant, json } from './columns.ts';
export { constraintOf, isAway } from './sqlstate.ts';

/** What a statement is given. `undefined` is refused: it would become NULL unnoticed. */
export type Values = readonly unknown[];

/** The three ways to run one statement. `Row` is what the caller vouches for. */
export interface Statements {
  /** All rows; of several statements those of the last. */
  query<Row extends object>(sql: string, values?: Values): Promise<Row[]>;
  /** The row, or null. @throws Error on more than one row */
  maybe<Row extends object>(sql: string, values?: Values): Promise<Row | null>;
  /** The row. @throws Error on none or several */
  one<Row extends object>(sql: string, values?: Values): Promise<Row>;
}

declare const inTransaction: unique symbol;

/** An open transaction. Branded: what writes asks for one, and cannot be given a pool by mistake. */
export interface Tx extends Statements {
  readonly [inTransaction]: true;
}

export interface TxOptions {
  /** Default: read committed. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  /** Longest wait for the answer to one statement, in ms. Default: that of the database. */
  readonly queryTimeoutMs?: number;
}

export interface Db {
  /** Statements outside a transaction. PostgreSQL refuses writes here (SQLSTATE 25006). */
  readonly read: Statements;
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it throws.
   *
   * `work` is run again, at most 8 times in all, after a serialization failure or a deadlock: it must touch
   * nothing but the database. A nested call would take a second connection: pass the `tx` on instead.
   * @throws CommitUnknown when nobody can say whether it was committed; else the error of `work`, rolled back
   */
  tx<T>(work: (tx: Tx) => Promise<T>, options?: TxOptions): Promise<T>;
  /**
   * Calls `onNotify` with the payload of every NOTIFY on `channel`, and with '' after a lost connection came back.
   * A hint only: notices get lost, and some engines have none. Poll as well.
   */
  listen(channel: string, onNotify: (payload: string) => void): Promise<StopListening>;
  /** Tells all who listen on `channel`, as far as the engine can. */
  notify(channel: string, payload: string): Promise<void>;
  /** Waits for the statements that run, then closes every connection. */
  close(): Promise<void>;
}

/** Where the database is. A password in the URL stays out of every error and log of this file. */
export type DbTarget =
  | { readonly url: string }
  | {
      readonly socketDir: string;
      readonly port?: number;
      readonly user?: string;
      readonly database?: string;
    };

export interface DbOptions {
  /** Most connections at once. Default 10; a listener takes one more. */
  readonly max?: number;
  /** Longest wait for the answer to one statement, in ms; the connection is then dropped. Default 60,000. */
  readonly queryTimeoutMs?: number;
  /**
   * While the server is away, as during a failover, reads and transactions that had not come to COMMIT are tried again for
   * so long, in ms. Default 0.
   */
  readonly awayMs?: number;
}

/**
 * COMMIT was sent and no answer says what became of it: the connection broke, or the server was shutting down.
 * It is neither done nor undone until the rows are looked at again; `db.tx` never repeats it by itself.
 */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';
  constructor(cause: unknown) {
    super('the database did not say whether the transaction was committed', { cause });
  }
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Under load many wait for one of few connections: longer than that is no use to anybody who has asked. */
const TURN_TIMEOUT_MS = 60_000;
const IDLE_IN_TRANSACTION_MS = 60_000;

/** Opens a pool. Nothing is connected before the first statement. */
export function openDb(target: DbTarget, options: DbOptions = {}): Db {
  const config: pg.ClientConfig = {
    ...connection(target),
    types: columnTypes,
    application_name: 'argosy',
    keepAlive: true,
    query_timeout: options.queryTimeoutMs ?? 60_000,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  };
  const pool = new pg.Pool({
    ...config,
    Client: ClientOfItsOwn as unknown as new () => pg.ClientBase,
    connectionTimeoutMillis: TURN_TIMEOUT_MS,
    max: options.max ?? 10,
    onConnect: prepareSession,
  });
  // A connection that breaks, idle or busy, tells whoever waits for it; without these listeners it ends the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const listener = createListener(() => new pg.Client(config));
  let closed = false;
  const whileAway = <T>(attempt: () => Promise<T>): Promise<T> => {
    const until = performance.now() + (options.awayMs ?? 0);
    return untilThere(attempt, () => closed || performance.now() >= until, pause);
  };
  return {
    read: statements((sql, values) => whileAway(() => outside(pool, sql, values))),
    tx: (work, txOptions) => whileAway(() => untilDone(() => attemptTx(pool, work, txOptions ?? {}), pause)),
    listen: listener.listen,
    notify: async (channel, payload) => {
      await outside(pool, 'select pg_notify($1, $2)', [channel, payload]);
    },
    close: async () => {
      closed = true;
      await listener.close();
      await pool.end();
    },
  };
}

/** The pool would hand it the time that one may wait for a turn. */
class ClientOfItsOwn extends pg.Client {
  constructor(config: pg.ClientConfig) {
    super({ ...config, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  }
}

const pause: Pause = (msMax) => new Promise((resolve) => setTimeout(resolve, Math.random() * msMax));

function connection(target: DbTarget): pg.ClientConfig {
  if ('url' in target) return { connectionString: target.url };
  const { socketDir, port = 5432, user = 'argosy', database = 'argosy' } = target;
  return { host: socketDir, port, user, database };
}

async function prepareSession(client: pg.ClientBase): Promise<void> {
  await client.query(
    `set session characteristics as transaction read only; set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`,
  );
}

type Run = (sql: string, values: Values) => Promise<object[]>;

function statements(run: Run): Statements {
  const query = async <Row extends object>(sql: string, values: Values = []): Promise<Row[]> => {
    const missing = values.indexOf(undefined);
    if (missing >= 0) throw new TypeError(`$${missing + 1} is undefined in: ${excerpt(sql)}`);
    return (await run(sql, values)) as Row[];
  };
  const maybe = async <Row extends object>(sql: string, values?: Values): Promise<Row | null> => {
    const rows = await query<Row>(sql, values);
    if (rows.length > 1) throw new Error(`expected one row at most, got ${rows.length}: ${excerpt(sql)}`);
    return rows[0] ?? null;
  };
  const one = async <Row extends object>(sql: string, values?: Values): Promise<Row> => {
    const row = await maybe<Row>(sql, values);
    if (row === null) throw new Error(`expected one row, got none: ${excerpt(sql)}`);
    return row;
  };
  return { query, maybe, one };
}

const excerpt = (sql: string): string => sql.trim().replaceAll(/\s+/g, ' ').slice(0, 100);

async function run(
  client: pg.ClientBase,
  sql: string,
  values: Values,
  timeoutMs?: number,
): Promise<object[]> {
  const result: pg.QueryResult | pg.QueryResult[] = await client.query(statement(sql, values, timeoutMs));
  return (Array.isArray(result) ? result.at(-1)?.rows : result.rows) ?? [];
}

const names = new Map<string, string>();
/** Bounds what each connection keeps prepared, should SQL ever be built of parts. */
const NAMES_MAX = 1000;

function statement(sql: string, values: Values, timeoutMs?: number): pg.QueryConfig<unknown[]> {
  const timeout = timeoutMs === undefined ? {} : { query_timeout: timeoutMs };
  if (values.length === 0) return { text: sql, ...timeout };
  const name = names.get(sql) ?? (names.size < NAMES_MAX ? nameOf(sql) : undefined);
  if (name === undefined) return { text: sql, values: [...values], ...timeout };
  names.set(sql, name);
  return { name, text: sql, values: [...values], ...timeout };
}

const nameOf = (sql: string): string => createHash('sha256').update(sql).digest('base64url').slice(0, 22);

/** Hands the connection back; one that is broken, or still inside a transaction, is closed instead. */
function release(client: pg.PoolClient, healthy: boolean): void {
  client.release(!healthy || client.getTransactionStatus() !== 'I');
}

async function outside(pool: pg.Pool, sql: string, values: Values): Promise<object[]> {
  const client = await pool.connect();
  let healthy = false;
  try {
    const rows = await run(client, sql, values);
    healthy = true;
    return rows;
  } catch (error) {
    healthy = wasRefused(error);
    throw error;
  } finally {
    release(client, healthy);
  }
}

async function attemptTx<T>(pool: pg.Pool, work: (tx: Tx) => Promise<T>, options: TxOptions): Promise<T> {
  const client = await pool.connect();
  const session = serialSession(client, options.queryTimeoutMs);
  let healthy = false;
  try {
    await client.query(`begin isolation level ${options.isolation ?? 'read committed'} read write`);
    const result = await work(statements(session.run) as Tx);
    await session.close();
    if (client.getTransactionStatus() === 'I') throw new Error('the transaction was ended by hand');
    const committed = await commit(client);
    if (!committed) throw session.failure() ?? new Error('the database rolled the transaction back');
    healthy = true;
    return result;
  } catch (error) {
    await session.close();
    healthy = await rollback(client, error);
    throw error;
  } finally {
    release(client, healthy);
  }
}

/** One statement after another on one connection, however the work awaits them; refused once closed. */
function serialSession(client: pg.ClientBase, timeoutMs?: number) {
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  let failure: unknown;
  const next: Run = async (sql, values) => {
    if (closed) throw new Error(`the transaction is over: ${excerpt(sql)}`);
    const mine = last.then(() => run(client, sql, values, timeoutMs));
    last = mine.catch((error: unknown) => {
      failure ??= error;
    });
    return await mine;
  };
  const close = async (): Promise<void> => {
    closed = true;
    await last;
  };
  return { run: next, close, failure: () => failure };
}

/** @returns false after a failed statement whose error `work` has swallowed: COMMIT then rolls back, without an error */
async function commit(client: pg.ClientBase): Promise<boolean> {
  try {
    const { command } = await client.query('commit');
    return command === 'COMMIT';
  } catch (error) {
    throw mayRetry(error) || wasRefused(error, 'commit') ? error : new CommitUnknown(error);
  }
}

/** @returns whether the connection can be used again */
async function rollback(client: pg.ClientBase, error: unknown): Promise<boolean> {
  if (error instanceof CommitUnknown || isStalePlan(error)) return false;
  if (client.getTransactionStatus() === 'I') return true;
  return await client.query('rollback').then(
    () => true,
    () => false,
  );
}
