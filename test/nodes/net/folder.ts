/** The folder of one network, in memory where the system has such, and the guard that clears it away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`;

export interface NetFolder {
  readonly path: string;
  /** Kills what is left and removes the folder; resolves when that is done. */
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
  if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  return {
    path,
    async clear() {
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
