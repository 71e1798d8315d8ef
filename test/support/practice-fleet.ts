/** The whole system over a practice world of real LDK nodes, for stories. */
import { expect } from 'vitest';
import { ensureOwner, newSecret } from '../../src/access/service.ts';
import type { OwnNode } from '../../src/fleet/fleet.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { openLog } from '../../src/kit/log.ts';
import type { Patience } from '../../src/payments/context.ts';
import { channelRoutes } from '../../src/practice/channel-routes.ts';
import { practiceRoutes } from '../../src/practice/routes.ts';
import { startWorld, type World } from '../../src/practice/world.ts';
import { openSystem } from '../../src/system.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { eventually } from './well.ts';

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

export interface PracticeFleet {
  readonly db: TestDatabase;
  readonly world: World;
  call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer<T>>;
  /** No HTLC hangs, the books balance, nothing is held or in flight. */
  expectAllWell(): Promise<void>;
  stop(): Promise<void>;
}

/** @param driven what the system drives in place of each own node. Default: the node as it is */
export async function startPracticeFleet(
  patience?: Patience,
  driven: (own: OwnNode) => OwnNode = (own) => own,
): Promise<PracticeFleet> {
  const [db, world] = await Promise.all([freshDatabase(), startWorld()]);
  const key = newSecret();
  await db.tx((tx) => ensureOwner(tx, systemClock, key));
  const system = await openSystem({
    db,
    clock: systemClock,
    log: openLog(process.env.ARGOSY_TEST_LOG ?? 'silent'),
    network: 'regtest',
    nodes: world.nodes.map(driven),
    rooms(api, guarded) {
      practiceRoutes(api, guarded, systemClock, world);
      channelRoutes(api, guarded, world);
    },
    ...(patience === undefined ? {} : { patience }),
  });

  async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer<T>> {
    const response = await system.api.request(path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'idempotency-key': crypto.randomUUID(),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  async function expectAllWell(): Promise<void> {
    await eventually('no HTLC hangs', async () => {
      const nodes = world.names.map((name) => world.anybody(name));
      return (await Promise.all(nodes.map((node) => node.pendingHtlcs()))).flat().length === 0;
    });
    const books = await call<{ difference_msat: string }>('GET', '/v1/books/check');
    expect(books.body).toMatchObject({ difference_msat: '0' });
    expect(
      await db.read.query(
        `select id from account where (id like '%:held' or id like '%:in_flight') and balance_msat <> 0`,
      ),
    ).toEqual([]);
    expect(await db.read.query(`select id from part where state not in ('settled', 'failed')`)).toEqual([]);
  }

  return {
    db,
    world,
    call,
    expectAllWell,
    async stop() {
      await system.stop();
      await world.stop();
      await db.close();
    },
  };
}
