/**
 * Paying through the whole system (API, ledger, effects, events; PostgreSQL with fsync) over simulated nodes,
 * against the same payments as raw calls of the port, and again after a long history.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureOwner, newSecret } from '../src/access/service.ts';
import { systemClock } from '../src/kit/clock.ts';
import { type Db, type DbTarget, openDb } from '../src/kit/db.ts';
import { migrate } from '../src/kit/migrate.ts';
import { startPostgres } from '../src/kit/postgres.ts';
import { type Bolt11, decodeBolt11 } from '../src/lightning/bolt11.ts';
import { partToken } from '../src/lightning/ids.ts';
import { fromSat } from '../src/money/msat.ts';
import type { NodeEvent } from '../src/nodes/node.ts';
import { routeQuestion } from '../src/payments/asking.ts';
import { addHistory } from './history.ts';
import { askFor, openPayer, type Payer, payersWorld } from './payer.ts';

const SAT = 1_000n;
const CONCURRENCY = 64;

export async function benchPay(options: Map<string, string>): Promise<Record<string, unknown>> {
  const payments = Number(options.get('payments') ?? 2_000);
  const history = Number(options.get('history') ?? 100_000);
  const folder = await mkdtemp(join(tmpdir(), 'argosy-bench-'));
  const postgres = await startPostgres({ folder });
  if (postgres.kind === 'refused') throw new Error(postgres.detail);
  const raw = await rawPayer();
  const empty = await systemPayer(postgres.target);
  const aged = await systemPayer(await secondDatabase(postgres.target));
  for (const payer of [raw, empty, aged]) await measure(200, payer); // warm
  console.error(`adding ${history} payments of history`);
  await addHistory(aged.db, history);
  await measure(200, aged);

  // In turns, so that the noise of the machine falls on all alike.
  const spent = { raw: idle(), empty: idle(), aged: idle() };
  const size = Math.ceil(payments / ROUNDS);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, payer] of [
      ['raw', raw],
      ['empty', empty],
      ['aged', aged],
    ] as const) {
      const piece = await measure(size, payer);
      spent[name].ms += piece.ms;
      spent[name].cpuMs += piece.cpuMs;
    }
    console.error(`round ${round + 1} of ${ROUNDS}: ${describe(spent, size * (round + 1))}`);
  }
  await empty.stop();
  await aged.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
  const count = size * ROUNDS;
  return {
    payments_per_s: round2((count * 1000) / spent.empty.ms),
    raw_payments_per_s: round2((count * 1000) / spent.raw.ms),
    cpu_ms_per_payment: round2(spent.empty.cpuMs / count),
    ratio_after_100k: round2(spent.empty.ms / spent.aged.ms),
    history,
    payments: count,
  };
}

const ROUNDS = 5;
const idle = () => ({ ms: 0, cpuMs: 0 });
const round2 = (value: number): number => Math.round(value * 100) / 100;
const describe = (spent: Record<string, { ms: number }>, count: number): string =>
  Object.entries(spent)
    .map(([name, { ms }]) => `${name} ${((count * 1000) / ms).toFixed(0)}/s`)
    .join(', ');

async function secondDatabase(target: DbTarget): Promise<DbTarget> {
  const db = openDb(target, { max: 1 });
  // One connection: `create database` wants neither a transaction nor a session that only reads.
  await db.read.query('set session characteristics as transaction read write');
  await db.read.query('create database aged');
  await db.close();
  return { ...target, database: 'aged' };
}

/** Wall and CPU time (of this process, without PostgreSQL's) of `count` payments, 64 at once. */
async function measure(count: number, payer: Payer): Promise<{ ms: number; cpuMs: number }> {
  const invoices: string[] = [];
  for (let i = 0; i < count; i++) invoices.push(await payer.invoice());
  const cpu = process.cpuUsage();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (let next = invoices.pop(); next !== undefined; next = invoices.pop()) await payer.pay(next);
    }),
  );
  const used = process.cpuUsage(cpu);
  return { ms: performance.now() - start, cpuMs: (used.user + used.system) / 1000 };
}

function read(text: string): Bolt11 {
  const decoded = decodeBolt11(text);
  if (decoded.kind === 'fault') throw new Error(decoded.detail);
  return decoded.invoice;
}

/** The least that any system must do: decode, find a route, send, wait for the end. */
async function rawPayer(): Promise<Payer> {
  const network = payersWorld('bench', ['us', 'eu', 'asia']);
  const us = network.open('us');
  const ends = new Map<string, (event: NodeEvent) => void>();
  us.subscribe(null, async (batch) => {
    for (const event of batch) if ('token' in event) ends.get(event.token)?.(event);
  });
  let tokens = 0;
  return {
    invoice: askFor(network.open('merchant'), SAT),
    async pay(text) {
      const invoice = read(text);
      const amountMsat = fromSat(SAT);
      const found = await us.facets.routes?.find(routeQuestion(invoice, amountMsat, fromSat(10n)));
      if (found?.kind !== 'routes') throw new Error('no route');
      const token = partToken((++tokens).toString(16).padStart(64, '0'));
      const end = new Promise<NodeEvent>((resolve) => ends.set(token, resolve));
      const { paymentHash, paymentSecret, paymentMetadata } = invoice;
      const part = { token, paymentHash, paymentSecret, paymentMetadata, totalMsat: amountMsat };
      await us.sendPart({ ...part, route: found.routes[0], expiresAt: Date.now() + 60_000 });
      if ((await end).kind !== 'part_settled') throw new Error('a raw payment failed');
      ends.delete(token);
    },
  };
}

async function systemPayer(target: DbTarget): Promise<Payer & { db: Db; stop(): Promise<void> }> {
  const db = openDb(target, { max: 20 });
  await migrate(db);
  const secret = newSecret();
  await db.tx((tx) => ensureOwner(tx, systemClock, secret));
  const payer = await openPayer(db, secret);
  return {
    ...payer,
    db,
    async stop() {
      await payer.stop();
      await db.close();
    },
  };
}
