/**
 * One end of a connection as LDK's PeerManager sees it. LDK encrypts (BOLT 8); this only holds bytes, and never calls
 * a PeerManager from inside its own callback: what it sends waits until somebody takes it.
 */
import { check, fromHex, ldk, unwrap } from './bindings.ts';

export interface LinkEnd {
  readonly pubkey: string;
  readonly peers: ldk.PeerManager;
  /**
   * A channel is about to be announced: then messages are worked off one by one. The peer's signatures and its
   * policy may come together, and LDK forgets a policy whose channel it has not announced itself yet.
   */
  readonly announcing: () => boolean;
}

/** How much a connection bears. */
export interface Flow {
  /** Bytes that may be added to those that wait. */
  room(waitingBytes: number): number;
  /** LDK wants to be given bytes again. */
  resume(): void;
}

export interface Socket {
  readonly end: LinkEnd;
  readonly descriptor: ldk.SocketDescriptor;
  /** Bytes that LDK has sent and nobody has taken yet. */
  sent: Uint8Array<ArrayBuffer>[];
  open: boolean;
  /** LDK wants the connection closed; the other end has not been told yet. */
  closing: boolean;
  /** LDK has more to send than there was room for: it waits to be told of room. */
  stalled: boolean;
}

const BOUNDLESS: Flow = { room: () => Number.POSITIVE_INFINITY, resume() {} };
let nextSocket = 1n;

function createSocket(end: LinkEnd, flow: Flow): Socket {
  const id = nextSocket++;
  let waitingBytes = 0;
  const descriptor = ldk.SocketDescriptor.new_impl({
    send_data(data, resume) {
      if (resume) flow.resume();
      if (!socket.open) return data.length;
      if (socket.sent.length === 0) waitingBytes = 0;
      const taken = Math.min(data.length, Math.max(0, flow.room(waitingBytes)));
      waitingBytes += taken;
      if (taken > 0) socket.sent.push(new Uint8Array(data.subarray(0, taken)));
      if (data.length > 0) socket.stalled = taken < data.length;
      return taken;
    },
    disconnect_socket() {
      socket.closing = socket.open;
      socket.open = false;
    },
    eq: (other) => other.hash() === id,
    hash: () => id,
  });
  const socket: Socket = { end, descriptor, sent: [], open: true, closing: false, stalled: false };
  return socket;
}

const noAddress = () => ldk.Option_SocketAddressZ.constructor_none();

/** The other side begins. */
export function accept(end: LinkEnd, flow = BOUNDLESS): Socket {
  const socket = createSocket(end, flow);
  check(end.peers.new_inbound_connection(socket.descriptor, noAddress()), 'new_inbound_connection');
  return socket;
}

export function dial(end: LinkEnd, peer: string, flow = BOUNDLESS): Socket {
  const socket = createSocket(end, flow);
  const result = end.peers.new_outbound_connection(fromHex(peer), socket.descriptor, noAddress());
  const what = `connecting ${end.pubkey} to ${peer}`;
  socket.sent.push(new Uint8Array(unwrap(result, ldk.Result_CVec_u8ZPeerHandleErrorZ_OK, what)));
  return socket;
}

export function take(socket: Socket): Uint8Array<ArrayBuffer>[] {
  const { sent } = socket;
  socket.sent = [];
  return sent;
}

/** The other end is gone. */
export function drop(socket: Socket): void {
  if (!socket.open) return;
  socket.open = false;
  socket.end.peers.socket_disconnected(socket.descriptor);
}

/** From here; the other end is told when the step ends. */
export function hangUp(socket: Socket): void {
  drop(socket);
  socket.sent = [];
  socket.closing = true;
}

/**
 * LDK refuses bytes that break the protocol: then the connection is over.
 * @returns whether LDK wants no more for now
 */
export function read(socket: Socket, bytes: Uint8Array): boolean {
  const result = socket.end.peers.read_event(socket.descriptor, bytes);
  socket.open = Boolean(result.is_ok());
  socket.closing = !socket.open;
  return socket.open && Boolean(unwrap(result, ldk.Result_boolPeerHandleErrorZ_OK, 'read_event'));
}
