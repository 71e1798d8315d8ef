/** The process behind `site.ts`: the whole system over simulated nodes of its own, and a merchant, behind HTTP. */
import { systemClock } from '../../src/kit/clock.ts';
import { openDb } from '../../src/kit/db.ts';
import { listen } from '../../src/kit/listening.ts';
import { openLog } from '../../src/kit/log.ts';
import { nodeId } from '../../src/lightning/ids.ts';
import { fromSat } from '../../src/money/msat.ts';
import { memoryNetwork, systemTime } from '../../src/nodes/memory/network.ts';
import { openSystem } from '../../src/system.ts';
import type { SiteStart } from './site.ts';

const CHANNEL_SAT = 1_000_000_000n;

const { target, name } = JSON.parse(process.argv[2] ?? '') as SiteStart;
const network = memoryNetwork({ seed: name, time: systemTime });
const own = [`${name}-one`, `${name}-two`];
for (const each of [...own, 'merchant']) network.addNode({ name: each });
for (const from of own) {
  const pushMsat = fromSat(CHANNEL_SAT / 2n);
  network.addChannel({ from, to: 'merchant', capacityMsat: fromSat(CHANNEL_SAT), pushMsat });
}
const merchant = network.open('merchant');
const before = (await merchant.balances()).channelsMsat;

const db = openDb(target, { max: 10, awayMs: 10_000 });
const system = await openSystem({
  db,
  clock: systemClock,
  log: openLog(process.env.ARGOSY_TEST_LOG ?? 'silent'),
  network: 'regtest',
  nodes: own.map((id) => ({ id: nodeId(id), region: name, driver: 'memory', node: network.open(id) })),
  patience: { sendMs: 5_000, secondLookMs: 100, absenceMs: 2_000, staleMs: 1_000 },
  self: { id: name, role: 'up', region: name },
});
const server = await listen({ host: '127.0.0.1', port: 0 });

async function answer(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === '/merchant/invoice') {
    const amountMsat = fromSat(BigInt(searchParams.get('sat') ?? '1'));
    const { bolt11 } = await merchant.invoice({ amountMsat, description: '', expirySeconds: 3_600 });
    return new Response(bolt11);
  }
  if (pathname === '/merchant/received') {
    return new Response(((await merchant.balances()).channelsMsat - before).toString());
  }
  return system.api.fetch(request);
}

server.answer(answer);
process.on('message', async () => {
  await server.drain();
  await system.stop();
  await db.close();
  await server.close();
  process.disconnect?.();
});
process.send?.({ api: server.url });
