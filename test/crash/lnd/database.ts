/** PostgreSQL as a server of its own, which both processes of Argosy share: started, killed and frozen with all its sessions. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from '../../../src/kit/postgres.ts';
import { stopOrphan } from '../../../src/kit/postgres-orphan.ts';
import { processesIn } from '../../support/processes.ts';
import type { Victim } from './victim.ts';

export interface Database extends Victim {
  /** As long as its folder stands. */
  readonly url: string;
  stop(): Promise<void>;
}

const MAX_CONNECTIONS = 120;
const ROUNDS = 1_000;

export async function openDatabase(folder: string): Promise<Database> {
  mkdirSync(folder, { mode: 0o700 });
  let url = '';
  const data = join(folder, 'postgres', 'data');
  const tell = (signal: NodeJS.Signals): number => {
    const found = processesIn(data);
    for (const pid of found) signalTo(pid, signal);
    return found.length;
  };
  const database: Database = {
    name: 'postgres',
    get url() {
      return url;
    },
    async start() {
      const started = await startPostgres({ folder, maxConnections: MAX_CONNECTIONS });
      if (started.kind === 'refused') throw new Error(started.detail);
      // The user that Argosy's own PostgreSQL is made with, and the database that every server has.
      url = `postgresql:///postgres?host=${encodeURIComponent(started.target.socketDir)}&user=argosy`;
    },
    async kill() {
      for (let round = 0; tell('SIGKILL') > 0; round++) {
        if (round === ROUNDS) throw new Error('PostgreSQL does not die');
        await new Promise((wake) => setTimeout(wake, 10));
      }
    },
    // Twice: between the two nobody is left who could start a session.
    freeze() {
      tell('SIGSTOP');
      tell('SIGSTOP');
    },
    thaw: () => void tell('SIGCONT'),
    async stop() {
      database.thaw();
      await stopOrphan(data);
      await database.kill();
    },
  };
  await database.start();
  return database;
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself meanwhile.
  }
}
