import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket as Wire } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ldk, loadLdk } from './bindings.ts';
import { openConnection, type TcpConnection } from './tcp_connection.ts';

beforeAll(loadLdk);

const undo: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(undo.splice(0).map((each) => each()));
});

const MINUTE_MS = 60_000;
const portion = new Uint8Array(65_536);

/** A connection whose LDK does only what the test says, and whose steps are run by `step`. */
interface Scene {
  readonly connection: TcpConnection;
  readonly peer: Wire;
  readonly descriptor: () => ldk.SocketDescriptor;
  readonly told: { room: number; read: number; disconnected: number; pause: boolean };
  step(): void;
  over(): boolean;
}

async function scene(): Promise<Scene> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [wire] = (await once(server, 'connection')) as [Wire];
  undo.push(() => peer.destroy());
  undo.push(() => wire.destroy());
  undo.push(() => server.close());
  const told = { room: 0, read: 0, disconnected: 0, pause: false };
  let descriptor: ldk.SocketDescriptor | null = null;
  const peers = {
    new_inbound_connection(given: ldk.SocketDescriptor) {
      descriptor = given;
      return ldk.Result_NonePeerHandleErrorZ.constructor_ok();
    },
    read_event(_: ldk.SocketDescriptor, bytes: Uint8Array) {
      told.read += bytes.length;
      return ldk.Result_boolPeerHandleErrorZ.constructor_ok(told.pause);
    },
    write_buffer_space_avail() {
      told.room++;
      return ldk.Result_NonePeerHandleErrorZ.constructor_ok();
    },
    socket_disconnected: () => void told.disconnected++,
  };
  const inputs: (() => void)[] = [];
  let over = false;
  const connection = openConnection({
    end: { pubkey: '02', peers: peers as unknown as ldk.PeerManager, announcing: () => false },
    wire,
    peer: null,
    enqueue: (input) => void inputs.push(input),
    ended: () => {
      over = true;
    },
  });
  return {
    connection,
    peer,
    descriptor() {
      if (descriptor === null) throw new Error('no connection was made');
      return descriptor;
    },
    told,
    step() {
      for (const input of inputs.splice(0)) input();
      connection.release();
    },
    over: () => over,
  };
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await new Promise((wake) => setTimeout(wake, 5));
  }
}

/** As LDK does, until there is no more room. */
function fill({ descriptor }: Scene): number {
  let sent = 0;
  for (;;) {
    const taken = descriptor().send_data(portion, false);
    sent += taken;
    if (taken < portion.length) return sent;
  }
}

describe('a TCP connection', () => {
  it('lets nothing go before the step is released', async () => {
    const at = await scene();
    let heard = 0;
    at.peer.on('data', (bytes: Buffer) => {
      heard += bytes.length;
    });
    at.descriptor().send_data(Uint8Array.of(1, 2, 3), false);
    await new Promise((wake) => setTimeout(wake, 50));
    expect(heard).toBe(0);
    at.step();
    await until(() => heard === 3);
  });

  it('tells LDK when there is no room, and again when the peer has read', async () => {
    const at = await scene();
    at.peer.pause();
    let sent = 0;
    while (at.told.room < 1_000) {
      const more = fill(at);
      sent += more;
      const before = at.told.room;
      at.step();
      at.step();
      // The system holds some, too: it is full when LDK is not told of room any more.
      if (at.told.room === before) break;
    }
    expect(sent).toBeLessThan(50_000_000);
    const before = at.told.room;
    at.peer.resume();
    await until(() => {
      at.step();
      return at.told.room > before;
    });
    expect(at.over()).toBe(false);
  });

  it('is hung up when the peer has not read for long', async () => {
    const at = await scene();
    at.peer.pause();
    for (let round = 0; round < 1_000; round++) {
      fill(at);
      const before = at.told.room;
      at.step();
      at.step();
      if (at.told.room === before) break;
    }
    at.connection.watch(performance.now() + 1_000);
    expect(at.told.disconnected).toBe(0);
    at.connection.watch(performance.now() + MINUTE_MS);
    expect(at.told.disconnected).toBe(1);
  });

  it('gives LDK nothing while it wants nothing, and the peer has to wait', async () => {
    const at = await scene();
    at.told.pause = true;
    at.peer.write(Buffer.alloc(12_000_000));
    await until(() => {
      at.step();
      return at.told.read > 0;
    });
    for (let round = 0; round < 20; round++) {
      at.step();
      await new Promise((wake) => setTimeout(wake, 5));
    }
    expect(at.told.read).toBe(4_096);
    expect(at.peer.writableLength).toBeGreaterThan(100_000);
    at.told.pause = false;
    at.descriptor().send_data(new Uint8Array(), true);
    await until(() => {
      at.step();
      return at.told.read === 12_000_000;
    });
  });

  it('is over for LDK when the peer hangs up', async () => {
    const at = await scene();
    at.peer.destroy();
    await until(() => {
      at.step();
      return at.over();
    });
    expect(at.told.disconnected).toBe(1);
  });

  it('says its last words when LDK hangs up', async () => {
    const at = await scene();
    const heard: Buffer[] = [];
    at.peer.on('data', (bytes: Buffer) => heard.push(bytes));
    const closed = once(at.peer, 'close');
    at.descriptor().send_data(Uint8Array.of(7), false);
    at.descriptor().disconnect_socket();
    at.step();
    await closed;
    expect(Buffer.concat(heard)).toEqual(Buffer.of(7));
  });
});
