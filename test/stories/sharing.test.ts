/** Several processes on one database: one serves, others work; here they are systems beside each other. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureOwner, newSecret } from '../../src/access/service.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { openLog } from '../../src/kit/log.ts';
import { fromSat } from '../../src/money/msat.ts';
import type { MemoryNetwork } from '../../src/nodes/memory/network.ts';
import type { LightningNode } from '../../src/nodes/node.ts';
import { openSystem, type System } from '../../src/system.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { memoryWorld, OWN, ownNodes } from '../support/memory-fleet.ts';
import { eventually, type PaymentBody } from '../support/well.ts';

const SOON_MS = 60_000;

let db: TestDatabase;
let network: MemoryNetwork;
let secret: string;
let running: System[];
beforeEach(async () => {
  db = await freshDatabase();
  network = memoryWorld('sharing');
  secret = newSecret();
  running = [];
  await db.tx((tx) => ensureOwner(tx, systemClock, secret));
});
afterEach(async () => {
  await Promise.all(running.map((system) => system.stop()));
  await db.close();
});

interface Started {
  readonly region?: string;
  readonly driven?: (node: LightningNode, id: string) => LightningNode;
}

async function start(role: 'serve' | 'work', id: string, options: Started = {}): Promise<System> {
  const { region = null, driven = (node) => node } = options;
  const system = await openSystem({
    db,
    clock: systemClock,
    log: openLog(process.env.ARGOSY_TEST_LOG ?? 'silent'),
    network: 'regtest',
    nodes: ownNodes(network).map((own) => ({ ...own, holder: id, node: driven(own.node, own.id) })),
    self: { id, role, region },
  });
  running.push(system);
  return system;
}

async function stop(system: System): Promise<void> {
  running = running.filter((each) => each !== system);
  await system.stop();
}

async function ask<T = Record<string, unknown>>(
  { api }: System,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<T> {
  const response = await api.request(path, {
    method,
    headers: {
      authorization: `Bearer ${secret}`,
      'content-type': 'application/json',
      'idempotency-key': crypto.randomUUID(),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as T;
}

interface NodeBody {
  readonly id: string;
  readonly state: string;
  readonly owner: string;
  readonly problems: readonly { readonly code: string }[];
}
const nodesOf = async (system: System): Promise<readonly NodeBody[]> =>
  (await ask<{ data: NodeBody[] }>(system, 'GET', '/v1/nodes')).data;
const allUp = (system: System) =>
  eventually('all are up', async () => (await nodesOf(system)).every(({ state }) => state === 'up'), SOON_MS);
const shares = (...systems: System[]): number[] =>
  systems.map(({ fleet }) => fleet.owned().length).toSorted();
const eventuallyShared = (wanted: readonly number[], ...systems: System[]) =>
  eventually(`shared as ${wanted}`, async () => `${shares(...systems)}` === `${wanted}`, SOON_MS);

async function pay(system: System): Promise<PaymentBody> {
  const order = { amountMsat: fromSat(25_000n), description: '', expirySeconds: 3600 };
  const { bolt11 } = await network.open('merchant').invoice(order);
  const { id } = await ask<{ id: string }>(system, 'POST', '/v1/payments', { invoice: bolt11 });
  return eventually(
    'it ends',
    async () => {
      const payment = await ask<PaymentBody>(system, 'GET', `/v1/payments/${id}`);
      return ['settled', 'failed'].includes(payment.state) && payment;
    },
    SOON_MS,
  );
}

describe('a process that only serves', () => {
  it('says that nobody has the nodes, until a worker comes; then it pays, receives and proves the books', async () => {
    const serving = await start('serve', 'desk');
    expect(await nodesOf(serving)).toEqual(
      OWN.map((id) => expect.objectContaining({ id, state: 'down', owner: 'nobody' })),
    );
    const working = await start('work', 'hand');
    await allUp(serving);
    expect((await nodesOf(serving)).map(({ owner }) => owner)).toEqual(OWN.map(() => 'elsewhere'));
    expect((await nodesOf(working)).map(({ owner }) => owner)).toEqual(OWN.map(() => 'here'));
    expect(serving.fleet.owned()).toEqual([]);

    expect(await pay(serving)).toMatchObject({ state: 'settled' });
    const mine = await ask<{ invoice: string }>(serving, 'POST', '/v1/invoices', { amount_msat: '5000000' });
    expect(mine.invoice).toMatch(/^lnbcrt/);
    expect(await ask(serving, 'GET', '/v1/books/check')).toMatchObject({ difference_msat: '0' });
    expect(await ask(serving, 'GET', '/v1/health')).toMatchObject({ status: 'ok' });
  });

  it('is told what only the owner of a node sees', async () => {
    const serving = await start('serve', 'desk');
    const noEvents = { ended: Promise.resolve(new Error('no events')), stop: async () => undefined };
    const driven = (node: LightningNode, id: string): LightningNode =>
      id === 'eu' ? { ...node, subscribe: () => noEvents } : node;
    await start('work', 'hand', { driven });
    await eventually('eu cannot be used', async () => {
      const eu = (await nodesOf(serving)).find(({ id }) => id === 'eu');
      return eu?.state === 'down' && eu.problems[0]?.code === 'owner_trouble';
    });
  });
});

describe('processes that work', () => {
  it('share the nodes evenly, and take over those of one that stops', async () => {
    const serving = await start('serve', 'desk');
    const first = await start('work', 'one');
    await eventuallyShared([3], first);
    const second = await start('work', 'two');
    await eventuallyShared([1, 2], first, second);
    await allUp(serving);
    expect(await pay(serving)).toMatchObject({ state: 'settled' });

    await stop(first);
    await eventuallyShared([3], second);
    await allUp(serving);
    expect(await pay(serving)).toMatchObject({ state: 'settled' });
    expect(await ask(serving, 'GET', '/v1/books/check')).toMatchObject({ difference_msat: '0' });
  });

  it('take up a node again whose lease they have lost', async () => {
    const working = await start('work', 'hand');
    await eventuallyShared([3], working);
    await db.tx((tx) =>
      tx.query(`update node_session set token = token + 1, expires_at = now() where node_id = 'eu'`),
    );
    network.mine(1);
    await eventually(
      'it was taken again',
      async () => {
        const eu = await db.read
          .one<{ token: bigint }>(
            `select token from node_session where node_id = 'eu' and expires_at > now()`,
          )
          .catch(() => null);
        return eu !== null && eu.token > 2n;
      },
      SOON_MS,
    );
    await eventuallyShared([3], working);
  });

  it('have the nodes of their region before others do', async () => {
    const near = await start('work', 'near', { region: 'asia' });
    const far = await start('work', 'far', { region: 'eu' });
    await eventually(
      'asia is near, eu is far',
      async () =>
        near.fleet.owned().includes('asia' as never) &&
        far.fleet.owned().includes('eu' as never) &&
        near.fleet.owned().length + far.fleet.owned().length === 3,
      SOON_MS,
    );
  });
});
