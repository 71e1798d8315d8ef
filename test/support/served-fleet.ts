/** A fleet of simulated nodes behind a real HTTP server, with people to trade with: for those who only speak HTTP. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { ensureOwner, newSecret } from '../../src/access/service.ts';
import { connectingRoutes } from '../../src/fleet/connecting-routes.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { openLog } from '../../src/kit/log.ts';
import type { MemoryNetwork } from '../../src/nodes/memory/network.ts';
import { openChain } from '../../src/practice/chain.ts';
import { scriptOf } from '../../src/practice/chain_address.ts';
import { coinRoutes } from '../../src/practice/coin-routes.ts';
import { doorRoutes } from '../../src/practice/door-routes.ts';
import type { Doors } from '../../src/practice/doors.ts';
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

/** Nobody is behind them. */
const DOORS: Doors = {
  rpc: { url: 'http://127.0.0.1:21218', user: 'argosy', password: 'secret' },
  peers: [
    { node: 'eu', pubkey: '02aa', address: '02aa@127.0.0.1:23417' },
    { node: 'us', pubkey: '02bb', address: null },
  ],
  troubles: ['rpc: moved to port 21218'],
  close: async () => {},
};

export async function startServedFleet(seed: string, coinsSat = 0n): Promise<ServedFleet> {
  const db = await freshDatabase();
  const network = memoryWorld(seed, coinsSat);
  const key = newSecret();
  await db.tx((tx) => ensureOwner(tx, systemClock, key));
  const people = new Map(['merchant', 'exchange'].map((name) => [name, network.open(name)]));
  const chain = openChain({ file: null });
  const breakable: Breakable = new Map(OWN.map((name) => [name, setFault(network, name)]));
  const mine = async (blocks: number): Promise<void> => {
    for (let block = 0; block < blocks; block++) chain.mine();
  };
  await mine(110);
  const fund = async (address: string, amountSat: bigint): Promise<string> => {
    const txid = chain.fund(scriptOf(address), amountSat);
    chain.mine();
    return txid;
  };
  const height = (): number => chain.height;
  const system = await openSystem({
    db,
    clock: systemClock,
    log: openLog(process.env.ARGOSY_TEST_LOG ?? 'silent'),
    network: 'regtest',
    nodes: ownNodes(network),
    rooms(api, guarded, own) {
      practiceRoutes(api, guarded, systemClock, {
        people,
        nodes: ownNodes(network),
        breakable,
        mine,
        height,
      });
      coinRoutes(api, guarded, { fund, height });
      doorRoutes(api, guarded, DOORS);
      connectingRoutes(api, guarded, own, null);
    },
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
      chain.close();
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
