/** Real LND under the port: the suite that every driver passes. `npm run test:nodes -- lnd` */
import { describe, it } from 'vitest';
import { conformance, type World } from '../../src/nodes/conformance.ts';
import { memoryJournal } from '../../src/nodes/journal.ts';
import { connectLnd } from '../../src/nodes/lnd/client.ts';
import { openLnd } from '../../src/nodes/lnd/driver.ts';
import type { LightningNode } from '../../src/nodes/node.ts';
import { startConformanceNetwork } from './net/conformance_network.ts';
import { missingDaemons } from './net/daemons.ts';
import type { Lnd } from './net/lnd.ts';
import type { Network } from './net/network.ts';

const EVENTUALLY_MS = 60_000;
const POLL_MS = 30;
/** LND waits so long for the rest of a total, whatever its flags. */
const MPP_TIMEOUT_MS = 121_000;
const sleep = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));

const driven = (lnd: Lnd): LightningNode =>
  openLnd({
    client: connectLnd({
      address: `${lnd.host}:${lnd.rpcPort}`,
      certificates: [lnd.certPem],
      macaroon: lnd.adminMacaroonHex,
    }),
    journal: memoryJournal(),
  });

interface Pending {
  readonly waiting_close_channels: readonly unknown[];
}

/** HTLCs hang at a height: blocks come only for transactions, and for channels that wait to be closed for good. */
async function wantsBlock(network: Network): Promise<boolean> {
  if ((await network.chain.mempool()).length > 0) return true;
  const pending = await network.nodes[0]?.rest<Pending>('GET', '/v1/channels/pending');
  return (pending?.waiting_close_channels.length ?? 0) > 0;
}

async function open(): Promise<World> {
  const network = await startConformanceNetwork();
  const nodes = {
    sender: driven(network.node('sender')),
    second: driven(network.node('second')),
    forwarder: driven(network.node('forwarder')),
    payee: driven(network.node('payee')),
  };
  await Promise.all(Object.values(nodes).map((node) => node.info()));
  return {
    ...nodes,
    async eventually(what, holds) {
      const deadline = performance.now() + EVENTUALLY_MS;
      while (!(await holds())) {
        if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
        if (await wantsBlock(network)) await network.mine(1);
        await sleep(POLL_MS);
      }
    },
    outlastParts: () => sleep(MPP_TIMEOUT_MS),
    passSeconds: (seconds) => sleep(seconds * 1000),
    async close() {
      await Promise.all(Object.values(nodes).map((node) => node.stop()));
      await network.stop();
    },
  };
}

const missing = missingDaemons('lnd', 'btcd');
if (missing === null) {
  conformance('LND', { driver: 'lnd', open, patienceMs: 180_000, wholeSats: true });
} else {
  describe('LND', () => {
    it.skip(`as a Lightning node (${missing})`, () => {});
  });
}
