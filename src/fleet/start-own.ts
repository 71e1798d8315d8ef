/** An own fleet as `argosy up` starts it: the key of the vault, the nodes that are known, what connects more. */
import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Guarded } from '../access/http.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../kit/clock.ts';
import type { Db } from '../kit/db.ts';
import { type Folder, OWN_FLEET_MARK } from '../kit/folder.ts';
import type { Api } from '../kit/http.ts';
import type { Log } from '../kit/log.ts';
import { Problem } from '../kit/problems.ts';
import { readVaultKey } from '../kit/vault-key.ts';
import { type Connecting, openConnecting } from './connecting.ts';
import { connectingRoutes, practiceIsElsewhere } from './connecting-routes.ts';
import type { Fleet, OwnNode } from './fleet.ts';
import { type Daemons, type OwnFleet, readOwnNodes } from './own-nodes.ts';
import { hasPracticeNodes } from './store.ts';
import { openVault } from './vault.ts';

export interface OpenedOwnFleet {
  readonly nodes: readonly OwnNode[];
  /** As which this process has their sessions. */
  readonly holder: string;
  routes(api: Api, guarded: Guarded, fleet: Fleet): void;
  /** Once a second, who joined and left at other processes. Gives what ends it. */
  follow(fleet: Fleet, clock: Clock, log: Log): () => Promise<void>;
}

const FOLLOW_MS = 1_000;

/**
 * @param folder null: a worker, which has none
 * @throws Problem database_not_empty, vault_key_unusable, vault_other_key, config_invalid
 */
export async function openOwnFleet(
  config: Config,
  folder: Folder | null,
  db: Db,
  daemons: Daemons,
): Promise<OpenedOwnFleet> {
  await refusePracticeBooks(db, config);
  const holder = folder === null ? randomUUID() : markOwn(folder);
  const vault = openVault(readVaultKey(config.vaultKey, folder));
  const opened = new Map();
  const own: OwnFleet = { db, configured: config.nodes ?? [], vault, daemons, holder, opened };
  let connecting: Connecting | null = null;
  const connectingOf = (fleet: Fleet): Connecting => {
    connecting ??= openConnecting({ ...own, fleet });
    return connecting;
  };
  return {
    nodes: await readOwnNodes(own),
    holder,
    routes(api, guarded, fleet) {
      practiceIsElsewhere(api);
      connectingRoutes(api, guarded, fleet, { connecting: connectingOf(fleet), daemons });
    },
    follow: (fleet, clock, log) => followOthers(connectingOf(fleet), clock, log),
  };
}

function followOthers(connecting: Connecting, clock: Clock, log: Log): () => Promise<void> {
  const stopping = new AbortController();
  const following = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(FOLLOW_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      await connecting
        .follow()
        .catch((error: unknown) => log.warn({ error }, 'nodes that join elsewhere are not seen'));
    }
  })();
  return async () => {
    stopping.abort();
    await following;
  };
}

/**
 * Marks the folder as an own fleet's, and names whoever holds the sessions of its nodes: the one process that may use
 * this folder. One that starts after a crash takes the nodes over at once; a copy of the folder is somebody else.
 */
function markOwn(folder: Folder): string {
  const known = folder.readFile(OWN_FLEET_MARK)?.split('\n')[1];
  const id = known || randomUUID();
  folder.writeFile(OWN_FLEET_MARK, `The books of real nodes, or the key of their vault.\n${id}\n`);
  return createHash('sha256').update(`${id} ${hostname()} ${folder.path}`).digest('hex');
}

/** @throws Problem database_not_empty */
async function refusePracticeBooks(db: Db, { databaseUrl, data }: Config): Promise<void> {
  if (!(await hasPracticeNodes(db.read))) return;
  const detail =
    databaseUrl === null
      ? `data: ${data} holds a practice world and its books; an own fleet wants a data folder of its own: choose another (--data DIR, or data: in argosy.yaml).`
      : 'database.url: it holds the books of a practice world; give an empty database.';
  throw new Problem('database_not_empty', detail, { field: databaseUrl === null ? 'data' : 'database.url' });
}
