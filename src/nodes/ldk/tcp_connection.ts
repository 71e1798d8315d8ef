/**
 * One TCP connection of a node. Bytes that come in change memory in the next step; bytes that go out leave when a step
 * is released. Neither side can make the other's bytes pile up: LDK is given one portion at a time and is told when
 * there is no room, and who does not read is hung up.
 */
import type { Socket as Wire } from 'node:net';
import { accept, dial, drop, hangUp, type LinkEnd, read, take } from './socket.ts';

export interface TcpConnection {
  readonly end: LinkEnd;
  /** From here, inside a step. */
  hangUp(): void;
  /** Hangs up on a peer that has not read for long. */
  watch(nowMs: number): void;
  release(): void;
}

/** That wait for the peer to read them, before LDK has to wait as well. */
const ROOM_BYTES = 256 * 1024;
const PORTION_BYTES = 4_096;
/** No two messages about a channel fit into so few: see `LinkEnd.announcing`. */
const ANNOUNCING_PORTION_BYTES = 128;
const STALLED_MS = 30_000;
const FAREWELL_MS = 5_000;

export interface TcpOptions {
  readonly end: LinkEnd;
  /** Connected. */
  readonly wire: Wire;
  /** Null: the other side begins. */
  readonly peer: string | null;
  /** Runs a change of memory in the next step. */
  readonly enqueue: (input: () => void) => void;
  /** The connection is over. */
  readonly ended: () => void;
}

/** Inside a step. */
export function openConnection({ end, wire, peer, enqueue, ended }: TcpOptions): TcpConnection {
  let unread: Buffer = Buffer.alloc(0);
  let paused = false;
  let stalledSinceMs: number | null = null;
  const flow = {
    room: (waitingBytes: number) => ROOM_BYTES - waitingBytes - wire.writableLength,
    resume() {
      paused = false;
      enqueue(work);
    },
  };
  const socket = peer === null ? accept(end, flow) : dial(end, peer, flow);

  /** Until LDK wants no more for now; the rest waits, and so does the peer. */
  function work(): void {
    while (socket.open && !paused && !socket.stalled && unread.length > 0) {
      const announcing = end.announcing();
      const portion = unread.subarray(0, announcing ? ANNOUNCING_PORTION_BYTES : PORTION_BYTES);
      unread = unread.subarray(portion.length);
      paused = read(socket, portion);
      if (announcing) end.peers.process_events();
    }
    if (unread.length === 0) wire.resume();
  }
  function refill(): void {
    if (!socket.open || !socket.stalled) return;
    socket.stalled = false;
    if (!end.peers.write_buffer_space_avail(socket.descriptor).is_ok()) hangUp(socket);
    work();
  }

  wire.on('data', (bytes: Buffer) => {
    wire.pause();
    enqueue(() => {
      unread = unread.length === 0 ? bytes : Buffer.concat([unread, bytes]);
      work();
    });
  });
  wire.on('drain', () => {
    stalledSinceMs = null;
    enqueue(refill);
  });
  wire.on('close', () =>
    enqueue(() => {
      drop(socket);
      ended();
    }),
  );

  return {
    end,
    hangUp: () => hangUp(socket),
    watch(nowMs) {
      if (stalledSinceMs !== null && nowMs - stalledSinceMs > STALLED_MS) hangUp(socket);
    },
    release() {
      for (const bytes of take(socket)) wire.write(bytes);
      if (socket.closing) {
        socket.closing = false;
        wire.setTimeout(FAREWELL_MS, () => wire.destroy());
        wire.destroySoon();
      } else if (socket.stalled && wire.writableNeedDrain) stalledSinceMs ??= performance.now();
      else if (socket.stalled) enqueue(refill);
    },
  };
}
