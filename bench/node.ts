/**
 * Payments through Argosy (API, plan, ledger, effects, events; PostgreSQL) against bare gRPC calls to the same real LND
 * (QueryRoutes and SendToRouteV2), in turns within one run: one after another, and sixteen at once. `.ci/daemons` first.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureOwner, newSecret } from '../src/access/service.ts';
import { openJournal } from '../src/fleet/journal.ts';
import { systemClock } from '../src/kit/clock.ts';
import { openDb } from '../src/kit/db.ts';
import { openLog } from '../src/kit/log.ts';
import { migrate } from '../src/kit/migrate.ts';
import { startPostgres } from '../src/kit/postgres.ts';
import { decodeBolt11 } from '../src/lightning/bolt11.ts';
import { nodeId } from '../src/lightning/ids.ts';
import { connectLnd } from '../src/nodes/lnd/client.ts';
import { bytes } from '../src/nodes/lnd/map.ts';
import { openNode } from '../src/nodes/open.ts';
import { createArgosy } from '../src/sdk/index.ts';
import { openSystem } from '../src/system.ts';
import { missingDaemons } from '../test/nodes/net/daemons.ts';
import { invoice } from '../test/nodes/net/lnd_verbs.ts';
import { startNetwork } from '../test/nodes/net/network.ts';
import { listenForEnds } from './ends.ts';

const SAT = 1_000;
const ROUNDS = 6;
const AT_ONCE = 16;
const WARM = 40;
const CAPACITY_SAT = 10_000_000;

type Pay = (bolt11: string) => Promise<void>;

interface Payer {
  readonly pay: Pay;
  readonly sequentialMs: number[];
  readonly atOnce: { count: number; ms: number };
}

export async function benchNode(options: Map<string, string>): Promise<Record<string, unknown>> {
  const missing = missingDaemons('lnd', 'btcd');
  if (missing !== null) throw new Error(missing);
  const payments = Number(options.get('payments') ?? 240);
  const network = await startNetwork({
    nodes: { us: {}, merchant: {} },
    channels: [{ from: 'us', to: 'merchant', capacitySat: CAPACITY_SAT }],
  });
  const us = network.node('us');
  const at = {
    address: `${us.host}:${us.rpcPort}`,
    certificates: [us.certPem],
    macaroon: us.adminMacaroonHex,
  };
  const argosy = await openArgosy(at, join(network.folder, 'postgres'));
  const raw: Payer = { pay: rawPay(at), sequentialMs: [], atOnce: { count: 0, ms: 0 } };
  const payers: [string, Payer][] = [
    ['raw', raw],
    ['argosy', argosy],
  ];
  const ask = (count: number): Promise<string[]> =>
    Promise.all(Array.from({ length: count }, () => invoice(network.node('merchant'), SAT)));

  for (const [, { pay }] of payers) await atOnce(await ask(WARM), pay);
  const size = Math.ceil(payments / ROUNDS);
  for (let round = 0; round < ROUNDS; round++) {
    // In turns, each first as often, so that the noise of the machine falls on both.
    for (const [, payer] of round % 2 === 0 ? payers : payers.toReversed()) {
      for (const bolt11 of await ask(size)) {
        const began = performance.now();
        await payer.pay(bolt11);
        payer.sequentialMs.push(performance.now() - began);
      }
      const invoices = await ask(2 * size);
      const began = performance.now();
      await atOnce(invoices, payer.pay);
      payer.atOnce.count += 2 * size;
      payer.atOnce.ms += performance.now() - began;
    }
    console.error(`round ${round + 1} of ${ROUNDS}`);
  }
  await argosy.stop(WARM + raw.sequentialMs.length + raw.atOnce.count);
  await network.stop();
  return {
    ratio_sequential: round2(total(raw.sequentialMs) / total(argosy.sequentialMs)),
    ratio_x16: round2(perSecond(argosy) / perSecond(raw)),
    added_ms_p50: round2(median(argosy.sequentialMs) - median(raw.sequentialMs)),
    raw_p50_ms: round2(median(raw.sequentialMs)),
    argosy_p50_ms: round2(median(argosy.sequentialMs)),
    raw_x16_per_s: round2(perSecond(raw)),
    argosy_x16_per_s: round2(perSecond(argosy)),
    payments: size * ROUNDS,
  };
}

const total = (all: readonly number[]): number => all.reduce((sum, each) => sum + each, 0);
const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0;
const perSecond = ({ atOnce }: Payer): number => (atOnce.count * 1000) / atOnce.ms;
const round2 = (value: number): number => Math.round(value * 100) / 100;

async function atOnce(invoices: string[], pay: Pay): Promise<void> {
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = invoices.pop(); next !== undefined; next = invoices.pop()) await pay(next);
    }),
  );
}

/** The least that an integrator must do who pays over one LND and chooses the route. */
function rawPay(at: Parameters<typeof connectLnd>[0]): Pay {
  const { lightning, router } = connectLnd(at);
  return async (bolt11) => {
    const decoded = decodeBolt11(bolt11);
    if (decoded.kind === 'fault') throw new Error(decoded.detail);
    const { payee, paymentHash, paymentSecret, amountMsat, finalCltvDelta } = decoded.invoice;
    const { routes } = await lightning.queryRoutes({
      pub_key: payee,
      amt_msat: `${amountMsat}`,
      final_cltv_delta: finalCltvDelta + 3,
      fee_limit: { fixed_msat: '10000' },
      use_mission_control: true,
    });
    const [route] = routes;
    const last = route?.hops.at(-1);
    if (route === undefined || last === undefined) throw new Error('no route');
    last.mpp_record = { payment_addr: bytes(paymentSecret), total_amt_msat: `${amountMsat}` };
    const attempt = await router.sendToRouteV2({
      payment_hash: bytes(paymentHash),
      route,
      skip_temp_err: true,
    });
    if (attempt.status !== 'SUCCEEDED') throw new Error('a raw payment failed');
  };
}

async function openArgosy(
  at: Parameters<typeof connectLnd>[0],
  folder: string,
): Promise<Payer & { stop(rawPayments: number): Promise<void> }> {
  await mkdir(folder);
  const postgres = await startPostgres({ folder });
  if (postgres.kind === 'refused') throw new Error(postgres.detail);
  const db = openDb(postgres.target, { max: 20 });
  await migrate(db);
  const key = newSecret();
  await db.tx((tx) => ensureOwner(tx, systemClock, key));
  const id = nodeId('us');
  const node = openNode({ kind: 'lnd', credentials: at, journal: openJournal(db, id) });
  const system = await openSystem({
    db,
    clock: systemClock,
    log: openLog('error'),
    network: 'regtest',
    nodes: [{ id, region: 'us', driver: 'lnd', node }],
  });
  const argosy = createArgosy({
    api: 'http://bench',
    key,
    fetch: async (input, init) => system.api.fetch(new Request(input, init)),
  });
  const ends = listenForEnds(argosy);
  return {
    sequentialMs: [],
    atOnce: { count: 0, ms: 0 },
    async pay(bolt11) {
      const { id } = await argosy.pay({ invoice: bolt11 });
      if ((await ends.of(id)) !== 'settled') throw new Error(`${id} failed`);
    },
    async stop(rawPayments) {
      ends.stop();
      // What was paid behind its back is found, at the latest when it is looked for next.
      let { difference_msat } = await argosy.checkBooks();
      for (let looks = 0; difference_msat !== '0' && looks < 20; looks++) {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        ({ difference_msat } = await argosy.checkBooks());
      }
      if (difference_msat !== '0')
        throw new Error(
          `the books differ by ${difference_msat} msat after ${rawPayments} payments behind their back`,
        );
      await system.stop();
      await node.stop();
      await db.close();
      await postgres.stop();
    },
  };
}
