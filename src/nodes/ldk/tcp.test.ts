import { connect, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LdkHost, startLdkHost } from './host.ts';

const GENESIS = '06226e46111a0b59caaf126043eb5bbf28c34f3a5e332a1fc7b2b73cf188910f';
const HERE = '127.0.0.1';
/** Where nobody listens. */
const NOWHERE = `${HERE}:1`;
const PATIENCE_MS = 10_000;

const startHost = (...names: string[]): Promise<LdkHost> =>
  startLdkHost({
    network: 'regtest',
    nodes: names.map((name) => ({ name, alias: name, seedHex: Buffer.alloc(32, name).toString('hex') })),
    startingPoint: { height: 0, hash: Buffer.from(GENESIS, 'hex') },
    broadcast: () => {},
  });

let own: LdkHost;
let outside: LdkHost;
let port: number;
beforeAll(async () => {
  [own, outside] = await Promise.all([startHost('eu', 'us'), startHost('ann', 'bob', 'eve')]);
  port = await own.listen('eu', HERE, 0);
});
afterAll(() => Promise.all([own.stop(), outside.stop()]));

const wires: Socket[] = [];
afterEach(() => {
  for (const wire of wires.splice(0)) wire.destroy();
});

async function call(to: number): Promise<Socket> {
  const wire = connect({ host: HERE, port: to });
  wires.push(wire);
  wire.on('error', () => {});
  await new Promise((resolve) => wire.once('connect', resolve));
  return wire;
}

const sleep = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await sleep(20);
  }
}

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );
const reachesEu = (name: string, at = port): Promise<boolean> =>
  succeeds(outside.node(name).connect(own.pubkey('eu'), `${HERE}:${at}`));
/** Connecting to a peer that is connected answers at once, whatever the address. */
const euHas = (name: string): Promise<boolean> =>
  succeeds(own.node('eu').connect(outside.pubkey(name), NOWHERE));

describe('a node that listens', () => {
  it('lets in who knows its address and its key', async () => {
    expect(await euHas('ann')).toBe(false);
    expect(await reachesEu('ann')).toBe(true);
    expect(await euHas('ann')).toBe(true);
  });

  it('hangs up on who takes it for another', async () => {
    const calling = outside.node('bob').connect(own.pubkey('us'), `${HERE}:${port}`);
    await expect(calling).rejects.toThrow(/hung up/);
  });

  it('listens at one port, and says so when a port is taken', async () => {
    await expect(own.listen('eu', HERE, 0)).rejects.toThrow(/already/);
    await expect(own.listen('us', HERE, port)).rejects.toThrow(/EADDRINUSE/);
    expect(await own.listen('us', HERE, 0)).not.toBe(port);
  });

  it('lets in only so many', async () => {
    const callers = await Promise.all(Array.from({ length: 80 }, () => call(port)));
    for (const wire of callers) wire.resume();
    await until(() => callers.filter((wire) => wire.destroyed).length >= 16);
    expect((await own.node('eu').info()).alias).toBe('eu');
  });

  it('hangs up on who speaks nonsense, and goes on', async () => {
    const wire = await call(port);
    wire.resume();
    const closed = new Promise((resolve) => wire.once('close', resolve));
    wire.write(Buffer.alloc(100_000, 1));
    await closed;
    await until(() => reachesEu('bob'));
  });
});

describe('a fault', () => {
  it.each(['cut-off', 'dies'] as const)(
    '%s of a node that listens: nobody gets in, and it lets them in when it is well',
    async (kind) => {
      await until(() => reachesEu('bob'));
      await own.setFault('eu', { kind });
      await until(async () => !(await reachesEu('bob')));
      await own.setFault('eu', null);
      await until(() => reachesEu('bob'));
    },
  );

  it('of a node that has called: it calls again by itself', async () => {
    await until(() => reachesEu('eve'));
    // A connection counts once it has been seen.
    await sleep(500);
    await outside.setFault('eve', { kind: 'cut-off' });
    await until(async () => !(await euHas('eve')));
    await outside.setFault('eve', null);
    await until(() => euHas('eve'));
  });
});

describe('a host that is stopped', () => {
  it('hangs up, and gives its ports back', async () => {
    const wire = await call(port);
    const closed = new Promise((resolve) => wire.once('close', resolve));
    wire.resume();
    await own.stop();
    await closed;
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject).listen(port, HERE, resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  });
});
