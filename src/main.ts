/** The composition root: the data folder, the database, the fleet (practice or own), the system, the listening server. */
import { type ServerType, serve } from '@hono/node-server';
import type { Guarded } from './access/http.ts';
import { ensureOwner, newSecret } from './access/service.ts';
import type { Config } from './config.ts';
import { connectingRoutes } from './fleet/connecting-routes.ts';
import type { Fleet, OwnNode } from './fleet/fleet.ts';
import { openJournal } from './fleet/journal.ts';
import type { Daemons } from './fleet/own-nodes.ts';
import { openOwnFleet } from './fleet/start-own.ts';
import { systemClock } from './kit/clock.ts';
import { type Db, openDb } from './kit/db.ts';
import { type Folder, openFolder } from './kit/folder.ts';
import type { Api } from './kit/http.ts';
import { openLog } from './kit/log.ts';
import { migrate } from './kit/migrate.ts';
import { startPostgres } from './kit/postgres.ts';
import { Problem, problemDocument } from './kit/problems.ts';
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

export interface Running {
  /** `http://127.0.0.1:7300` */
  readonly api: string;
  /** The owner's key. */
  readonly key: string;
  readonly system: System;
  /** Null: the fleet is the operator's own. */
  readonly practice: { readonly world: World; readonly doors: Doors } | null;
  /** Resolves with the error that a practice node died of, or with null after `stop`. */
  readonly ended: Promise<Error | null>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Balances and fees of a new practice world follow from it. Default: always the same. */
  readonly seed?: string;
}

const KEY_FILE = 'owner.key';

/**
 * Starts everything, or nothing: on a failure what had been started is stopped again.
 * @throws Problem for what the operator can mend
 */
export async function startArgosy(
  config: Config,
  onStep: (step: StartStep) => void,
  options: StartOptions = {},
): Promise<Running> {
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
    const folder = lockFolder(config.data);
    undo.push(() => folder.close());
    if (config.nodes === null) refuseOwnFolder(folder);
    const server = await listen(config.listen);
    undo.push(() => server.close());
    const database = step(
      'database',
      () => openDatabase(config, folder, undo),
      (it) => it.what,
    );
    const starting: Starting = { config, folder, database, onStep, step, undo };
    const { db, nodes, routes, practice } =
      config.nodes === null ? await startPractice(starting, options) : await startOwn(starting);
    const key = await ownerKey(db, folder);
    const system = await step(
      'fleet',
      () => {
        const { network, retention } = config;
        return openSystem({ db, clock: systemClock, log, network, nodes, rooms: routes, retention });
      },
      (it) => it.fleet.nodes.map((own) => own.id).join(', ') || 'no nodes yet',
    );
    undo.push(() => system.stop());
    server.answer((request) => system.api.fetch(request));
    folder.announce(server.url);
    undo.push(() => server.close());
    const ended = practice?.world.ended ?? Promise.withResolvers<null>().promise;
    return { api: server.url, key, system, practice, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Starting {
  readonly config: Config;
  readonly folder: Folder;
  readonly database: Promise<{ readonly db: Db }>;
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
}

async function startPractice(starting: Starting, options: StartOptions): Promise<Started> {
  const { config, folder, database, onStep, step, undo } = starting;
  const opened = openPracticeWorld({ ...options, folder, onStep }).then((world) => {
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
  };
}

async function startOwn({ config, folder, database, undo }: Starting): Promise<Started> {
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
  const { nodes, routes } = await openOwnFleet(config, folder, db, daemons);
  return { db, nodes, routes, practice: null };
}

/** Both, or the first error after both have come to an end: nothing is left starting in the background. */
async function allOrFirstError<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}

function lockFolder(path: string): Folder {
  const opened = openFolder(path);
  if (opened.kind === 'refused') throw new Problem(opened.code, opened.detail, { field: 'data' });
  return opened.folder;
}

interface Undo {
  push(step: () => Promise<unknown> | unknown): unknown;
}

async function openDatabase(config: Config, folder: Folder, undo: Undo): Promise<{ db: Db; what: string }> {
  const what = config.databaseUrl === null ? 'embedded PostgreSQL' : 'PostgreSQL by URL';
  const db =
    config.databaseUrl === null
      ? await embeddedDatabase(folder, undo)
      : openDb({ url: config.databaseUrl }, { max: 20 });
  undo.push(() => db.close());
  const migrated = await migrate(db);
  if (migrated.kind === 'refused') throw new Problem(migrated.code, migrated.detail);
  return { db, what };
}

async function embeddedDatabase(folder: Folder, undo: Undo): Promise<Db> {
  const postgres = await startPostgres({ folder: folder.path });
  if (postgres.kind === 'refused') throw new Problem(postgres.code, postgres.detail);
  undo.push(() => postgres.stop());
  // Each session is a process of PostgreSQL's.
  return openDb(postgres.target, { max: 12 });
}

/** The key is on disk before the database knows it, so that no crash leaves a lock without a key. */
async function ownerKey(db: Db, folder: Folder): Promise<string> {
  const known = folder.readFile(KEY_FILE)?.trim();
  const secret = known ?? newSecret();
  if (known === undefined) folder.writeFile(KEY_FILE, `${secret}\n`);
  await db.tx((tx) => ensureOwner(tx, systemClock, secret));
  return secret;
}

interface Listening {
  readonly url: string;
  /** From now on requests are answered by `fetch`; until then with 503. */
  answer(fetch: (request: Request) => Response | Promise<Response>): void;
  close(): Promise<void>;
}

/** Listens at once, so that a taken address is known before anything else is started. */
function listen(address: Config['listen']): Promise<Listening> {
  let fetch = (_: Request): Response | Promise<Response> =>
    Response.json(problemDocument(new Problem('starting', 'Ask again in a few seconds.')), {
      status: 503,
      headers: { 'content-type': 'application/problem+json' },
    });
  return new Promise((resolve, reject) => {
    const server: ServerType = serve(
      { fetch: (request: Request) => fetch(request), hostname: address.host, port: address.port },
      (bound) => {
        const host = address.host.includes(':') ? `[${address.host}]` : address.host;
        resolve({
          url: `http://${host}:${bound.port}`,
          answer: (next) => {
            fetch = next;
          },
          close: () => closeServer(server),
        });
      },
    );
    server.on('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        new Problem(
          taken ? 'listen_address_in_use' : 'config_invalid',
          taken
            ? `listen: ${address.host}:${address.port} is taken; stop what listens there, or use --listen ${address.host}:0.`
            : `listen: ${address.host}:${address.port} cannot be listened on (${error.code}).`,
          { field: 'listen' },
        ),
      );
    });
  });
}

function closeServer(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}
