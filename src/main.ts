/** The composition root: the data folder, the database, the fleet (practice or own), the system, the listening server. */
import type { Guarded } from './access/http.ts';
import { ensureFirstOwner, newSecret, openOwner } from './access/service.ts';
import type { Address, Config } from './config.ts';
import { connectingRoutes } from './fleet/connecting-routes.ts';
import type { Fleet, OwnNode } from './fleet/fleet.ts';
import { openJournal } from './fleet/journal.ts';
import type { Daemons } from './fleet/own-nodes.ts';
import type { ProcessRow } from './fleet/process-store.ts';
import { openOwnFleet } from './fleet/start-own.ts';
import { systemClock } from './kit/clock.ts';
import { type Db, isAway, openDb } from './kit/db.ts';
import { type Folder, openFolder } from './kit/folder.ts';
import type { Api } from './kit/http.ts';
import { listen } from './kit/listening.ts';
import { type Log, openLog } from './kit/log.ts';
import { migrate, refuseNewer } from './kit/migrate.ts';
import { startPostgres } from './kit/postgres.ts';
import { Problem } from './kit/problems.ts';
import type { NodeId } from './lightning/ids.ts';
import type { NodeCredentials } from './nodes/credentials.ts';
import { lndDoor, openNode } from './nodes/open.ts';
import type { Doors } from './practice/doors.ts';
import {
  allPracticeRoutes,
  openPracticeDoors,
  openPracticeWorld,
  refuseOtherBooks,
  refuseOwnFolder,
  tellDoors,
} from './practice/start.ts';
import type { World } from './practice/world.ts';
import { openSystem, type System } from './system.ts';

/** One line of the checklist of `up`. `began` comes before `done`, with the same `step`. */
export interface StartStep {
  readonly step: string;
  readonly state: 'began' | 'done';
  readonly detail: string;
}

/** `up`: everything in one process. `serve`: the API, and no node. `work`: nodes and effects, and no API. */
export type Role = ProcessRow['role'];

export interface StartOptions {
  /** Balances and fees of a new practice world follow from it. Default: always the same. */
  readonly seed?: string;
}

export interface PartOptions extends StartOptions {
  /** Of a worker: it has the nodes of this region before others do. */
  readonly region?: string;
  /** Where a worker tells its health. Default: nowhere. */
  readonly health?: Address;
}

/** One of the processes that make up an Argosy. */
export interface RunningPart {
  /** `http://127.0.0.1:7300`; null: a worker that listens nowhere. */
  readonly api: string | null;
  /** The owner's key; null: it was made elsewhere, and only its hash is known here. */
  readonly key: string | null;
  readonly system: System;
  /** Null: the fleet is the operator's own. */
  readonly practice: { readonly world: World; readonly doors: Doors } | null;
  /** Resolves with the error that this process died of, or with null after `stop`. */
  readonly ended: Promise<Error | null>;
  stop(): Promise<void>;
}

/** All of it in one process. */
export type Running = RunningPart & { readonly api: string; readonly key: string };

const KEY_FILE = 'owner.key';
/** A failover of the database takes some seconds. */
const AWAY_MS = 10_000;

/** All in one: see `startPart`. */
export async function startArgosy(
  config: Config,
  onStep: (step: StartStep) => void,
  options: StartOptions = {},
): Promise<Running> {
  const { api, key, ...running } = await startPart('up', config, onStep, options);
  if (api === null || key === null) throw new Error('it listens, and has made its key');
  return { ...running, api, key };
}

/**
 * Starts everything, or nothing: on a failure what had been started is stopped again.
 * @throws Problem for what the operator can mend
 */
export async function startPart(
  role: Role,
  config: Config,
  onStep: (step: StartStep) => void,
  options: PartOptions = {},
): Promise<RunningPart> {
  const log = openLog(config.logLevel);
  const undo: (() => Promise<unknown> | unknown)[] = [];
  const stop = async () => {
    for (const each of undo.splice(0).reverse()) {
      await (async () => each())().catch((error: unknown) =>
        log.error({ error }, 'a step of stopping failed'),
      );
    }
  };
  const step = async <T>(name: string, work: () => Promise<T>, tell: (result: T) => string): Promise<T> => {
    onStep({ step: name, state: 'began', detail: '' });
    const result = await work();
    onStep({ step: name, state: 'done', detail: tell(result) });
    return result;
  };
  try {
    if (role !== 'up') demandShared(config, role);
    const folder = role === 'work' ? null : lockFolder(config.data);
    undo.push(() => folder?.close());
    if (config.nodes === null && folder !== null) refuseOwnFolder(folder);
    const address = role === 'work' ? options.health : config.listen;
    const server = address === undefined ? null : await listen(address);
    undo.push(() => server?.close());
    const database = step(
      'database',
      () => openDatabase(config, folder, undo),
      (it) => it.what,
    );
    const starting: Starting = { config, folder, database, log, onStep, step, undo, role, options };
    const { db, nodes, routes, practice, self, follow } =
      config.nodes === null ? await startPractice(starting) : await startOwn(starting);
    const key = folder === null ? null : await ownerKey(db, folder, role);
    const { network, retention } = config;
    const rooms = { db, clock: systemClock, log, network, nodes, rooms: routes, retention };
    const system = await step(
      'fleet',
      () => openSystem({ ...rooms, ...(self && { self }) }),
      (it) => it.fleet.nodes.map((own) => own.id).join(', ') || 'no nodes yet',
    );
    undo.push(() => system.stop());
    undo.push(follow(system.fleet));
    server?.answer(role === 'work' ? onlyHealth(system) : (request) => system.api.fetch(request));
    if (server !== null) folder?.announce(server.url);
    undo.push(() => server?.drain());
    const outdated = watchNewer(db);
    undo.push(outdated.stop);
    const ended = Promise.race([practice?.world.ended ?? new Promise<never>(() => {}), outdated.found]);
    return { api: server?.url ?? null, key, system, practice, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A worker tells how it is, and nothing else. */
const onlyHealth =
  ({ api }: System) =>
  (request: Request): Response | Promise<Response> =>
    new URL(request.url).pathname === '/v1/health'
      ? api.fetch(request)
      : new Response('A worker answers at /v1/health alone; see `argosy serve`.\n', { status: 404 });

interface Starting {
  readonly config: Config;
  /** Null: a worker has none. */
  readonly folder: Folder | null;
  readonly database: Promise<{ readonly db: Db }>;
  readonly log: Log;
  readonly role: Role;
  readonly options: PartOptions;
  readonly onStep: (step: StartStep) => void;
  readonly step: <T>(name: string, work: () => Promise<T>, tell: (result: T) => string) => Promise<T>;
  readonly undo: Undo;
}

/** What the two kinds of fleet have in common. */
interface Started {
  readonly db: Db;
  readonly nodes: readonly OwnNode[];
  readonly routes: (api: Api, guarded: Guarded, fleet: Fleet) => void;
  readonly practice: Running['practice'];
  /** What this process is among others; absent: it is alone. */
  readonly self?: ProcessRow;
  /** Has the fleet follow who joins and leaves at other processes. Gives what ends that. */
  readonly follow: (fleet: Fleet) => () => Promise<void>;
}

async function startPractice(starting: Starting): Promise<Started> {
  const { config, folder, database, onStep, step, undo, options } = starting;
  if (folder === null) throw new Error('a practice world lies in a data folder');
  const { seed } = options;
  const opened = openPracticeWorld({ ...(seed !== undefined && { seed }), folder, onStep }).then((world) => {
    undo.push(() => world.stop());
    return world;
  });
  const [{ db }, world] = await allOrFirstError(database, opened);
  await refuseOtherBooks(db, config, world);
  const doors = await step('doors', () => openPracticeDoors(config, folder, world), tellDoors);
  undo.push(() => doors.close());
  return {
    db,
    nodes: world.nodes,
    routes(api, guarded, fleet) {
      allPracticeRoutes(api, guarded, world, doors);
      connectingRoutes(api, guarded, fleet, null);
    },
    practice: { world, doors },
    follow: () => async () => undefined,
  };
}

async function startOwn({ config, folder, database, log, undo, role, options }: Starting): Promise<Started> {
  const { db } = await database;
  const opened = new Set<{ stop(): Promise<void> }>();
  undo.push(() => Promise.all([...opened].map((node) => node.stop())));
  const daemons: Daemons = {
    ...lndDoor,
    check: (credentials) => lndDoor.check(credentials, config.network, systemClock.now()),
    open(id: NodeId, credentials: NodeCredentials) {
      const node = openNode({ kind: 'lnd', credentials, journal: openJournal(db, id) });
      opened.add(node);
      return node;
    },
  };
  const { region = null } = options;
  const { nodes, routes, holder, follow } = await openOwnFleet(config, folder, db, daemons);
  return {
    db,
    nodes,
    routes,
    practice: null,
    self: { id: holder, role, region },
    follow: (fleet) => follow(fleet, systemClock, log),
  };
}

/** Both, or the first error after both have come to an end: nothing is left starting in the background. */
async function allOrFirstError<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}

/** What processes that share a fleet must be given from outside. @throws Problem not_shared */
function demandShared({ databaseUrl, vaultKey, nodes }: Config, role: Role): void {
  const lacking = (field: string, what: string): Problem =>
    new Problem('not_shared', `${field}: \`argosy ${role}\` ${what}`, { field });
  if (databaseUrl === null)
    throw lacking(
      'database.url',
      'works with others over one PostgreSQL: give its URL (ARGOSY_DATABASE_URL).',
    );
  if (nodes === null)
    throw lacking(
      'nodes',
      'is for own nodes: name them, or write `nodes: []`; the practice fleet is `argosy up`.',
    );
  if (vaultKey === null)
    throw lacking(
      'vault.key_file',
      'needs the key that all of them have: vault.key_file, or ARGOSY_VAULT_KEY.',
    );
}

function lockFolder(path: string): Folder {
  const opened = openFolder(path);
  if (opened.kind === 'refused') throw new Problem(opened.code, opened.detail, { field: 'data' });
  return opened.folder;
}

interface Undo {
  push(step: () => Promise<unknown> | unknown): unknown;
}

async function openDatabase(
  config: Config,
  folder: Folder | null,
  undo: Undo,
): Promise<{ db: Db; what: string }> {
  const what = config.databaseUrl === null ? 'embedded PostgreSQL' : 'PostgreSQL by URL';
  const db =
    config.databaseUrl === null
      ? await embeddedDatabase(folder, undo)
      : openDb({ url: config.databaseUrl }, { max: 20, awayMs: AWAY_MS });
  undo.push(() => db.close());
  const migrated = await migrate(db).catch((error: unknown) => {
    if (!isAway(error) || config.databaseUrl === null) throw error;
    // Of what the driver says the URL is no part, nor is its password.
    const why = error instanceof Error ? error.message : String(error);
    throw new Problem('database_unreachable', `database.url: there is no answer from it (${why}).`, {
      field: 'database.url',
    });
  });
  if (migrated.kind === 'refused') throw new Problem(migrated.code, migrated.detail);
  return { db, what };
}

const NEWER_MS = 5_000;

/** Finds out that a newer Argosy has migrated the database to what this one cannot work with: it ends then. */
function watchNewer(db: Db): { readonly found: Promise<Problem>; stop(): Promise<void> } {
  const stopping = new AbortController();
  const found = Promise.withResolvers<Problem>();
  const watching = (async () => {
    for (;;) {
      await systemClock.sleep(NEWER_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      const refused = await refuseNewer(db).catch(() => null);
      if (refused !== null) found.resolve(new Problem(refused.code, refused.detail));
    }
  })();
  return {
    found: found.promise,
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

async function embeddedDatabase(folder: Folder | null, undo: Undo): Promise<Db> {
  if (folder === null) throw new Error('the embedded PostgreSQL lies in a data folder');
  const postgres = await startPostgres({ folder: folder.path });
  if (postgres.kind === 'refused') throw new Problem(postgres.code, postgres.detail);
  undo.push(() => postgres.stop());
  // Each session is a process of PostgreSQL's.
  return openDb(postgres.target, { max: 12, awayMs: AWAY_MS });
}

/**
 * The key is on disk before the database knows it, so that no crash leaves a lock without a key. One of several that
 * serve makes none where there is an owner already.
 */
async function ownerKey(db: Db, folder: Folder, role: Role): Promise<string | null> {
  const known = folder.readFile(KEY_FILE)?.trim();
  const secret = known ?? newSecret();
  if (known === undefined) folder.writeFile(KEY_FILE, `${secret}\n`);
  if (role === 'up' || known !== undefined) {
    await openOwner(db, systemClock, secret);
    return secret;
  }
  const isFirst = await db.tx((tx) => ensureFirstOwner(tx, systemClock, secret), {
    isolation: 'serializable',
  });
  if (isFirst) return secret;
  folder.removeFile(KEY_FILE);
  return null;
}
