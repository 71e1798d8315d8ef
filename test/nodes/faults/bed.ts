/**
 * The conformance network with its drivers in our hands: each has a journal that outlives it, dies as a process dies,
 * and is opened again. What is checked is asked of the daemons as well, over REST.
 */
import assert from 'node:assert/strict';
import { type Watch, watchFrom } from '../../../src/nodes/conformance/watch.ts';
import type { World } from '../../../src/nodes/conformance.ts';
import { type Journal, memoryJournal } from '../../../src/nodes/journal.ts';
import { connectLnd, type LndClient } from '../../../src/nodes/lnd/client.ts';
import { openLnd } from '../../../src/nodes/lnd/driver.ts';
import type { LightningNode } from '../../../src/nodes/node.ts';
import { type ConformanceName, startConformanceNetwork } from '../net/conformance_network.ts';
import type { Lnd } from '../net/lnd.ts';
import type { Network } from '../net/network.ts';
import { until } from '../net/until.ts';
import { type Mortal, mortal } from './mortal.ts';

const NAMES: readonly ConformanceName[] = ['sender', 'second', 'forwarder', 'payee'];
const EVENTUALLY_MS = 60_000;
/** LND waits so long for the rest of a total, whatever its flags. */
const MPP_TIMEOUT_MS = 121_000;

export type OpenJournal = () => Journal;

export interface Driven {
  readonly lnd: Lnd;
  /** Opens its memory, as every driver does for itself. */
  readonly journal: OpenJournal;
  readonly node: LightningNode;
  /** As the process that drives the node dies: nothing more is written, nothing is said to LND. */
  die(): void;
}

export interface Bed {
  readonly network: Network<ConformanceName>;
  readonly world: World;
  driven(name: ConformanceName): Driven;
  /** Another driver of the same node, by the same journal unless another is given. */
  open(name: ConformanceName, journal?: OpenJournal, macaroon?: string): Driven;
  /** Ends the driver of this node (dead or stopped already) and puts a new one in its place. */
  replace(name: ConformanceName, journal?: OpenJournal): Driven;
  /** Puts a driver that is there already in the place of this node's. */
  adopt(name: ConformanceName, driven: Driven): void;
  /** Kills LND, lets `meanwhile` happen, and starts it again with its channels active. */
  killed(name: ConformanceName, meanwhile?: () => Promise<void>): Promise<void>;
  /** From now on blocks come only by `network.mine`; else whatever waits in the mempool brings one. */
  stopMining(): void;
  close(): Promise<void>;
}

/** Outlives its drivers, not this process. */
export function keptInMemory(journal = memoryJournal()): OpenJournal {
  return () => journal;
}

export const addressOf = (lnd: Lnd, macaroon = lnd.adminMacaroonHex) => ({
  address: `${lnd.host}:${lnd.rpcPort}`,
  certificates: [lnd.certPem],
  macaroon,
});

function drive(lnd: Lnd, journal: OpenJournal, macaroon?: string): Driven {
  const life: Mortal = mortal(journal());
  const client: LndClient = connectLnd(addressOf(lnd, macaroon));
  return {
    lnd,
    journal,
    node: openLnd({ client, journal: life.journal }),
    die() {
      life.die();
      client.close();
    },
  };
}

export async function openBed(journals: Partial<Record<ConformanceName, OpenJournal>> = {}): Promise<Bed> {
  const network = await startConformanceNetwork();
  const drivers = new Map<ConformanceName, Driven>();
  const opened: Driven[] = [];
  let mines = true;
  const open = (name: ConformanceName, journal?: OpenJournal, macaroon?: string): Driven => {
    const driven = drive(
      network.node(name),
      journal ?? drivers.get(name)?.journal ?? keptInMemory(),
      macaroon,
    );
    opened.push(driven);
    return driven;
  };
  for (const name of NAMES) drivers.set(name, open(name, journals[name]));
  const driven = (name: ConformanceName): Driven => {
    const found = drivers.get(name);
    assert(found);
    return found;
  };
  const world: World = {
    get sender() {
      return driven('sender').node;
    },
    get second() {
      return driven('second').node;
    },
    get forwarder() {
      return driven('forwarder').node;
    },
    get payee() {
      return driven('payee').node;
    },
    eventually: (what, holds) =>
      until(
        what,
        async () => {
          if (await holds()) return true;
          if (mines) await mineWhatWaits(network);
          return false;
        },
        EVENTUALLY_MS,
      ).then(() => undefined),
    outlastParts: () => new Promise((wake) => setTimeout(wake, MPP_TIMEOUT_MS)),
    passSeconds: (seconds) => new Promise((wake) => setTimeout(wake, seconds * 1000)),
    close: async () => undefined,
  };
  return {
    network,
    world,
    driven,
    open,
    replace(name, journal) {
      driven(name).die();
      const next = open(name, journal);
      drivers.set(name, next);
      return next;
    },
    adopt: (name, next) => void drivers.set(name, next),
    async killed(name, meanwhile) {
      const lnd = network.node(name);
      const channels = Number((await activeChannels(lnd)).length);
      await lnd.kill('SIGKILL');
      await meanwhile?.();
      await lnd.start();
      await until(`the channels of ${name}`, async () => (await activeChannels(lnd)).length >= channels);
    },
    stopMining() {
      mines = false;
    },
    async close() {
      for (const each of opened) each.die();
      await network.stop();
    },
  };
}

export const activeChannels = async (lnd: Lnd): Promise<readonly unknown[]> =>
  (await lnd.rest<{ channels: unknown[] }>('GET', '/v1/channels?active_only=true')).channels;

/** Blocks come for transactions alone, and only while everybody can hear of them. */
async function mineWhatWaits(network: Network): Promise<void> {
  if (network.nodes.some(({ pid }) => pid === null)) return;
  if ((await network.chain.mempool()).length > 0) await network.mine(1);
}

/** Every event of a node that this bed's driver tells, from its first. */
export const watchAll = (world: World, node: LightningNode): Watch => watchFrom(world, node, null);
