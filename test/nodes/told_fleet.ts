/** The fleet of the practice world over three LND nodes, with an LND merchant and an LND exchange, for the stories. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Product } from '../support/product.ts';
import { hashOf, type ToldFleet } from '../support/told.ts';
import { type FleetName, startFleetNetwork } from './net/fleet_network.ts';
import { activeChannels, invoice, pay } from './net/lnd_verbs.ts';
import { until } from './net/until.ts';

/** Where the product keeps its things: a folder of its own, and the configuration in it. */
export interface Place {
  readonly folder: string;
  readonly config: string;
}

const OWN = ['us', 'eu', 'asia'] as const;

/** @param launch starts the product, again after each kill */
export async function openLndFleet(launch: (place: Place) => Product): Promise<ToldFleet> {
  const folder = mkdtempSync(join(tmpdir(), 'argosy-lnd-fleet-'));
  const network = await startFleetNetwork();
  const files = OWN.map((name) => {
    const file = join(folder, `${name}.lndconnect`);
    writeFileSync(file, network.node(name).lndconnect(), { mode: 0o600 });
    return `  - { id: ${name}, region: ${name}, credentials: { file: ${file} } }`;
  });
  const config = join(folder, 'argosy.yaml');
  writeFileSync(config, `nodes:\n${files.join('\n')}\n`);
  const running = () => network.nodes.filter((node) => node.pid !== null);
  const merchant = network.node('merchant');

  return {
    launch: () => launch({ folder, config }),
    isAt: () => {},
    people: {
      asks: (sat) => invoice(merchant, sat),
      async isPaid(bolt11) {
        const { state } = await merchant.rest<{ state: string }>('GET', `/v1/invoice/${hashOf(bolt11)}`);
        return state === 'SETTLED';
      },
      pays: async (bolt11) => void (await pay(network.node('exchange'), bolt11)),
    },
    die: (node) => network.node(node as FleetName).kill('SIGKILL'),
    comeBack: (node) => network.node(node as FleetName).start(),
    async openAndClose(name, sat) {
      const node = network.node(name as FleetName);
      const before = new Set(await activeChannels(node));
      await network.open([{ from: name, to: 'hub', capacitySat: sat, pushSat: 20_000 }]);
      const opened = (await activeChannels(node)).find((point) => !before.has(point));
      const [txid, index] = opened?.split(':') ?? [];
      // The answer is a stream that ends with the closing; it is over when the channel is.
      node.rest('DELETE', `/v1/channels/${txid}/${index}`).catch(() => undefined);
      type Pending = { waiting_close_channels: unknown[] };
      await until('the closing to be out', async () => (await network.chain.mempool()).length > 0);
      await until('the channel to be closed', async () => {
        await network.mine(1);
        const pending = await node.rest<Pending>('GET', '/v1/channels/pending');
        return pending.waiting_close_channels.length === 0;
      });
    },
    mine: () => network.mine(1),
    async hanging() {
      type Channels = { channels: { pending_htlcs: unknown[] }[] };
      const all = await Promise.all(running().map((node) => node.rest<Channels>('GET', '/v1/channels')));
      return all.flatMap(({ channels }) => channels.flatMap((channel) => channel.pending_htlcs)).length;
    },
    async stop() {
      await network.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
