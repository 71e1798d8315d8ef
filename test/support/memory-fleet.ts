/** A fleet of simulated nodes under the whole system, for stories that need faults rather than real nodes. */

import { createOwner, newSecret } from '../../src/access/service.ts';
import type { OwnNode } from '../../src/fleet/fleet.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { openLog } from '../../src/kit/log.ts';
import { type NodeId, nodeId } from '../../src/lightning/ids.ts';
import { fromSat } from '../../src/money/msat.ts';
import { type MemoryNetwork, memoryNetwork, systemTime } from '../../src/nodes/memory/network.ts';
import { openSystem, type System } from '../../src/system.ts';
import { freshDatabase, type TestDatabase } from './database.ts';

export interface MemoryFleet {
  readonly network: MemoryNetwork;
  readonly system: System;
  readonly db: TestDatabase;
  /** Calls the API with the owner's key. */
  call<T = Record<string, unknown>>(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    key?: string,
  ): Promise<{ status: number; body: T }>;
  stop(): Promise<void>;
}

const OWN = ['us', 'eu', 'asia'] as const;

/**
 * us, eu and asia, each with a channel to `hub` and from it; hub to `merchant`; eu to merchant directly, for less.
 */
export function memoryWorld(seed: string): MemoryNetwork {
  const network = memoryNetwork({ seed, time: systemTime, partsTimeoutMs: 2_000 });
  for (const name of [...OWN, 'hub', 'merchant', 'exchange']) network.addNode({ name });
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
    node: network.open(name),
  }));

export async function startMemoryFleet(seed: string): Promise<MemoryFleet> {
  const db = await freshDatabase();
  const network = memoryWorld(seed);
  const secret = newSecret();
  await db.tx((tx) => createOwner(tx, systemClock, secret));
  const system = await openSystem({
    db,
    clock: systemClock,
    log: openLog(process.env.ARGOSY_TEST_LOG ?? 'silent'),
    network: 'regtest',
    nodes: ownNodes(network),
  });
  let calls = 0;
  return {
    network,
    system,
    db,
    async call<T>(method: 'GET' | 'POST', path: string, body?: unknown, key?: string) {
      const response = await system.api.request(path, {
        method,
        headers: {
          authorization: `Bearer ${secret}`,
          'content-type': 'application/json',
          'idempotency-key': key ?? `call-${++calls}`,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as T };
    },
    async stop() {
      await system.stop();
      await db.close();
    },
  };
}
