/**
 * The doors of the practice world: real nodes from outside follow its chain over RPC, and have its nodes as peers over
 * TCP. Ports and password stay the same, so that an outsider finds the world again after a restart. A door that does
 * not open is told of; it stops nothing.
 */
import { randomHex } from '../kit/ids.ts';
import type { Chain } from './chain.ts';
import { type RpcServer, serveChainRpc } from './chain_rpc_server.ts';
import { readKept, writeKept } from './doors_kept.ts';
import { type OpenAt, openSomewhere, type Place } from './doors_place.ts';

export interface DoorOptions {
  readonly enabled: boolean;
  /** Null: a free port of loopback. */
  readonly rpc: Place | null;
  /** By the names of nodes; the others get a free port of loopback each. */
  readonly peers: Readonly<Record<string, Place>>;
}

export interface DoorWorld {
  readonly chain: Chain;
  /** Everybody who lets peers in. */
  readonly names: readonly string[];
  pubkey(name: string): string;
  /** @returns the port @throws when it cannot be listened on */
  listen(name: string, host: string, port: number): Promise<number>;
}

/** A file of the data folder. */
export interface Keeper {
  read(): string | null;
  write(text: string): void;
}

export interface RpcDoor {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}
export interface PeerDoor {
  readonly node: string;
  readonly pubkey: string;
  /** `pubkey@host:port`; null: closed. */
  readonly address: string | null;
}

export interface Doors {
  /** Null: closed. */
  readonly rpc: RpcDoor | null;
  readonly peers: readonly PeerDoor[];
  /** What is not where it was, or closed against its will: for people. */
  readonly troubles: readonly string[];
  close(): Promise<void>;
}

export const CLOSED: Doors = { rpc: null, peers: [], troubles: [], close: async () => {} };

const USER = 'argosy';
const PASSWORD_BYTES = 24;

/** Never rejects. */
export async function openDoors(world: DoorWorld, options: DoorOptions, keeper: Keeper): Promise<Doors> {
  if (!options.enabled) return CLOSED;
  const kept = readKept(keeper.read());
  const password = kept?.password ?? randomHex(PASSWORD_BYTES);
  const troubles = strangers(world, options);
  const open = async (door: string, wanted: Place | null, keptPort: number | null, at: OpenAt) => {
    const { place, trouble } = await openSomewhere(wanted, keptPort, at);
    if (trouble !== null) troubles.push(`${door}: ${trouble}`);
    return place;
  };

  const servers: RpcServer[] = [];
  const serve: OpenAt = async (place) => {
    const server = await serveChainRpc({ chain: world.chain, ...place, user: USER, password });
    servers.push(server);
    return server.port;
  };
  const [rpc, ...places] = await Promise.all([
    open('rpc', options.rpc, kept?.rpc ?? null, serve),
    ...world.names.map((name) =>
      open(name, options.peers[name] ?? null, kept?.peers[name] ?? null, ({ host, port }) =>
        world.listen(name, host, port),
      ),
    ),
  ]);
  const ports = world.names.map((name, at) => [name, places[at]?.port ?? kept?.peers[name]] as const);
  const peers = Object.fromEntries(
    ports.flatMap(([name, port]) => (port === undefined ? [] : [[name, port]])),
  );
  try {
    keeper.write(writeKept({ password, rpc: rpc?.port ?? kept?.rpc ?? null, peers }));
  } catch (error) {
    troubles.push(`the ports will be others at the next start: ${String(error)}`);
  }
  return {
    rpc: rpc === undefined || rpc === null ? null : { url: `http://${authority(rpc)}`, user: USER, password },
    peers: world.names.map((node, at) => describe(node, world.pubkey(node), places[at] ?? null)),
    troubles,
    async close() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

const strangers = ({ names }: DoorWorld, { peers }: DoorOptions): string[] =>
  Object.keys(peers)
    .filter((name) => !names.includes(name))
    .map((name) => `practice.doors.peers.${name}: there is no such node; there are ${names.join(', ')}`);

const authority = ({ host, port }: Place): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

const describe = (node: string, pubkey: string, place: Place | null): PeerDoor => ({
  node,
  pubkey,
  address: place === null ? null : `${pubkey}@${authority(place)}`,
});
