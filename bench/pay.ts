/**
 * Paying through the whole system (API, ledger, effects, events; PostgreSQL with fsync) over simulated nodes,
 * against the same payments as raw calls of the port, and again after a long history.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOwner, newSecret } from '../src/access/service.ts';
import { systemClock } from '../src/kit/clock.ts';
import { openDb } from '../src/kit/db.ts';
import { openLog } from '../src/kit/log.ts';
import { migrate } from '../src/kit/migrate.ts';
import { startPostgres } from '../src/kit/postgres.ts';
import { type Bolt11, decodeBolt11 } from '../src/lightning/bolt11.ts';
import { nodeId, partToken } from '../src/lightning/ids.ts';
import { fromSat } from '../src/money/msat.ts';
import { type MemoryNetwork, memoryNetwork, systemTime } from '../src/nodes/memory/network.ts';
import type { LightningNode, NodeEvent } from '../src/nodes/node.ts';
import { routeQuestion } from '../src/payments/asking.ts';
import { openSystem } from '../src/system.ts';

const SAT = 1_000n;
const CONCURRENCY = 64;

type Pay = (invoice: string) => Promise<void>;

export async function benchPay(options: Map<string, string>): Promise<Record<string, unknown>> {
  const payments = Number(options.get('payments') ?? 2_000);
  const history = Number(options.get('history') ?? 100_000);
  const say = (text: string) => console.error(text);

  const raw = await measure(payments, await rawPayer());
  say(`raw port calls: ${raw.perSecond.toFixed(0)} payments/s`);

  const folder = await mkdtemp(join(tmpdir(), 'argosy-bench-'));
  const postgres = await startPostgres({ folder });
  if (postgres.kind === 'refused') throw new Error(postgres.detail);
  const system = await systemPayer(postgres.target);
  await measure(500, system); // warm
  const empty = await measure(payments, system);
  say(`whole system: ${empty.perSecond.toFixed(0)} payments/s, ${empty.cpuMs.toFixed(2)} CPU ms each`);
  for (let done = 0; done < history; done += 10_000) {
    const piece = await measure(Math.min(10_000, history - done), system);
    say(`history ${done + 10_000}: ${piece.perSecond.toFixed(0)} payments/s`);
  }
  const aged = await measure(payments, system);
  say(`whole system after ${history}: ${aged.perSecond.toFixed(0)} payments/s`);
  await system.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
  return {
    payments_per_s: round(empty.perSecond),
    raw_payments_per_s: round(raw.perSecond),
    cpu_ms_per_payment: round(empty.cpuMs),
    ratio_after_100k: history === 100_000 ? round(aged.perSecond / empty.perSecond) : null,
    ratio_to_raw: round(empty.perSecond / raw.perSecond),
    history,
  };
}

const round = (value: number): number => Math.round(value * 100) / 100;

interface Payer {
  readonly invoice: () => Promise<string>;
  readonly pay: Pay;
}

async function measure(count: number, payer: Payer): Promise<{ perSecond: number; cpuMs: number }> {
  const invoices: string[] = [];
  for (let i = 0; i < count; i++) invoices.push(await payer.invoice());
  const cpu = process.cpuUsage();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (let next = invoices.pop(); next !== undefined; next = invoices.pop()) await payer.pay(next);
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  return { perSecond: count / seconds, cpuMs: (used.user + used.system) / 1000 / count };
}

/** Three own nodes, each with its own channel to the merchant; room for 200,000 payments. */
function world(): MemoryNetwork {
  const network = memoryNetwork({ seed: 'bench', time: systemTime });
  for (const name of ['us', 'eu', 'asia', 'merchant']) network.addNode({ name });
  for (const name of ['us', 'eu', 'asia']) {
    network.addChannel({ from: name, to: 'merchant', capacityMsat: fromSat(2_000_000_000n) });
  }
  return network;
}

const ask = (merchant: LightningNode) => async () =>
  (await merchant.invoice({ amountMsat: fromSat(SAT), description: 'bench', expirySeconds: 86_400 })).bolt11;

function read(text: string): Bolt11 {
  const decoded = decodeBolt11(text);
  if (decoded.kind === 'fault') throw new Error(decoded.detail);
  return decoded.invoice;
}

/** The least that any system must do: decode, find a route, send, wait for the end. */
async function rawPayer(): Promise<Payer> {
  const network = world();
  const us = network.open('us');
  const ends = new Map<string, (event: NodeEvent) => void>();
  us.subscribe(null, async (batch) => {
    for (const event of batch) if ('token' in event) ends.get(event.token)?.(event);
  });
  let tokens = 0;
  return {
    invoice: ask(network.open('merchant')),
    async pay(text) {
      const invoice = read(text);
      const amountMsat = fromSat(SAT);
      const found = await us.facets.routes?.find(routeQuestion(invoice, amountMsat, fromSat(10n)));
      if (found?.kind !== 'routes') throw new Error('no route');
      const token = partToken((++tokens).toString(16).padStart(64, '0'));
      const end = new Promise<NodeEvent>((resolve) => ends.set(token, resolve));
      const { paymentHash, paymentSecret, paymentMetadata } = invoice;
      const part = { token, paymentHash, paymentSecret, paymentMetadata, totalMsat: amountMsat };
      await us.sendPart({ ...part, route: found.routes[0] });
      if ((await end).kind !== 'part_settled') throw new Error('a raw payment failed');
      ends.delete(token);
    },
  };
}

async function systemPayer(target: Parameters<typeof openDb>[0]): Promise<Payer & { stop(): Promise<void> }> {
  const db = openDb(target, { max: 20 });
  await migrate(db);
  const secret = newSecret();
  await db.tx((tx) => createOwner(tx, systemClock, secret));
  const network = world();
  const log = openLog('error');
  const nodes = ['us', 'eu', 'asia'].map((name) => ({
    id: nodeId(name),
    region: name,
    driver: 'memory',
    node: network.open(name),
  }));
  const system = await openSystem({ db, clock: systemClock, log, network: 'regtest', nodes });
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const ends = await settlements(system.api.fetch, headers);
  let keys = 0;
  return {
    invoice: ask(network.open('merchant')),
    async pay(invoice) {
      const response = await system.api.request('/v1/payments', {
        method: 'POST',
        headers: { ...headers, 'idempotency-key': `bench-${++keys}` },
        body: JSON.stringify({ invoice }),
      });
      const body = (await response.json()) as { id: string };
      if (response.status !== 202) throw new Error(JSON.stringify(body));
      await ends(body.id);
    },
    async stop() {
      await system.stop();
      await db.close();
    },
  };
}

/** Hears of ends as an integrator would: over `/v1/events`. */
async function settlements(
  fetch: (request: Request) => Response | Promise<Response>,
  headers: Record<string, string>,
): Promise<(id: string) => Promise<void>> {
  const over = new Set<string>();
  const waiting = new Map<string, () => void>();
  const response = await fetch(new Request('http://bench/v1/events', { headers }));
  if (response.body === null) throw new Error('no event stream');
  void (async () => {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const data = line.startsWith('data: ')
          ? (JSON.parse(line.slice(6)) as { type: string; subject: string })
          : null;
        if (data?.type === 'payment.failed') throw new Error(`a payment failed: ${line}`);
        if (data?.type !== 'payment.settled') continue;
        const end = waiting.get(data.subject);
        if (end === undefined) over.add(data.subject);
        else end();
        waiting.delete(data.subject);
      }
    }
  })();
  return (id) =>
    new Promise((resolve) => {
      if (over.delete(id)) resolve();
      else waiting.set(id, resolve);
    });
}
