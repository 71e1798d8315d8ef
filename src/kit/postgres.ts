/**
 * The embedded PostgreSQL: npm's binaries, started by Argosy on a unix socket in the data folder, for nobody else.
 *
 * `<folder>/postgres/data` is PostgreSQL's own folder, `socket` holds the socket, `log` and `log.previous` what the
 * server has said. The caller holds the lock of the data folder (`folder.ts`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DbTarget } from './db.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import {
  readServerState,
  removeTemporarySocketDir,
  stopOrphan,
  stopServer,
  TEMPORARY_SOCKET_DIR,
} from './postgres-orphan.ts';
import { chooseLauncher, type Launcher } from './postgres-user.ts';
import { type Refusal, refusal } from './refusal.ts';

export interface PostgresOptions {
  /** The data folder. It exists. */
  readonly folder: string;
  /** Default 40. */
  readonly maxConnections?: number;
  /** False: faster, and lost when the machine stops. For tests. Default true. */
  readonly durable?: boolean;
  /** PostgreSQL's own, by name, instead of those for a small machine. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Overrides the probe whether root may make user namespaces. For tests. */
  readonly namespaces?: () => boolean;
}

export interface Postgres {
  readonly kind: 'running';
  readonly target: DbTarget & { readonly socketDir: string };
  readonly pid: number;
  /** Resolves when the server has ended, by `stop` or by itself. */
  readonly exited: Promise<void>;
  /** Ends its sessions and stops it. Idempotent. @throws Error when it does not stop within 25 s */
  stop(): Promise<void>;
}

export type StartedPostgres =
  | Postgres
  | Refusal<'database_binary_missing' | 'database_other_version' | 'database_not_started'>;

/**
 * Starts the server, after making its files on first use. One that an earlier process has left behind is stopped.
 * It is stopped again when this process exits, short of a kill.
 */
export async function startPostgres(options: PostgresOptions): Promise<StartedPostgres> {
  const binaries = findPostgresBinaries();
  if (binaries === null) {
    return refusal(
      'database_binary_missing',
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}, or npm has left it out. Give Argosy the ` +
        'URL of a PostgreSQL 15 or newer.',
    );
  }
  // The real path: a server is recognised by it later.
  const home = homeIn(options.folder);
  const data = join(home, 'data');
  const refused = otherVersion(data, binaries.major) ?? (await stopOrphan(data));
  if (refused !== null) return refused;
  mkdirSync(home, { mode: 0o700, recursive: true });
  const launcher = chooseLauncher(home, dirname(binaries.postgres), options.namespaces);
  if (launcher.kind === 'refused') return launcher;
  const { durable = true, settings = {} } = options;
  const site: Site = { home, data, binaries, launcher, durable, settings };
  const failed = existsSync(join(data, 'PG_VERSION')) ? null : await initialise(site);
  return failed ?? (await runWhenFree(site, options.maxConnections ?? 40));
}

const homeIn = (folder: string): string => join(realpathSync(folder), 'postgres');

/** Removes the server's files for ever; one that an earlier process has left running is stopped before. */
export async function removePostgres(folder: string): Promise<Refusal<'database_not_started'> | null> {
  const home = homeIn(folder);
  const refused = await stopOrphan(join(home, 'data'));
  if (refused === null) rmSync(home, { recursive: true, force: true });
  return refused;
}

interface Site {
  readonly home: string;
  readonly data: string;
  readonly binaries: PostgresBinaries;
  readonly launcher: Launcher;
  readonly durable: boolean;
  readonly settings: Readonly<Record<string, string>>;
}

function otherVersion(data: string, major: number): Refusal<'database_other_version'> | null {
  const file = join(data, 'PG_VERSION');
  const version = existsSync(file) ? readFileSync(file, 'utf8').trim() : String(major);
  if (version === String(major)) return null;
  return refusal(
    'database_other_version',
    `The database in ${data} was made by PostgreSQL ${version}, and this Argosy brings PostgreSQL ${major}. Start the ` +
      `Argosy that made it; or, with the tools of PostgreSQL ${version}, dump it (pg_dump) into a PostgreSQL server, and ` +
      'give Argosy the URL of that.',
  );
}

/** Makes the files beside their place, then moves them there: a crash half way leaves nothing to mistake for them. */
async function initialise(site: Site): Promise<Refusal<'database_not_started'> | null> {
  const draft = `${site.data}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  site.launcher.give(draft);
  const child = launch(site, site.binaries.initdb, [
    ...['-D', draft, '-U', USER, '--auth-local=trust', '--auth-host=reject', '--encoding=UTF8'],
    ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
    ...(site.durable ? [] : ['--no-sync']),
  ]);
  if ((await ended(child)) !== 0) return notStarted(site);
  renameSync(draft, site.data);
  return null;
}

const USER = 'argosy';
/** The database that every server has. It holds nothing else. */
const DATABASE = 'postgres';
const READY_MS = 120_000;

const FREE_MS = 15_000;
const AGAIN_MS = 250;

/** After a kill of the whole server its last sessions may hold its memory for a moment more. */
async function runWhenFree(site: Site, maxConnections: number): ReturnType<typeof run> {
  const deadline = performance.now() + FREE_MS;
  for (;;) {
    const started = await run(site, maxConnections);
    const held = started.kind === 'refused' && started.detail.includes('pre-existing shared memory block');
    if (!held || performance.now() > deadline) return started;
    await sleep(AGAIN_MS);
  }
}

async function run(site: Site, maxConnections: number): Promise<Postgres | Refusal<'database_not_started'>> {
  const socketDir = makeSocketDir(site);
  const child = launch(site, site.binaries.postgres, [
    '-D',
    site.data,
    '-k',
    socketDir,
    ...settings(site, maxConnections),
  ]);
  const stopWithProcess = (): void => void child.kill('SIGINT');
  process.once('exit', stopWithProcess);
  const exited = ended(child).then(() => {
    process.off('exit', stopWithProcess);
    removeTemporarySocketDir(socketDir);
  });
  const { pid } = child;
  if (pid === undefined || !(await becameReady(site.data, child))) {
    child.kill('SIGQUIT');
    await exited;
    return notStarted(site);
  }
  child.unref();
  const runs = (): boolean => child.exitCode === null && child.signalCode === null;
  const stop = async (): Promise<void> => {
    const stopped = await stopServer(pid, runs);
    if (!stopped) throw new Error(`PostgreSQL, process ${pid}, does not stop`);
    await exited;
  };
  return { kind: 'running', target: { socketDir, user: USER, database: DATABASE }, pid, exited, stop };
}

function settings(site: Site, maxConnections: number): string[] {
  const values: Record<string, string | number> = {
    listen_addresses: '',
    unix_socket_permissions: '0700',
    max_connections: maxConnections,
    shared_buffers: '32MB',
    max_wal_size: '256MB',
    min_wal_size: '32MB',
    // One small machine: no workers beyond the sessions.
    io_method: 'sync',
    max_parallel_workers_per_gather: 0,
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A refused statement is its caller's to report, and its values may be secrets.
    log_min_messages: 'log',
    log_checkpoints: 'off',
    ...(site.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...site.settings,
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** 107 bytes on Linux, 103 on macOS: the smaller. */
const SOCKET_PATH_MAX = 103;

function makeSocketDir(site: Site): string {
  const own = join(site.home, 'socket');
  const fits = Buffer.byteLength(join(own, '.s.PGSQL.5432')) <= SOCKET_PATH_MAX;
  // Made new: the lock file of a killed server names a process, and that may be a stranger by now.
  rmSync(own, { recursive: true, force: true });
  if (fits) mkdirSync(own, { mode: 0o700 });
  const socketDir = fits ? own : mkdtempSync(join(tmpdir(), TEMPORARY_SOCKET_DIR));
  site.launcher.give(socketDir);
  return socketDir;
}

/** In a session of its own: a Ctrl-C at the terminal is Argosy's to handle, which still has things to write. */
function launch(site: Site, program: string, args: readonly string[]): ChildProcess {
  const [command = program, ...rest] = [...site.launcher.prefix, program, ...args];
  const log = openLog(site.home);
  try {
    return spawn(command, rest, {
      ...site.launcher.as,
      cwd: site.home,
      detached: true,
      stdio: ['ignore', log, log],
      // TZ spares initdb a search through all time zones.
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    });
  } finally {
    closeSync(log);
  }
}

function openLog(home: string): number {
  const path = join(home, 'log');
  if (existsSync(path)) renameSync(path, `${path}.previous`);
  return openSync(path, 'w', 0o600);
}

/** @returns the exit code; null after a signal, or when it could not be started */
async function ended(child: ChildProcess): Promise<number | null> {
  if (child.pid === undefined) return await once(child, 'error').then(() => null);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

async function becameReady(data: string, child: ChildProcess): Promise<boolean> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) return false;
    const state = readServerState(data);
    if (state?.pid === child.pid && state?.ready) return true;
    await sleep(5);
  }
  return false;
}

function notStarted(site: Site): Refusal<'database_not_started'> {
  const log = join(site.home, 'log');
  const last = readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' | ');
  return refusal(
    'database_not_started',
    `The embedded PostgreSQL did not start: ${last === '' ? 'it does not run on this system' : last}. See ${log}, or give ` +
      'Argosy the URL of a PostgreSQL 15 or newer.',
  );
}
