import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openChain } from './chain.ts';
import { type DoorOptions, type Doors, type DoorWorld, type Keeper, openDoors } from './doors.ts';

const OPEN: DoorOptions = { enabled: true, rpc: null, peers: {} };

const undo: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(undo.splice(0).map((each) => each()));
});

/** Listens as nodes do, and gives all ports back with `leave`. */
function worldOf(...names: string[]): DoorWorld & { leave(): Promise<void> } {
  const servers: Server[] = [];
  const leave = async (): Promise<void> => {
    await Promise.all(servers.splice(0).map((server) => new Promise((closed) => server.close(closed))));
  };
  undo.push(leave);
  return {
    chain: openChain({ file: null }),
    names,
    pubkey: (name) => `02${name}`,
    listen: async (_, host, port) => {
      const server = await listen(host, port);
      servers.push(server);
      return port;
    },
    leave,
  };
}

const listen = (host: string, port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject).listen(port, host, () => resolve(server));
  });

function keeperOf(): Keeper & { text: string | null } {
  const keeper = {
    text: null as string | null,
    read: () => keeper.text,
    write(text: string) {
      keeper.text = text;
    },
  };
  return keeper;
}

async function open(world: DoorWorld, options: DoorOptions, keeper: Keeper): Promise<Doors> {
  const doors = await openDoors(world, options, keeper);
  undo.push(() => doors.close());
  return doors;
}
const portOf = (address: string | null | undefined): number => Number(address?.split(':').at(-1));

describe('the doors of the practice world', () => {
  it('open where it is free, and are the same at the next start', async () => {
    const [world, keeper] = [worldOf('eu', 'hub'), keeperOf()];
    const first = await open(world, OPEN, keeper);
    expect(first.troubles).toEqual([]);
    expect(first.peers.map(({ node }) => node)).toEqual(['eu', 'hub']);
    expect(first.peers[0]?.address).toMatch(/^02eu@127\.0\.0\.1:2\d{4}$/);
    await Promise.all([first.close(), world.leave()]);
    const { rpc, peers, troubles } = await open(world, OPEN, keeper);
    expect({ rpc, peers, troubles }).toEqual({ rpc: first.rpc, peers: first.peers, troubles: [] });
  });

  it('move where somebody else has taken their place, say so, and stay there', async () => {
    const [world, keeper] = [worldOf('eu'), keeperOf()];
    const first = await open(world, OPEN, keeper);
    await Promise.all([first.close(), world.leave()]);
    for (const taken of [portOf(first.rpc?.url), portOf(first.peers[0]?.address)]) {
      const thief = await listen('127.0.0.1', taken);
      undo.push(() => thief.close());
    }
    const second = await open(world, OPEN, keeper);
    expect(second.rpc?.url).not.toBe(first.rpc?.url);
    expect(second.rpc?.password).toBe(first.rpc?.password);
    expect(second.peers[0]?.address).not.toBe(first.peers[0]?.address);
    expect(second.troubles.toSorted()).toEqual([
      expect.stringMatching(/^eu: moved to port \d+, since .*EADDRINUSE/),
      expect.stringMatching(/^rpc: moved to port \d+, since .*EADDRINUSE/),
    ]);
    await Promise.all([second.close(), world.leave()]);
    expect((await open(world, OPEN, keeper)).peers).toEqual(second.peers);
  });

  it('open where the operator wants them, or stay closed and say why', async () => {
    const [world, keeper] = [worldOf('eu', 'us'), keeperOf()];
    const before = await open(world, OPEN, keeper);
    await Promise.all([before.close(), world.leave()]);
    const thief = await listen('127.0.0.1', 0);
    undo.push(() => thief.close());
    const address = thief.address();
    const taken = typeof address === 'object' && address !== null ? address.port : 0;
    const doors = await open(
      world,
      {
        enabled: true,
        rpc: { host: '127.0.0.1', port: taken },
        peers: { eu: { host: '127.0.0.1', port: taken }, mars: { host: '127.0.0.1', port: 1 } },
      },
      keeper,
    );
    expect(doors.rpc).toBeNull();
    expect(doors.peers.map(({ node, address: at }) => [node, at !== null])).toEqual([
      ['eu', false],
      ['us', true],
    ]);
    expect(doors.troubles).toHaveLength(3);
    expect(doors.troubles[0]).toContain('practice.doors.peers.mars');
  });

  it('do not open when they are switched off', async () => {
    const keeper = keeperOf();
    const doors = await open(worldOf('eu'), { ...OPEN, enabled: false }, keeper);
    expect(doors).toMatchObject({ rpc: null, peers: [], troubles: [] });
    expect(keeper.text).toBeNull();
  });

  it('stop nothing, whatever is wrong', async () => {
    const world = { ...worldOf('eu'), listen: () => Promise.reject(new Error('the worker has died')) };
    const keeper: Keeper = {
      read: () => '{"damaged',
      write() {
        throw new Error('ENOSPC');
      },
    };
    const doors = await open(world, OPEN, keeper);
    expect(doors.rpc).not.toBeNull();
    expect(doors.peers[0]?.address).toBeNull();
    expect(doors.troubles).toEqual([
      expect.stringMatching(/^eu: .*the worker has died/),
      expect.stringMatching(/others at the next start.*ENOSPC/),
    ]);
  });
});
