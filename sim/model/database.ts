/**
 * The model of the store: the door of `src/kit/db.ts` over tables in memory, with the faults of a network between.
 * It runs no SQL: the modules beside it do in its tables what the product's stores do in SQL, statement by statement.
 */
import { CommitUnknown, type Db, type Statements, type Tx } from '../../src/kit/db.ts';
import { type Pause, untilDone, untilThere } from '../../src/kit/retry.ts';
import { mayRetry, wasRefused } from '../../src/kit/sqlstate.ts';
import { aborted, lost, noAnswer } from './refusals.ts';
import { becomeCopy, createTables, type Tables } from './schema.ts';
import { committed, refill, type Table } from './table.ts';
import { endTransaction, newTransaction, Session, type Transaction } from './transaction.ts';

/** One message to the database and its answer. */
export interface Call {
  readonly who: string;
  readonly what: 'begin' | 'statement' | 'commit' | 'rollback';
  /** The store's function, of a statement. */
  readonly name: string;
}

/**
 * What lies between a process and the database: has `run` done, which happens at the database, and brings its answer.
 * Throwing breaks the connection: before `run` the message was lost, after it the answer.
 */
export type Deliver = <T>(call: Call, run: () => Promise<T>) => Promise<T>;

/** Thrown by `deliver` at a commit: the process gives up, and the message may reach the database yet, through `run`. */
export class OnItsWay extends Error {
  override readonly name = 'OnItsWay';
}

export interface ModelOptions {
  /** The clock of the database, ms since 1970. */
  now(): number;
  /** Default: a perfect network. */
  readonly deliver?: Deliver;
  /** Before something is tried again. Default: at once. */
  readonly pause?: (who: string, msMax: number) => Promise<void>;
  /** As in `DbOptions`. Default 0. */
  readonly awayMs?: number;
}

export type Dump = Readonly<Record<string, { readonly data: readonly unknown[]; readonly identity: bigint }>>;

export interface Model {
  /** The database as the process `who` has it. */
  connect(who: string): Db;
  /** What is committed is `committed(tables.payment)`. */
  readonly tables: Tables;
  /** The process is gone: its transactions roll back, and its calls are never answered. */
  crash(who: string): void;
  /** Every connection breaks: what is open rolls back. */
  breakAll(): void;
  /** What is committed. */
  dump(): Dump;
  /** Everything becomes as it was then, and every connection breaks. */
  restore(dump: Dump): void;
  /** Ends what limits of time end: transactions idle for 60 s, statements that wait for a row for 60 s. */
  endOverdue(): void;
}

const LIMIT_MS = 60_000;

export function openModel(options: ModelOptions): Model {
  const tables = createTables();
  fill(tables, options.now());
  const everyTable = Object.values(tables) as unknown as Table<unknown>[];
  const open = new Set<Transaction>();
  const context: Context = {
    tables,
    open,
    now: options.now,
    deliver: options.deliver ?? ((_call, run) => run()),
    pause: options.pause ?? (async () => {}),
    awayMs: options.awayMs ?? 0,
  };

  function breakOff(tx: Transaction, error: Error | null): void {
    const waiting = tx.waiting;
    tx.waiting = null;
    end(context, tx, 'ended');
    if (error !== null) waiting?.reject(error);
  }

  const breakAll = (): void => {
    for (const tx of [...open]) breakOff(tx, lost());
  };

  return {
    tables,
    connect: (who) => connect(context, who),
    crash(who) {
      for (const tx of [...open]) if (tx.who === who) breakOff(tx, null);
    },
    breakAll,
    dump: () =>
      Object.fromEntries(
        everyTable.map((table) => [table.name, { data: [...committed(table)], identity: table.identity }]),
      ),
    restore(dump) {
      breakAll();
      for (const table of everyTable) {
        const { data = [], identity = 0n } = dump[table.name] ?? {};
        refill(table, data, identity);
      }
      becomeCopy(tables);
    },
    endOverdue() {
      const limit = options.now() - LIMIT_MS;
      for (const tx of [...open]) if (tx.since < limit) breakOff(tx, noAnswer());
    },
  };
}

function fill({ panic, past, event_head }: Tables, now: number): void {
  refill(past, [{ epoch: 0n, identity: null, since: now }], 0n);
  refill(panic, [{ is_on: false, epoch: 0n, reason: null, principal: null, at: now }], 0n);
  refill(event_head, [{ last_id: 0n }], 0n);
}

interface Context extends Required<ModelOptions> {
  readonly tables: Tables;
  readonly open: Set<Transaction>;
}

function end({ open }: Context, tx: Transaction, as: 'committed' | 'failed' | 'ended'): void {
  endTransaction(tx, as);
  open.delete(tx);
}

const PLACE = Symbol('place');
type Run<T> = (session: Session) => T | Promise<T>;
type Place = <T>(name: string, run: Run<T>) => Promise<T>;

/**
 * One statement of a store: `run` does in tables what the SQL does. Whatever it must see as of the statement's
 * beginning it reads before its first `await`.
 */
export function statement<T>(on: Statements, name: string, run: Run<T>): Promise<T> {
  const place = (on as Statements & { [PLACE]?: Place })[PLACE];
  if (place === undefined) throw new Error(`${name}: not a database of the model`);
  return place(name, run);
}

/** What `Statements.one` does with what a statement gave. */
export function theOne<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined || rows.length > 1) throw new Error(`expected one row, got ${rows.length}`);
  return row;
}

function statementsAt(place: Place): Statements {
  return { query: refuse, maybe: refuse, one: refuse, [PLACE]: place } as Statements;
}

async function refuse(sql: string): Promise<never> {
  throw new Error(`the model runs no SQL: ${sql}`);
}

function connect(context: Context, who: string): Db {
  const { tables, now, deliver } = context;
  const pause: Pause = (msMax) => context.pause(who, msMax);
  const whileAway = <T>(attempt: () => Promise<T>): Promise<T> => {
    if (context.awayMs === 0) return attempt();
    const until = now() + context.awayMs;
    return untilThere(attempt, () => now() >= until, pause);
  };
  return {
    read: statementsAt((name, run) =>
      whileAway(() =>
        deliver({ who, what: 'statement', name }, async () => run(new Session(tables, null, now()))),
      ),
    ),
    async tx(work, txOptions) {
      if ((txOptions?.isolation ?? 'read committed') !== 'read committed')
        throw new Error(`the model has no isolation level ${txOptions?.isolation}`);
      return whileAway(() => untilDone(() => attemptTx(context, who, work), pause));
    },
    listen: async () => async () => {},
    notify: async () => {},
    close: async () => {},
  };
}

async function attemptTx<T>(context: Context, who: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  const tx = newTransaction(who);
  await context.deliver({ who, what: 'begin', name: 'begin' }, async () => {
    tx.startedAt = context.now();
    tx.since = tx.startedAt;
    context.open.add(tx);
  });
  const series = inSeries(context, tx);
  try {
    const result = await work(statementsAt(series.place) as Tx);
    await series.close();
    await commit(context, tx, series.failure);
    return result;
  } catch (error) {
    await series.close();
    if (!(error instanceof CommitUnknown) && context.open.has(tx)) await rollback(context, tx);
    throw error;
  }
}

/** One statement after another, however the work awaits them; refused once closed. */
function inSeries(context: Context, tx: Transaction) {
  const session = new Session(context.tables, tx, tx.startedAt);
  /** Null: none is under way. */
  let last: Promise<unknown> | null = null;
  let closed = false;
  let failure: unknown;
  const place: Place = async (name, run) => {
    if (closed) throw new Error(`the transaction is over: ${name}`);
    const mine = last === null ? one(name, run) : last.then(() => one(name, run));
    const ended: Promise<unknown> = mine.then(
      () => {
        if (last === ended) last = null;
      },
      (error: unknown) => {
        failure ??= error;
        if (last === ended) last = null;
      },
    );
    last = ended;
    return mine;
  };
  async function one<T>(name: string, run: Run<T>): Promise<T> {
    try {
      return await context.deliver({ who: tx.who, what: 'statement', name }, () => execute(run));
    } catch (error) {
      if (tx.state === 'open') end(context, tx, 'ended');
      throw error;
    }
  }
  async function execute<T>(run: Run<T>): Promise<T> {
    if (tx.state !== 'open') throw tx.state === 'failed' ? aborted() : lost();
    tx.since = context.now();
    try {
      return await run(session);
    } catch (error) {
      end(context, tx, 'failed');
      throw error;
    } finally {
      tx.since = context.now();
    }
  }
  return {
    place,
    close: async () => {
      closed = true;
      await last;
    },
    failure: () => failure,
  };
}

async function commit(context: Context, tx: Transaction, failure: () => unknown): Promise<void> {
  const call: Call = { who: tx.who, what: 'commit', name: 'commit' };
  try {
    await context.deliver(call, async () => {
      if (tx.state === 'open') end(context, tx, 'committed');
      else if (tx.state === 'ended') throw lost();
    });
  } catch (error) {
    if (!(error instanceof OnItsWay)) end(context, tx, 'ended');
    throw mayRetry(error) || wasRefused(error, 'commit') ? error : new CommitUnknown(error);
  }
  if (failure() !== undefined) throw failure();
}

async function rollback(context: Context, tx: Transaction): Promise<void> {
  try {
    await context.deliver({ who: tx.who, what: 'rollback', name: 'rollback' }, async () => {
      end(context, tx, 'ended');
    });
  } catch {
    end(context, tx, 'ended');
  }
}
