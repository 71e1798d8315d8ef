/** A kill -9 of Argosy leaves its PostgreSQL running. Two servers on one data folder would destroy it. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Refusal, refusal } from './refusal.ts';

/** What a server says of itself in `postmaster.pid`. */
export interface ServerState {
  readonly pid: number;
  readonly socketDir: string;
  readonly ready: boolean;
}

/** The state of the server that runs, or ran, on the folder `data`; null when it was stopped in order. */
export function readServerState(data: string): ServerState | null {
  let text: string;
  try {
    text = readFileSync(join(data, 'postmaster.pid'), 'utf8');
  } catch {
    return null;
  }
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return null;
  return { pid, socketDir: lines[4]?.trim() ?? '', ready: lines[7]?.trim() === 'ready' };
}

const FAST_MS = 20_000;
const IMMEDIATE_MS = 5_000;

/** Stops the server that a dead process has left on the folder `data`, if there is one. */
export async function stopOrphan(data: string): Promise<Refusal<'database_not_started'> | null> {
  const state = readServerState(data);
  if (state === null) return null;
  const orphaned = () => runsOn(state.pid, data);
  if (orphaned()) await stopServer(state.pid, orphaned);
  if (orphaned()) {
    return refusal(
      'database_not_started',
      `Process ${state.pid} is a PostgreSQL that an earlier Argosy left on ${data}, and it does not stop. ` +
        'Stop that process, then start again.',
    );
  }
  removeTemporarySocketDir(state.socketDir);
  if (readServerState(data) !== null) disown(data);
  return null;
}

/**
 * A server that was killed leaves `postmaster.pid`. Should a stranger have its number by now, or a zombie, PostgreSQL
 * would take that for a running server for ever. It passes over its parent's number, though: and still looks, by the
 * rest of the file, whether processes of the old server use its shared memory.
 */
function disown(data: string): void {
  const file = join(data, 'postmaster.pid');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^\d+/, String(process.pid)));
}

/**
 * Asks a server to stop: SIGINT ends its sessions and writes everything down; SIGQUIT leaves that to the next start.
 * @returns whether it has stopped
 */
export async function stopServer(pid: number, runs: () => boolean): Promise<boolean> {
  for (const [signal, patienceMs] of [
    ['SIGINT', FAST_MS],
    ['SIGQUIT', IMMEDIATE_MS],
  ] as const) {
    if (!runs()) return true;
    try {
      process.kill(pid, signal);
    } catch {
      return !runs();
    }
    const deadline = performance.now() + patienceMs;
    while (runs() && performance.now() < deadline) await sleep(10);
  }
  return !runs();
}

/** In the temporary folder, for where the data folder's path is too long for a socket. */
export const TEMPORARY_SOCKET_DIR = 'argosy-postgres-';

export function removeTemporarySocketDir(path: string): void {
  const ours = basename(path).startsWith(TEMPORARY_SOCKET_DIR) && dirname(path) === tmpdir();
  if (ours) rmSync(path, { recursive: true, force: true });
}

/** Whether `pid` is a server on the folder `data`, and not a later process with the same number. */
function runsOn(pid: number, data: string): boolean {
  return commandOf(pid).includes(data);
}

/** The words of a process's command line; none when there is no such process. */
function commandOf(pid: number): readonly string[] {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    } catch {
      return [];
    }
  }
  const { stdout } = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  const dataOption = /-D (.+?) -k /.exec(stdout)?.[1];
  return dataOption === undefined ? [] : [dataOption];
}
