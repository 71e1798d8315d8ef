/** A system over simulated nodes of its own, and somebody who pays through its API and hears of the ends over events. */
import { systemClock } from '../src/kit/clock.ts';
import type { Db } from '../src/kit/db.ts';
import { openLog } from '../src/kit/log.ts';
import { nodeId } from '../src/lightning/ids.ts';
import { fromSat } from '../src/money/msat.ts';
import { type MemoryNetwork, memoryNetwork, systemTime } from '../src/nodes/memory/network.ts';
import type { LightningNode } from '../src/nodes/node.ts';
import { openSystem } from '../src/system.ts';

const SAT = 1_000n;
const CHANNEL_SAT = 1_000_000_000n;

export interface Payer {
  readonly invoice: () => Promise<string>;
  /** Resolves once the payment is settled. @throws Error when it fails */
  readonly pay: (invoice: string, account?: string) => Promise<void>;
}

export interface SystemPayer extends Payer {
  call(path: string, body: unknown): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** Three own nodes, each with its own channel to the merchant; room for millions of payments. */
export function payersWorld(seed: string, own: readonly string[]): MemoryNetwork {
  const network = memoryNetwork({ seed, time: systemTime });
  for (const name of [...own, 'merchant']) network.addNode({ name });
  for (const name of own) {
    network.addChannel({
      from: name,
      to: 'merchant',
      capacityMsat: fromSat(2n * CHANNEL_SAT),
      pushMsat: fromSat(CHANNEL_SAT),
    });
  }
  return network;
}

export const askFor = (merchant: LightningNode, sat: bigint) => async () =>
  (await merchant.invoice({ amountMsat: fromSat(sat), description: 'bench', expirySeconds: 86_400 })).bolt11;

/** @param secret the owner's key @param site tells the nodes and keys of several systems on one database apart */
export async function openPayer(db: Db, secret: string, site = ''): Promise<SystemPayer> {
  const own = ['us', 'eu', 'asia'].map((name) => `${name}${site}`);
  const network = payersWorld(`bench${site}`, own);
  const nodes = own.map((name) => ({
    id: nodeId(name),
    region: name,
    driver: 'memory',
    node: network.open(name),
  }));
  const log = openLog('error');
  const system = await openSystem({ db, clock: systemClock, log, network: 'regtest', nodes });
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const ends = await settlements(system.api.fetch, headers);
  const run = Date.now();
  let keys = 0;
  const call = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const response = await system.api.request(path, {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': `bench${site}-${run}-${++keys}` },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer;
  };
  return {
    call,
    invoice: askFor(network.open('merchant'), SAT),
    async pay(invoice, account = 'own:business') {
      const { id } = await call('/v1/payments', { invoice, account });
      await ends.of(String(id));
    },
    async stop() {
      await ends.stop();
      await system.stop();
    },
  };
}

interface Ends {
  /** Resolves once the payment is settled, also when it is already. */
  of(id: string): Promise<void>;
  stop(): Promise<void>;
}

/** Hears of ends as an integrator would: over `/v1/events`. */
async function settlements(
  fetch: (request: Request) => Response | Promise<Response>,
  headers: Record<string, string>,
): Promise<Ends> {
  const over = new Set<string>();
  const waiting = new Map<string, () => void>();
  const response = await fetch(new Request('http://bench/v1/events', { headers }));
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error('no event stream');
  const hear = (line: string): void => {
    if (!line.startsWith('data: ')) return;
    const { type, subject } = JSON.parse(line.slice(6)) as { type: string; subject: string };
    if (type === 'payment.failed') throw new Error(`a payment failed: ${line}`);
    if (type !== 'payment.settled') return;
    const end = waiting.get(subject);
    if (end === undefined) over.add(subject);
    else end();
    waiting.delete(subject);
  };
  const listening = (async () => {
    const decoder = new TextDecoder();
    for (let rest = ''; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(hear);
    }
  })();
  return {
    of: (id) =>
      new Promise((resolve) => {
        if (over.delete(id)) resolve();
        else waiting.set(id, resolve);
      }),
    async stop() {
      await reader.cancel();
      await listening;
    },
  };
}
