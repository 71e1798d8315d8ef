/** The practice fleet as `argosy up` starts it: its world out of the data folder, its doors, its routes. */
import { join } from 'node:path';
import type { Guarded } from '../access/http.ts';
import type { Config } from '../config.ts';
import { systemClock } from '../kit/clock.ts';
import type { Db } from '../kit/db.ts';
import { type Folder, OWN_FLEET_MARK } from '../kit/folder.ts';
import type { Api } from '../kit/http.ts';
import { Problem } from '../kit/problems.ts';
import { channelRoutes } from './channel-routes.ts';
import { coinRoutes } from './coin-routes.ts';
import { doorRoutes } from './door-routes.ts';
import { type Doors, openDoors } from './doors.ts';
import { practiceRoutes } from './routes.ts';
import { startWorld, type World } from './world.ts';

export interface PracticeStep {
  readonly step: string;
  readonly state: 'began' | 'done';
  readonly detail: string;
}

export interface PracticeStart {
  readonly folder: Folder;
  /** Balances and fees of a new world follow from it. Default: always the same. */
  readonly seed?: string;
  readonly onStep: (step: PracticeStep) => void;
}

const DOORS_FILE = 'doors.json';

/** @throws Problem folder_of_own_fleet */
export function refuseOwnFolder(folder: Folder): void {
  if (folder.readFile(OWN_FLEET_MARK) === null) return;
  throw new Problem(
    'folder_of_own_fleet',
    `data: ${folder.path} is the data folder of an own fleet; give the practice fleet another (--data DIR), or start with the argosy.yaml that names the nodes (nodes:).`,
    { field: 'data' },
  );
}

export const openPracticeWorld = ({ folder, onStep, ...options }: PracticeStart): Promise<World> =>
  startWorld({
    ...options,
    folder: join(folder.path, 'world'),
    onProgress: ({ phase, state, detail }) =>
      onStep({ step: phase, state: state === 'done' ? 'done' : 'began', detail }),
  });

/**
 * The books must be those of this world: every world has keys of its own, and no own fleet shares a database with it.
 * @throws Problem database_not_empty
 */
export async function refuseOtherBooks(db: Db, config: Config, { nodes }: World): Promise<void> {
  const known = await db.read.query<{ pubkey: string; driver: string }>('select pubkey, driver from node');
  const [{ sealed } = { sealed: 0 }] = await db.read.query<{ sealed: number }>(
    'select count(*)::integer as sealed from node_credentials',
  );
  const here = await Promise.all(nodes.map(({ node }) => node.info()));
  const strangers = known.filter(({ pubkey }) => here.every((info) => info.pubkey !== pubkey));
  if (strangers.length === 0 && sealed === 0) return;
  throw new Problem('database_not_empty', whoseBooks(config, sealed > 0 || strangers.some(isReal)), {
    field: config.databaseUrl === null ? 'data' : 'database.url',
  });
}

const isReal = ({ driver }: { readonly driver: string }): boolean => driver !== 'ldk';

function whoseBooks({ databaseUrl, data }: Config, own: boolean): string {
  if (own) {
    return databaseUrl === null
      ? `data: ${data} holds the books of an own fleet; the practice fleet wants a data folder of its own (--data DIR), or argosy.yaml names the nodes (nodes:).`
      : 'database.url: it holds the books of an own fleet; give the practice fleet another database, or name the nodes in argosy.yaml (nodes:).';
  }
  return databaseUrl === null
    ? 'data: the books here are those of another practice world; forget both with `argosy practice reset`.'
    : 'database.url: it holds the books of another practice world; give an empty database, or the data folder of that world.';
}

export const openPracticeDoors = (config: Config, folder: Folder, world: World): Promise<Doors> =>
  openDoors(world, config.doors, {
    read: () => folder.readFile(DOORS_FILE),
    write: (text) => folder.writeFile(DOORS_FILE, text),
  });

/** @example 'http://127.0.0.1:21218, 11 nodes' */
export function tellDoors({ rpc, peers, troubles }: Doors): string {
  const open = peers.filter((peer) => peer.address !== null).length;
  const state = rpc === null && open === 0 ? 'closed' : `${rpc === null ? 'no RPC' : rpc.url}, ${open} nodes`;
  return [state, ...troubles].join('; ');
}

export function allPracticeRoutes(api: Api, guarded: Guarded, world: World, doors: Doors): void {
  practiceRoutes(api, guarded, systemClock, world);
  coinRoutes(api, guarded, world);
  channelRoutes(api, guarded, world);
  doorRoutes(api, guarded, doors);
}
