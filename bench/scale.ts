/**
 * Several Argosy processes on one PostgreSQL (fsync on, on disk): how many payments a second by 1, 2 and 4 of them, and
 * at 1 and 10 million payments of history against none. Each process is a whole system (API, ledger, effects, events)
 * over simulated nodes of its own; what they share is the database and the account of the business, which pays three
 * of four payments (customers pay the others). All run on this one machine, PostgreSQL and the simulated network as
 * well, so that more processes than it has cores gain nothing.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureOwner, newSecret } from '../src/access/service.ts';
import { systemClock } from '../src/kit/clock.ts';
import { type DbTarget, openDb } from '../src/kit/db.ts';
import { migrate } from '../src/kit/migrate.ts';
import { startPostgres } from '../src/kit/postgres.ts';
import { readProcessTree } from '../test/support/processes.ts';
import { percentile, round } from './figures.ts';
import { addHistory, readHistory } from './history.ts';
import { startWorker, type Worker } from './scale-process.ts';

const WORKERS = [1, 2, 4] as const;
/** As many as there are cores on the machine that the goals are for. */
const USUAL = 2;
const AT_ONCE = 64;
const ROUNDS = 5;
const WARM = 400;
const MILLION = 1_000_000;

/** A database with workers on it. */
interface Site {
  readonly target: DbTarget;
  readonly workers: readonly Worker[];
}

/** What a number of payments took. */
interface Spent {
  payments: number;
  ms: number;
  /** Of the workers, and of PostgreSQL. */
  workerCpuMs: number;
  postgresCpuMs: number;
  readonly tookMs: number[];
}

export async function benchScale(options: Map<string, string>): Promise<Record<string, unknown>> {
  const payments = Number(options.get('payments') ?? 4_000);
  const history = Number(options.get('history') ?? 10 * MILLION);
  const base = options.get('folder') ?? tmpdir();
  const keep = options.has('keep');
  const folder = keep ? join(base, 'argosy-scale') : await mkdtemp(join(base, 'argosy-scale-'));
  await mkdir(folder, { recursive: true });
  const postgres = await startPostgres({ folder, maxConnections: 200, settings: SERVER });
  if (postgres.kind === 'refused') throw new Error(postgres.detail);
  const open: Site[] = [];
  try {
    const empty = await openSite(postgres.target, 'empty', WORKERS.at(-1) ?? 1);
    open.push(empty);
    const measure = (site: Site, count: number, workers: number, spent: Spent) =>
      pay(site.workers.slice(0, workers), postgres.pid, count, spent);
    await measure(empty, WARM, empty.workers.length, idle());

    const byWorkers = new Map(WORKERS.map((count) => [count, idle()]));
    for (let lap = 0; lap < ROUNDS; lap++) {
      // In turns, so that the noise of the machine falls on all alike.
      for (const [count, spent] of byWorkers) await measure(empty, payments / ROUNDS, count, spent);
      console.error(`round ${lap + 1} of ${ROUNDS}: ${JSON.stringify(rates(byWorkers))}`);
    }
    const ratios: Record<string, number | null> = { ratio_1m: null, ratio_10m: null };
    if (history > 0) {
      const aged = await openSite(postgres.target, 'aged', USUAL);
      open.push(aged);
      await measure(aged, WARM, USUAL, idle());
      let there = await countHistory(aged.target);
      for (const [name, wanted] of [
        ['ratio_1m', MILLION],
        ['ratio_10m', 10 * MILLION],
      ] as const) {
        if (wanted > history || wanted < there) continue;
        if (wanted > there) await grow(aged.target, there, wanted);
        there = wanted;
        ratios[name] = await compare(empty, aged, (site, spent) =>
          measure(site, payments / ROUNDS, USUAL, spent),
        );
      }
    }
    const durable_commits_per_s = await countCommits(empty.target);
    return { ...figures(byWorkers), ...ratios, durable_commits_per_s, history, payments };
  } finally {
    for (const site of open) await Promise.all(site.workers.map((worker) => worker.stop()));
    await postgres.stop();
    if (!keep) await rm(folder, { recursive: true, force: true });
  }
}

/** As a server for this has them at least; the embedded one is made for a small machine that does other things. */
const SERVER = { shared_buffers: '1GB', max_wal_size: '4GB', checkpoint_timeout: '15min' };

const idle = (): Spent => ({ payments: 0, ms: 0, workerCpuMs: 0, postgresCpuMs: 0, tookMs: [] });
const perSecond = ({ payments, ms }: Spent): number => round((payments * 1_000) / ms);
const rates = (byWorkers: ReadonlyMap<number, Spent>): Record<string, number> =>
  Object.fromEntries([...byWorkers].map(([count, spent]) => [count, perSecond(spent)]));

function figures(byWorkers: ReadonlyMap<number, Spent>): Record<string, unknown> {
  const usual = byWorkers.get(USUAL) ?? idle();
  const each = (cpuMs: number): number => round(cpuMs / usual.payments);
  return {
    payments_per_s: rates(byWorkers),
    p50_ms: round(percentile(usual.tookMs, 50)),
    p99_ms: round(percentile(usual.tookMs, 99)),
    cpu_ms_per_payment: each(usual.workerCpuMs + usual.postgresCpuMs),
    cpu_ms_of_workers: each(usual.workerCpuMs),
    cpu_ms_of_postgres: each(usual.postgresCpuMs),
  };
}

async function openSite(admin: DbTarget, database: string, workers: number): Promise<Site> {
  const target = await createDatabase(admin, database);
  const db = openDb(target, { max: 1 });
  await migrate(db);
  const secret = newSecret();
  await db.tx((tx) => ensureOwner(tx, systemClock, secret));
  await db.close();
  // Of no run before: those nodes are gone.
  const run = Date.now().toString(36);
  const names = Array.from({ length: workers }, (_, number) => `-${run}-${number + 1}`);
  return {
    target,
    workers: await Promise.all(names.map((site) => startWorker({ target, secret, site }))),
  };
}

/** It may be there of a run before, with `--keep`. */
async function createDatabase(target: DbTarget, database: string): Promise<DbTarget> {
  const db = openDb(target, { max: 1 });
  const there = await db.read.query('select from pg_database where datname = $1', [database]);
  if (there.length > 0) {
    await db.close();
    return { ...target, database };
  }
  // One connection: `create database` wants neither a transaction nor a session that only reads.
  await db.read.query('set session characteristics as transaction read write');
  await db.read.query(`create database ${database}`);
  await db.close();
  return { ...target, database };
}

/**
 * The smallest transactions that write, one after another. Whoever pays one payment after another, with one durable
 * commit for each of five steps (intent, claim, conclusion, event, numbering), gets to a fifth of it at most.
 */
async function countCommits(target: DbTarget): Promise<number> {
  const db = openDb(target, { max: 1 });
  const commit = () => db.tx((tx) => tx.query('update event_head set last_id = last_id'));
  await commit();
  const began = performance.now();
  for (let count = 0; count < COMMITS; count++) await commit();
  const perSecondOfOne = round((COMMITS * 1_000) / (performance.now() - began));
  await db.close();
  return perSecondOfOne;
}

const COMMITS = 300;

async function countHistory(target: DbTarget): Promise<number> {
  const db = openDb(target, { max: 1 });
  const count = await readHistory(db);
  await db.close();
  return count;
}

async function grow(target: DbTarget, there: number, wanted: number): Promise<void> {
  const db = openDb(target, { max: 1, queryTimeoutMs: 3 * 3_600_000 });
  await addHistory(db, wanted, there);
  await db.close();
}

/** The speed of `aged` as a share of that of `empty`, both in turns. */
async function compare(
  empty: Site,
  aged: Site,
  measure: (site: Site, spent: Spent) => Promise<void>,
): Promise<number> {
  const spent = [idle(), idle()] as const;
  await measure(aged, idle());
  for (let lap = 0; lap < ROUNDS; lap++) {
    await measure(empty, spent[0]);
    await measure(aged, spent[1]);
  }
  console.error(`without history ${perSecond(spent[0])}/s, with it ${perSecond(spent[1])}/s`);
  return round(spent[0].ms / spent[1].ms);
}

async function pay(
  workers: readonly Worker[],
  postgresPid: number,
  count: number,
  spent: Spent,
): Promise<void> {
  const each = Math.ceil(count / workers.length);
  await Promise.all(workers.map((worker) => worker.prepare(each)));
  const cpu = (pids: readonly number[]): number =>
    pids.flatMap(readProcessTree).reduce((total, use) => total + use.cpuMs, 0);
  const pids = workers.map(({ pid }) => pid);
  const before = { workers: cpu(pids), postgres: cpu([postgresPid]) };
  const began = performance.now();
  const took = await Promise.all(workers.map((worker) => worker.pay(AT_ONCE / workers.length)));
  spent.ms += performance.now() - began;
  spent.workerCpuMs += cpu(pids) - before.workers;
  spent.postgresCpuMs += cpu([postgresPid]) - before.postgres;
  spent.payments += each * workers.length;
  spent.tookMs.push(...took.flat());
}
