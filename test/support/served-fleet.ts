/** A fleet of simulated nodes behind a real HTTP server, with people to trade with: for those who only speak HTTP. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { createOwner, newSecret } from '../../src/access/service.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { openLog } from '../../src/kit/log.ts';
import type { MemoryNetwork } from '../../src/nodes/memory/network.ts';
import type { Breakable, Fault } from '../../src/practice/faults.ts';
import { practiceRoutes } from '../../src/practice/routes.ts';
import { openSystem } from '../../src/system.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { memoryWorld, OWN, ownNodes } from './memory-fleet.ts';

export interface ServedFleet {
  /** `http://127.0.0.1:41234` */
  readonly api: string;
  readonly key: string;
  /** A data folder as a running Argosy leaves it. */
  readonly folder: string;
  readonly network: MemoryNetwork;
  readonly db: TestDatabase;
  stop(): Promise<void>;
}

export async function startServedFleet(seed: string): Promise<ServedFleet> {
  const db = await freshDatabase();
  const network = memoryWorld(seed);
  const key = newSecret();
  await db.tx((tx) => createOwner(tx, systemClock, key));
  const people = new Map(['merchant', 'exchange'].map((name) => [name, network.open(name)]));
  let height = 100;
  const breakable: Breakable = new Map(OWN.map((name) => [name, setFault(network, name)]));
  const mine = async (blocks: number): Promise<void> => {
    height += blocks;
  };
  const system = await openSystem({
    db,
    clock: systemClock,
    log: openLog(process.env.ARGOSY_TEST_LOG ?? 'silent'),
    network: 'regtest',
    nodes: ownNodes(network),
    rooms: (api, guarded) =>
      practiceRoutes(api, guarded, systemClock, { people, breakable, mine, height: () => height }),
  });
  const { api, close } = await listen((request) => system.api.fetch(request));
  const folder = mkdtempSync(join(tmpdir(), 'argosy-folder-'));
  writeFileSync(join(folder, 'holder.json'), JSON.stringify({ pid: process.pid, api }));
  writeFileSync(join(folder, 'owner.key'), `${key}\n`);
  return {
    api,
    key,
    folder,
    network,
    db,
    async stop() {
      await close();
      await system.stop();
      await db.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A node that is cut off goes on as it was: a simulated one cannot be. */
const setFault = (network: MemoryNetwork, name: string) => async (fault: Fault | null) => {
  const switches = network.faults(name);
  switches.start();
  switches.delayAnswers(fault?.kind === 'slow' ? fault.delayMs : 0);
  if (fault?.kind === 'dies') switches.kill();
};

function listen(
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<{ api: string; close: () => Promise<void> }> {
  return new Promise((resolve) => {
    const server = serve({ fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
      resolve({ api: `http://127.0.0.1:${port}`, close }),
    );
    const close = (): Promise<void> =>
      new Promise((closed) => {
        server.close(() => closed());
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
  });
}
