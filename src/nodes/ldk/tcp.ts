/** Peers over TCP: doors through which they come in, and those that a node has called on itself. */
import { type AddressInfo, connect, createServer, type Server, type Socket as Wire } from 'node:net';
import { fromHex, isNull } from './bindings.ts';
import type { LinkEnd } from './socket.ts';
import { openConnection, type TcpConnection } from './tcp_connection.ts';
import type { TcpAddress } from './wire.ts';

export interface Tcp {
  /**
   * Lets peers in; they begin.
   * @returns the port once there is one
   * @throws what is returned throws when the address cannot be listened on
   */
  listen(end: LinkEnd, at: TcpAddress): () => number | undefined;
  /**
   * Calls on a peer, and again when the connection is lost.
   * @returns why this try has come to nothing; null as long as it has not
   */
  dial(end: LinkEnd, peer: string, to: TcpAddress): () => string | null;
  /** Where peers may come in to a node. */
  doors(pubkey: string): readonly TcpAddress[];
  redial(): void;
  hangUpOn(pubkey: string): void;
  release(): void;
}

/** Someone whom a node has called on. */
interface Acquaintance {
  readonly end: LinkEnd;
  readonly peer: string;
  readonly to: TcpAddress;
  calling: boolean;
  /** Has been connected: only then it is called on again. */
  met: boolean;
  /** In a row that came to nothing. */
  failures: number;
  dueMs: number;
}

const INBOUND_MAX = 64;
const ACQUAINTANCES_MAX = 256;
const DIAL_MS = 5_000;
const REDIAL_FIRST_MS = 1_000;
const REDIAL_LAST_MS = 60_000;
/** Afterwards a peer is forgotten; it may still come itself. */
const FAILURES_MAX = 20;

const isConnected = ({ end, peer }: Acquaintance): boolean =>
  !isNull(end.peers.peer_by_node_id(fromHex(peer)));

/**
 * @param enqueue runs a change of memory in the next step
 * @param isCut whether all connections of a node are to be down
 */
export function createTcp(enqueue: (input: () => void) => void, isCut: (pubkey: string) => boolean): Tcp {
  const servers = new Map<string, { readonly server: Server; readonly host: string }>();
  const connections = new Set<TcpConnection>();
  const acquaintances = new Map<string, Acquaintance>();

  function open(end: LinkEnd, wire: Wire, peer: string | null, ended: () => void): void {
    const connection = openConnection({
      end,
      wire,
      peer,
      enqueue,
      ended() {
        connections.delete(connection);
        ended();
      },
    });
    connections.add(connection);
  }

  function admit(end: LinkEnd, wire: Wire): void {
    if (isCut(end.pubkey)) wire.destroy();
    else if (!wire.destroyed) open(end, wire, null, () => {});
  }

  function call(known: Acquaintance): () => string | null {
    const { end, peer, to } = known;
    let failure: string | null = null;
    const over = (why: string): void => {
      failure ??= why;
      known.calling = false;
      known.failures++;
      known.dueMs = performance.now() + Math.min(REDIAL_LAST_MS, REDIAL_FIRST_MS * 2 ** known.failures);
    };
    known.calling = true;
    const wire = connect({ ...to, noDelay: true });
    const refused = (error: Error): void => enqueue(() => over(error.message));
    wire.on('error', refused);
    wire.setTimeout(DIAL_MS, () => wire.destroy(new Error(`no answer in ${DIAL_MS} ms`)));
    wire.on('connect', () => {
      wire.off('error', refused);
      wire.on('error', () => {});
      wire.setTimeout(0);
      enqueue(() => {
        if (!wire.destroyed && !isCut(end.pubkey)) return open(end, wire, peer, () => over('it has hung up'));
        wire.destroy();
        over('it has hung up');
      });
    });
    return () => failure;
  }

  function callAgain(key: string, known: Acquaintance, nowMs: number): void {
    if (isConnected(known)) {
      known.met = true;
      known.failures = 0;
    } else if (!known.calling && (!known.met || known.failures > FAILURES_MAX)) acquaintances.delete(key);
    else if (!known.calling && nowMs >= known.dueMs && !isCut(known.end.pubkey)) call(known);
  }

  return {
    listen: (end, at) => {
      if (servers.has(end.pubkey)) throw new Error('it listens already');
      const server = createServer({ noDelay: true }, (wire) => {
        wire.on('error', () => {});
        enqueue(() => admit(end, wire));
      });
      servers.set(end.pubkey, { server, host: at.host });
      return listenOn(server, at, enqueue, () => servers.delete(end.pubkey));
    },
    dial(end, peer, to) {
      if (isCut(end.pubkey)) return () => 'all connections of this node are down';
      const key = `${end.pubkey} ${peer}`;
      if (acquaintances.size >= ACQUAINTANCES_MAX && !acquaintances.has(key))
        return () => `it knows ${ACQUAINTANCES_MAX} addresses already`;
      const known = { end, peer, to, calling: false, met: false, failures: 0, dueMs: 0 };
      acquaintances.set(key, known);
      return call(known);
    },
    doors(pubkey) {
      const door = servers.get(pubkey);
      return door?.server.listening
        ? [{ host: door.host, port: (door.server.address() as AddressInfo).port }]
        : [];
    },
    redial() {
      const nowMs = performance.now();
      for (const [key, known] of acquaintances) callAgain(key, known, nowMs);
      for (const connection of connections) connection.watch(nowMs);
    },
    hangUpOn(pubkey) {
      for (const connection of connections) if (connection.end.pubkey === pubkey) connection.hangUp();
    },
    release() {
      for (const connection of connections) connection.release();
    },
  };
}

function listenOn(
  server: Server,
  { host, port }: TcpAddress,
  enqueue: (input: () => void) => void,
  failed: () => void,
): () => number | undefined {
  let failure: Error | null = null;
  server.maxConnections = INBOUND_MAX;
  server.on('error', (error) =>
    enqueue(() => {
      // Once it listens, an error is one of a single connection.
      if (server.listening) return;
      failure = error;
      failed();
    }),
  );
  server.listen({ host, port, exclusive: true }, () => enqueue(() => {}));
  return () => {
    if (failure !== null) throw new Error(`${host}:${port} cannot be listened on: ${failure.message}`);
    return server.listening ? (server.address() as AddressInfo).port : undefined;
  };
}
