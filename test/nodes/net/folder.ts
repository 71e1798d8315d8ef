/** The folder of one network, in memory where the system has such, and the guard that clears it away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, mkdtempSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Daemon, makeDaemon } from './daemon.ts';

const MEMORY = '/dev/shm';
const PREFIX = 'argosy-net-';

/**
 * A process that lives as long as its stdin is open, that is: until the owner of the network closes it or dies, by
 * whatever cause. Then it kills each daemon that is noted in `pids/`, and removes the folder.
 */
const GUARD = `
cat >/dev/null
for noted in "$1"/pids/*; do
  [ -e "$noted" ] && kill -9 "$(cat "$noted")"
done
for try in 1 2 3 4 5; do
  rm -rf "$1" && exit
  sleep 1
done
`;

export interface NetFolder {
  readonly path: string;
  /** A daemon that lives in it. */
  daemon(name: string): Daemon;
  /** Kills all of them and removes the folder; resolves when that is done. */
  clear(): Promise<void>;
}

export function makeNetFolder(): NetFolder {
  const path = mkdtempSync(join(memoryFolder(), PREFIX));
  mkdirSync(join(path, 'pids'));
  const guard = spawn('sh', ['-c', GUARD, 'guard', path], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const gone = once(guard, 'exit');
  guard.unref();
  (guard.stdin as Socket).unref();
  const daemons: Daemon[] = [];
  return {
    path,
    daemon(name) {
      const daemon = makeDaemon(path, name);
      daemons.push(daemon);
      return daemon;
    },
    async clear() {
      await Promise.all(daemons.map((daemon) => daemon.kill()));
      guard.ref();
      guard.stdin.end();
      await gone;
    },
  };
}

function memoryFolder(): string {
  try {
    accessSync(MEMORY, constants.W_OK);
    return MEMORY;
  } catch {
    return tmpdir();
  }
}
