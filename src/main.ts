/** The composition root: the data folder, the database, the practice world, the system, the listening server. */
import { join } from 'node:path';
import { type ServerType, serve } from '@hono/node-server';
import { ensureOwner, newSecret } from './access/service.ts';
import type { Config } from './config.ts';
import { systemClock } from './kit/clock.ts';
import { type Db, openDb } from './kit/db.ts';
import { type Folder, openFolder } from './kit/folder.ts';
import { openLog } from './kit/log.ts';
import { migrate } from './kit/migrate.ts';
import { startPostgres } from './kit/postgres.ts';
import { Problem, problemDocument } from './kit/problems.ts';
import { channelRoutes } from './practice/channel-routes.ts';
import { coinRoutes } from './practice/coin-routes.ts';
import { doorRoutes } from './practice/door-routes.ts';
import { type Doors, openDoors } from './practice/doors.ts';
import { practiceRoutes } from './practice/routes.ts';
import { startWorld, type World } from './practice/world.ts';
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
  readonly world: World;
  readonly doors: Doors;
  /** Resolves with the error that a practice node died of, or with null after `stop`. */
  readonly ended: Promise<Error | null>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Balances and fees of a new practice world follow from it. Default: always the same. */
  readonly seed?: string;
}

const KEY_FILE = 'owner.key';
const DOORS_FILE = 'doors.json';

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
    const server = await listen(config.listen);
    undo.push(() => server.close());
    const database = step(
      'database',
      () => openDatabase(config, folder, undo),
      (it) => it.what,
    );
    const practice = openWorld(folder, onStep, undo, options);
    const [{ db }, world] = await allOrFirstError(database, practice);
    await refuseOtherBooks(db, config, world);
    const key = await ownerKey(db, folder);
    const doors = await step('doors', () => openWorldDoors(config, folder, world), tellDoors);
    undo.push(() => doors.close());
    const system = await step(
      'fleet',
      () =>
        openSystem({
          db,
          clock: systemClock,
          log,
          network: config.network,
          nodes: world.nodes,
          rooms(api, guarded) {
            practiceRoutes(api, guarded, systemClock, world);
            coinRoutes(api, guarded, world);
            channelRoutes(api, guarded, world);
            doorRoutes(api, guarded, doors);
          },
        }),
      (it) => it.fleet.nodes.map((own) => own.id).join(', '),
    );
    undo.push(() => system.stop());
    server.answer((request) => system.api.fetch(request));
    folder.announce(server.url);
    undo.push(() => server.close());
    return { api: server.url, key, system, world, doors, ended: world.ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
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

async function openWorld(
  folder: Folder,
  onStep: (step: StartStep) => void,
  undo: Undo,
  options: StartOptions,
): Promise<World> {
  const world = await startWorld({
    ...options,
    folder: join(folder.path, 'world'),
    onProgress: ({ phase, state, detail }) =>
      onStep({ step: phase, state: state === 'done' ? 'done' : 'began', detail }),
  });
  undo.push(() => world.stop());
  return world;
}

/**
 * The books must be those of this world: every world has keys of its own.
 * @throws Problem database_not_empty
 */
async function refuseOtherBooks(db: Db, config: Config, { nodes }: World): Promise<void> {
  const known = await db.read.query<{ pubkey: string }>('select pubkey from node');
  const here = await Promise.all(nodes.map(({ node }) => node.info()));
  const strangers = known.filter(({ pubkey }) => here.every((info) => info.pubkey !== pubkey));
  if (strangers.length === 0) return;
  throw new Problem(
    'database_not_empty',
    config.databaseUrl === null
      ? 'data: the books here are those of another practice world; forget both with `argosy practice reset`.'
      : 'database.url: it holds the books of another practice world; give an empty database, or the data folder of that world.',
    { field: config.databaseUrl === null ? 'data' : 'database.url' },
  );
}

const openWorldDoors = (config: Config, folder: Folder, world: World): Promise<Doors> =>
  openDoors(world, config.doors, {
    read: () => folder.readFile(DOORS_FILE),
    write: (text) => folder.writeFile(DOORS_FILE, text),
  });

function tellDoors({ rpc, peers, troubles }: Doors): string {
  const open = peers.filter((peer) => peer.address !== null).length;
  const state = rpc === null && open === 0 ? 'closed' : `${rpc === null ? 'no RPC' : rpc.url}, ${open} nodes`;
  return [state, ...troubles].join('; ');
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
