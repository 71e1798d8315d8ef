/** The database dies, and throws everybody out, while two processes pay. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { ensureOwner, newSecret } from '../../src/access/service.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { type Db, openDb } from '../../src/kit/db.ts';
import { migrate } from '../../src/kit/migrate.ts';
import { type Postgres, startPostgres } from '../../src/kit/postgres.ts';
import { type Site, startSite } from '../support/site.ts';
import { eventually } from '../support/well.ts';

const KILLS = 3;
const STORMS = 6;
const SAT = 1_000;
const PAYERS_OF_A_SITE = 4;
const STORY_MS = 240_000;

let folder: string;
let postgres: Postgres;
let db: Db;
let sites: readonly Site[];

async function startServer(): Promise<void> {
  const started = await startPostgres({ folder, maxConnections: 60 });
  if (started.kind === 'refused') throw new Error(started.detail);
  postgres = started;
}

beforeAll(async () => {
  folder = mkdtempSync(join(inject('runFolder'), 'failover-'));
  await startServer();
  db = openDb(postgres.target, { awayMs: 30_000 });
  await migrate(db);
  const secret = newSecret();
  await db.tx((tx) => ensureOwner(tx, systemClock, secret));
  const { target } = postgres;
  sites = await Promise.all(['a', 'b'].map((name) => startSite({ target, name }, secret)));
}, STORY_MS);
afterAll(async () => {
  await Promise.all(sites?.map((site) => site.stop()) ?? []);
  await db?.close();
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}, STORY_MS);

interface Asked {
  readonly invoice: string;
  readonly id: string;
}

/** Pays one invoice after another, each under one key until there is an answer. */
async function keepPaying(site: Site, isOver: () => boolean): Promise<Asked[]> {
  const asked: Asked[] = [];
  while (!isOver()) {
    const invoice = await site.asks(SAT);
    const key = crypto.randomUUID();
    const id = await eventually(
      'an answer',
      async () => {
        const { status, body } = await site.call<{ id: string }>('POST', '/v1/payments', { invoice }, key);
        if (status !== 202) expect([500, 503], JSON.stringify(body)).toContain(status);
        return status === 202 && body.id;
      },
      STORY_MS,
    );
    asked.push({ invoice, id });
  }
  return asked;
}

const settledPayments = async (): Promise<number> =>
  (await db.read.one<{ n: number }>(`select count(*)::integer as n from payment where state = 'settled'`)).n;

async function killServer(): Promise<void> {
  process.kill(postgres.pid, 'SIGKILL');
  await postgres.exited;
  await startServer();
}

const endAllSessions = () =>
  db.read.query('select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()');

it(
  'nothing is paid twice, and nothing is lost, though the database is killed and throws all out',
  async () => {
    let over = false;
    const paying = sites.flatMap((site) =>
      Array.from({ length: PAYERS_OF_A_SITE }, () => keepPaying(site, () => over)),
    );
    /** Payments have gone through since the last blow. */
    const someMore = async (): Promise<void> => {
      const before = await settledPayments();
      await eventually('payments go on', async () => (await settledPayments()) >= before + 10, STORY_MS);
    };
    for (let blow = 0; blow < KILLS + STORMS; blow++) {
      await someMore();
      if (blow % 3 === 2) await killServer();
      else await endAllSessions().catch(() => undefined);
    }
    await someMore();
    over = true;
    const asked = (await Promise.all(paying)).flat();

    await eventually(
      'all have ended',
      async () => {
        const open = await db.read.query(`select id from payment where state not in ('settled', 'failed')`);
        return open.length === 0;
      },
      STORY_MS,
    );
    // One payment for each invoice, and each answer named it.
    const rows = await db.read.query<{ id: string; bolt11: string; state: string }>(
      'select id, bolt11, state from payment',
    );
    expect(new Map(asked.map(({ invoice, id }) => [invoice.toLowerCase(), id]))).toEqual(
      new Map(rows.map(({ bolt11, id }) => [bolt11, id])),
    );
    expect(rows.length).toBe(asked.length);
    const received = (await Promise.all(sites.map((site) => site.received()))).reduce((a, b) => a + b);
    const settled = rows.filter(({ state }) => state === 'settled').length;
    expect(received).toBe(BigInt(settled * SAT) * 1_000n);
    const held = await db.read.query(`select id from account where id like '%:held' and balance_msat <> 0`);
    expect(held).toEqual([]);
    for (const site of sites) {
      await eventually(
        'the books balance',
        async () => {
          const { body } = await site.call('GET', '/v1/books/check');
          return body.difference_msat === '0';
        },
        60_000,
      );
    }
  },
  STORY_MS,
);
