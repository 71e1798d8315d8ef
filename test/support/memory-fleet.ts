/** A fleet of simulated nodes under the whole system, for stories that need faults rather than real nodes. */

import { randomUUID } from 'node:crypto';
import { ensureOwner, newSecret } from '../../src/access/service.ts';
import type { ChainPatience } from '../../src/fleet/chain-view.ts';
import type { OwnNode } from '../../src/fleet/fleet.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { openLog } from '../../src/kit/log.ts';
import { type NodeId, nodeId } from '../../src/lightning/ids.ts';
import { fromSat } from '../../src/money/msat.ts';
import { type MemoryNetwork, memoryNetwork, systemTime } from '../../src/nodes/memory/network.ts';
import { openNode } from '../../src/nodes/open.ts';
import type { Patience } from '../../src/payments/context.ts';
import { practiceRoutes } from '../../src/practice/routes.ts';
import { openSystem, type System } from '../../src/system.ts';
import { freshDatabase, type TestDatabase } from './database.ts';

export interface MemoryFleet {
  readonly network: MemoryNetwork;
  readonly system: System;
  readonly db: TestDatabase;
  /** The owner's `Authorization` header. */
  readonly authorization: string;
  /** Calls the API with the owner's key. */
  call<T = Record<string, unknown>>(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    key?: string,
  ): Promise<{ status: number; body: T }>;
  /** Another process on the same nodes, after this one has ended. @param onto another database. Default: the same */
  restart(onto?: TestDatabase): Promise<MemoryFleet>;
  stop(): Promise<void>;
}

export const OWN = ['us', 'eu', 'asia'] as const;

/**
 * us, eu and asia, each with a channel to `hub` and from it; hub to `merchant`; eu to merchant directly, for less.
 * @param coinsSat what each of the own nodes has in its wallet
 */
export function memoryWorld(seed: string, coinsSat = 0n): MemoryNetwork {
  const network = memoryNetwork({ seed, time: systemTime, partsTimeoutMs: 2_000 });
  for (const name of OWN) network.addNode({ name, onchainMsat: fromSat(coinsSat) });
  for (const name of ['hub', 'merchant', 'exchange']) network.addNode({ name });
  for (const name of OWN) {
    network.addChannel({
      from: name,
      to: 'hub',
      capacityMsat: fromSat(20_000_000n),
      pushMsat: fromSat(10_000_000n),
    });
  }
  network.addChannel({ from: 'hub', to: 'merchant', capacityMsat: fromSat(100_000_000n) });
  network.addChannel({ from: 'exchange', to: 'hub', capacityMsat: fromSat(100_000_000n) });
  network.addChannel({ from: 'eu', to: 'merchant', capacityMsat: fromSat(1_000_000n) });
  return network;
}

export const ownNodes = (network: MemoryNetwork): OwnNode[] =>
  OWN.map((name) => ({
    id: nodeId(name) as NodeId,
    region: name,
    driver: 'memory',
    node: openNode({ kind: 'memory', network, name }),
  }));

/** Short enough for tests, long enough for a noisy machine. */
const PATIENCE: Patience = { sendMs: 1_000, secondLookMs: 100, absenceMs: 500, staleMs: 300 };

export interface MemoryFleetOptions {
  /** What the system drives. Default: the own nodes as they are. */
  readonly driven?: () => OwnNode[];
  readonly patience?: Partial<Patience>;
  readonly chainPatience?: Partial<ChainPatience>;
}

export async function startMemoryFleet(
  network: MemoryNetwork,
  options: MemoryFleetOptions = {},
): Promise<MemoryFleet> {
  const db = await freshDatabase();
  const secret = newSecret();
  await db.tx((tx) => ensureOwner(tx, systemClock, secret));
  return openFleet(network, db, secret, options);
}

async function openFleet(
  network: MemoryNetwork,
  db: TestDatabase,
  secret: string,
  options: MemoryFleetOptions,
): Promise<MemoryFleet> {
  const system = await openSystem({
    db,
    clock: systemClock,
    log: openLog(process.env.ARGOSY_TEST_LOG ?? 'silent'),
    network: 'regtest',
    nodes: options.driven?.() ?? ownNodes(network),
    rooms: (api, guarded) => {
      const people = new Map([['merchant', network.open('merchant')]]);
      const breakable = new Map();
      const nodes = ownNodes(network);
      const practice = { people, nodes, breakable, mine: async () => undefined, height: network.height };
      practiceRoutes(api, guarded, systemClock, practice);
    },
    patience: { ...PATIENCE, ...options.patience },
    chainPatience: options.chainPatience ?? {},
    importAfterMs: 0,
  });
  return {
    network,
    system,
    db,
    authorization: `Bearer ${secret}`,
    async call<T>(method: 'GET' | 'POST', path: string, body?: unknown, key?: string) {
      const response = await system.api.request(path, {
        method,
        headers: {
          authorization: `Bearer ${secret}`,
          'content-type': 'application/json',
          'idempotency-key': key ?? randomUUID(),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as T };
    },
    async restart(onto = db) {
      await system.stop();
      if (onto !== db) await db.close();
      return openFleet(network, onto, secret, options);
    },
    async stop() {
      await system.stop();
      await db.close();
    },
  };
}
