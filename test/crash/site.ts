/** Where one run keeps its Argosy, and how nothing of it is left. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopOrphan } from '../../src/kit/postgres-orphan.ts';
import { processesIn } from '../support/processes.ts';

export interface Site {
  /** The data folder. */
  readonly data: string;
  /** What all its processes said on stderr. */
  readonly log: string;
  /** SIGKILL to everything of PostgreSQL that works in the data folder. */
  killDatabase(): Promise<void>;
  /** In order, so that nothing of it stays in the machine's shared memory. */
  stopDatabase(): Promise<void>;
  /** Writes `evidence.json` beside the data folder. @returns the folder of both */
  keep(evidence: unknown): string;
  /** With all processes that still work in it. */
  remove(): Promise<void>;
}

/** Memory, where there is any: what is tried is the end of processes, not of the machine. */
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const GONE_MS = 5_000;
const LOOK_MS = 10;

export function createSite(): Site {
  const base = mkdtempSync(join(ROOT, 'argosy-crash-'));
  const data = join(base, 'data');
  const killDatabase = async (): Promise<void> => {
    const deadline = performance.now() + GONE_MS;
    for (let found = processesIn(data); found.length > 0; found = processesIn(data)) {
      if (performance.now() > deadline) throw new Error(`processes ${found.join(', ')} do not die`);
      for (const pid of found) kill(pid);
      await new Promise((wake) => setTimeout(wake, LOOK_MS));
    }
  };
  const stopDatabase = async (): Promise<void> => {
    await stopOrphan(join(data, 'postgres', 'data'));
    await killDatabase();
  };
  return {
    data,
    log: join(base, 'log'),
    killDatabase,
    stopDatabase,
    keep(evidence) {
      const path = join(base, 'evidence.json');
      writeFileSync(path, `${JSON.stringify(evidence, plainly, 1)}\n`, { mode: 0o600 });
      return base;
    },
    async remove() {
      await stopDatabase();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

/** JSON has neither bigint nor sets. */
export const plainly = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Set ? [...value] : value;
};
