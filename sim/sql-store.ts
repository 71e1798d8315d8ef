/** The same seeds on real PostgreSQL, whose `now()` is virtual time: a sample, for it is a hundred times slower. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommitUnknown, type Db, openDb, type Statements, type Tx } from '../src/kit/db.ts';
import { migrate } from '../src/kit/migrate.ts';
import { administer, databaseAt, startTestServer } from '../test/support/server.ts';
import type { Chance } from './chance.ts';
import { EPOCH_MS, type Machine } from './machine.ts';
import type { Line, Store } from './store.ts';
import type { Timeline } from './timeline.ts';

export interface SqlServer {
  /** A database of its own for a seed. */
  fresh(): Promise<SqlDatabase>;
  stop(): Promise<void>;
}

export interface SqlDatabase {
  open(): Db;
  /** Longest wait for statements that are under way: whoever waits for a lock goes on in virtual time alone. */
  settle(): Promise<void>;
  readonly underWay: { count: number };
  drop(): Promise<void>;
}

/** Found before the built-in ones: `now()` is what the sequence says, in ms. */
const VIRTUAL_TIME = `
  create schema sim;
  create sequence sim.clock minvalue 0;
  create function sim.now() returns timestamptz language sql stable
    as $$ select to_timestamp(last_value / 1000.0) from sim.clock $$;`;
const BLOCKED_MS = 15;

export async function startSqlServer(): Promise<SqlServer> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'argosy-sim-'));
  const { server, stop } = await startTestServer(folder);
  const template = `${server.prefix}_sim`;
  let count = 0;
  await administer(server.admin, `create database ${template}`);
  await administer(server.admin, `alter database ${template} set search_path = sim, pg_catalog, public`);
  await administer(databaseAt(server.admin, template), VIRTUAL_TIME);
  const db = openDb(databaseAt(server.admin, template), { max: 1 });
  const migrated = await migrate(db);
  if (migrated.kind === 'refused') throw new Error(migrated.detail);
  await db.close();
  return {
    async fresh() {
      const name = `${template}_${++count}`;
      await administer(server.admin, `create database ${name} template ${template}`);
      await administer(server.admin, `alter database ${name} set search_path = sim, pg_catalog, public`);
      const underWay = { count: 0 };
      return {
        underWay,
        open: () => openDb(databaseAt(server.admin, name), { max: 20 }),
        settle: () => settled(underWay),
        drop: async () => void (await administer(server.admin, `drop database ${name} with (force)`)),
      };
    },
    async stop() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function settled(underWay: { readonly count: number }): Promise<void> {
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (let quiet = 0; quiet < 3; quiet++) await turn();
  for (let since = performance.now(), last = underWay.count; underWay.count > 0; await turn()) {
    if (underWay.count !== last) [since, last] = [performance.now(), underWay.count];
    if (performance.now() - since > BLOCKED_MS) return;
  }
}

export function sqlStore(timeline: Timeline, chance: Chance, line: Line, database: SqlDatabase): Store {
  const { underWay } = database;
  const shared = database.open();
  const clock = database.open();
  const dying = new Map<Machine, Set<() => void>>();
  const lost = (): Error => new Error('Connection terminated unexpectedly');
  let shownMs = -1;

  const busy = async <T>(work: () => Promise<T>): Promise<T> => {
    underWay.count++;
    try {
      const nowMs = Math.floor(EPOCH_MS + timeline.now());
      if (nowMs !== shownMs) {
        shownMs = nowMs;
        await clock.tx((tx) => tx.query('select setval($1, $2)', ['sim.clock', nowMs]));
      }
      return await work();
    } finally {
      underWay.count--;
    }
  };
  const isAway = (machine: Machine) => line.away > 0 || (line.cutOff.get(machine.name) ?? 0) > 0;

  function through<T>(machine: Machine, odds: number, run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      machine.enter(() => {
        timeline.after(chance() * 2, () => {
          if (machine.state() === 'dead') return;
          if (isAway(machine) || chance.odds(odds)) return void machine.enter(() => reject(lost()));
          busy(run).then(
            (answer) => machine.enter(() => resolve(answer)),
            (error: unknown) => machine.enter(() => reject(error)),
          );
        });
      });
    });
  }

  function gated(inner: Statements, machine: Machine): Statements {
    const cross = <T>(run: () => Promise<T>): Promise<T> => {
      machine.pass('statement');
      return through(machine, line.loseStatements, run);
    };
    return {
      query: (sql, values) => cross(() => inner.query(sql, values)),
      maybe: (sql, values) => cross(() => inner.maybe(sql, values)),
      one: (sql, values) => cross(() => inner.one(sql, values)),
    };
  }

  /** A process that dies in the midst of it leaves its connection, and PostgreSQL rolls back. */
  async function inTx<T>(machine: Machine, db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
    let isUnknown = false;
    const death = Promise.withResolvers<never>();
    const die = () => death.reject(lost());
    const all = dying.get(machine) ?? new Set();
    dying.set(machine, all.add(die));
    underWay.count++;
    try {
      const result = await db.tx(async (tx) => {
        underWay.count--;
        try {
          const done = await Promise.race([work(gated(tx, machine) as Tx), death.promise]);
          machine.pass('commit');
          await Promise.race([through(machine, 0, async () => null), death.promise]);
          isUnknown = chance.odds(line.loseCommits);
          if (isUnknown && chance.odds(0.5)) throw lost();
          return done;
        } finally {
          underWay.count++;
        }
      });
      if (isUnknown) throw lost();
      return result;
    } catch (error) {
      throw isUnknown ? new CommitUnknown(error) : error;
    } finally {
      underWay.count--;
      all.delete(die);
    }
  }

  return {
    connect: (machine) => ({
      ...shared,
      read: gated(shared.read, machine),
      tx: (work) => machine.bring(inTx(machine, shared, work)),
      listen: async () => async () => {},
      notify: async () => {},
      close: async () => {},
    }),
    gone(machine) {
      for (const die of dying.get(machine) ?? []) die();
    },
    breakAll: () => {},
    dump: () => null,
    auditor: {
      ...shared,
      read: {
        query: (sql, values) => busy(() => shared.read.query(sql, values)),
        maybe: (sql, values) => busy(() => shared.read.maybe(sql, values)),
        one: (sql, values) => busy(() => shared.read.one(sql, values)),
      },
    },
    async stop() {
      await Promise.all([shared.close(), clock.close()]);
      await database.drop();
    },
  };
}
