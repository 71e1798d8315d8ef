/** A node that Argosy knows nothing of joins the practice world: a real ldk-node, over RPC and TCP alone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { type Running, startArgosy } from '../../src/main.ts';
import { type Argosy, createArgosy, type Doors, sat } from '../../src/sdk/index.ts';
import { BUILD_OUTSIDER, isOutsiderBuilt, type Outsider, startOutsider } from '../support/outsider.ts';
import { eventually } from '../support/well.ts';

const COINS_SAT = 2_000_000;
const CHANNEL_SAT = 1_000_000;
/** ldk-node looks for blocks every two seconds. */
const PATIENCE_MS = 60_000;
/** Longer than any question of a quote waits: the node is left out as a payer, and forwards all the same. */
const SLOW_MS = 6_000;

interface Channel {
  readonly usable: boolean;
  readonly announced: boolean;
  readonly outbound_msat: number;
}
interface Balance {
  readonly height: number;
  readonly onchain_sat: number;
}
interface Graph {
  readonly channels: number;
  readonly nodes: readonly { readonly alias: string; readonly addresses: number }[];
}

let folder: string;
let running: Running;
let argosy: Argosy;
let doors: Doors;
let outsider: Outsider;
let listen: string;

async function open(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'argosy-outsider-'));
  const flags = { data: join(folder, 'argosy'), listen: '127.0.0.1:0' };
  const config = readConfig({ file: null, env: {}, flags });
  running = await startArgosy({ ...config, logLevel: 'silent' }, () => {});
  argosy = createArgosy(running);
  doors = await argosy.practice.doors();
  listen = await freeAddress();
  outsider = await comeIn();
}
async function close(): Promise<void> {
  await outsider?.stop();
  await running?.stop();
  await rm(folder, { recursive: true, force: true });
}

function comeIn(): Promise<Outsider> {
  if (doors.rpc === null) throw new Error(`the RPC is closed: ${doors.troubles.join('; ')}`);
  return startOutsider({ folder: join(folder, 'outsider'), rpc: doors.rpc, listen });
}

function freeAddress(): Promise<string> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.on('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address !== 'object' || address === null) throw new Error('no address');
      server.close(() => resolve(`127.0.0.1:${address.port}`));
    });
  });
}

const within = <T>(what: string, ready: () => Promise<T | null | false>): Promise<T> =>
  eventually(what, ready, PATIENCE_MS);
const happened = (event: string, times = 1): Promise<boolean> =>
  within(`${event} happens to the outsider`, async () => {
    const failed = outsider.events.find((each) => each.event === 'failed');
    if (failed !== undefined) throw new Error(JSON.stringify(failed));
    return outsider.events.filter((each) => each.event === event).length >= times;
  });
const count = (event: string): number => outsider.events.filter((each) => each.event === event).length;
const channel = () =>
  within('the channel is usable', async () => {
    const [first] = await outsider.ask<Channel[]>('channels');
    return first?.usable === true && first;
  });
const addressOf = (name: string): [string, string] => {
  const [pubkey, address] = doors.peers.find(({ node }) => node === name)?.address?.split('@') ?? [];
  if (pubkey === undefined || address === undefined) throw new Error(`the door of ${name} is closed`);
  return [pubkey, address];
};

const stateOfEu = async () => (await argosy.nodes()).find(({ id }) => id === 'eu')?.state;

/** An invoice of Argosy's, paid by the outsider and credited. */
async function outsiderPays(region: string, amountSat: bigint): Promise<void> {
  const paid = count('paid');
  const { id, invoice } = await argosy.invoice({ amount_msat: sat(amountSat), region });
  await outsider.ask('pay', invoice);
  await happened('paid', paid + 1);
  const { state, node, received_msat } = await argosy.waitForInvoice(id);
  expect([state, node, received_msat]).toEqual(['settled', region, `${sat(amountSat)}`]);
}

/** An invoice of the outsider's, paid by Argosy. @returns the node that paid */
async function argosyPays(amountSat: bigint): Promise<string | null | undefined> {
  const received = count('received');
  const invoice = await outsider.ask<string>('invoice', String(sat(amountSat)));
  const payment = await argosy.payAndWait({ invoice });
  expect(payment.state, JSON.stringify(payment)).toBe('settled');
  await happened('received', received + 1);
  return payment.attempts.at(-1)?.node;
}

if (!isOutsiderBuilt) console.warn(`skipped: no real node from outside. Build it: ${BUILD_OUTSIDER}`);

describe.skipIf(!isOutsiderBuilt)('a node from outside', () => {
  beforeAll(open, 120_000);
  afterAll(close, 60_000);

  it('follows the chain, and is given coins by the faucet', async () => {
    const address = await outsider.ask<string>('address');
    const { height } = await argosy.practice.fund({ address, amount_msat: sat(BigInt(COINS_SAT)) });
    const balance = await within('it sees its coins', async () => {
      const seen = await outsider.ask<Balance>('sync');
      return seen.onchain_sat > 0 && seen;
    });
    expect(balance.onchain_sat).toBe(COINS_SAT);
    expect(balance.height).toBeGreaterThanOrEqual(height);
  }, 90_000);

  it('opens a channel to eu, which is confirmed and announced', async () => {
    await outsider.ask('open', ...addressOf('eu'), CHANNEL_SAT);
    await happened('ready');
    expect(await channel()).toMatchObject({ announced: true });
    await within('eu has it, too', async () => {
      const eu = (await argosy.nodes()).find(({ id }) => id === 'eu');
      return eu?.channels.some(({ peer, active }) => peer === outsider.pubkey && active) ?? false;
    });
  }, 90_000);

  it('learns of the others by gossip, and where to find them', async () => {
    const graph = await within('everybody is known', async () => {
      const known = await outsider.ask<Graph>('graph');
      return known.channels >= 10 && known.nodes.length >= 6 && known;
    });
    expect(graph.nodes.map(({ alias }) => alias)).toEqual(
      expect.arrayContaining(['Argosy EU', 'Argosy US', 'Corner Bakery']),
    );
    expect(graph.nodes.filter(({ addresses }) => addresses === 1).length).toBeGreaterThanOrEqual(6);
  }, 90_000);

  it('pays invoices of Argosy: of its peer, and of a node behind that', async () => {
    await outsiderPays('eu', 300_000n);
    await outsiderPays('asia', 50_000n);
  }, 90_000);

  it('is paid by Argosy: from its peer, and from another node when the peer does not answer', async () => {
    expect(await argosyPays(40_000n)).toBe('eu');
    await argosy.practice.breakNode('eu', { how: 'slow', delay_ms: SLOW_MS });
    try {
      expect(await argosyPays(30_000n)).toMatch(/^(us|asia)$/);
    } finally {
      await argosy.practice.healNode('eu');
    }
    await within('eu is up again', async () => (await stateOfEu()) === 'up');
  }, 90_000);

  it('goes away, and when it comes back has missed nothing', async () => {
    await outsider.stop();
    const { height } = await argosy.practice.mine(5);
    outsider = await comeIn();
    await within('it has caught up', async () => (await outsider.ask<Balance>('sync')).height >= height);
    await channel();
    await outsiderPays('eu', 20_000n);
    expect(await argosyPays(10_000n)).toBe('eu');
  }, 120_000);

  it('leaves books that balance, nothing pending and no HTLC behind', async () => {
    await within('no HTLC hangs', async () => {
      const pending = await Promise.all(running.system.fleet.nodes.map((own) => own.node.pendingHtlcs()));
      return pending.flat().length === 0;
    });
    expect((await argosy.checkBooks()).difference_msat).toBe('0');
    const { read } = running.system.payments.db;
    expect(
      await read.query(
        `select id from account where (id like '%:held' or id like '%:in_flight') and balance_msat <> 0`,
      ),
    ).toEqual([]);
    expect(await read.query(`select id from part where state not in ('settled', 'failed')`)).toEqual([]);
  }, 90_000);
});
