/** One PostgreSQL for a whole test run, with a template database that has been migrated once. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type DbTarget, openDb } from '../../src/kit/db.ts';
import { migrate } from '../../src/kit/migrate.ts';
import { startPostgres } from '../../src/kit/postgres.ts';
import { stopOrphan } from '../../src/kit/postgres-orphan.ts';

/** Survives JSON: workers read it from a file. */
export interface TestServer {
  /** A database that always exists, with the right to create others. */
  readonly admin: DbTarget;
  readonly template: string;
  /** What the name of every database of this run begins with. */
  readonly prefix: string;
}

/** ARGOSY_TEST_PG_URL runs the same tests on a server of the operator's: the URL of a role that may create databases. */
export const operatorsUrl = (): string | null => process.env.ARGOSY_TEST_PG_URL || null;

/** Memory, where there is any: a test run writes some hundred megabytes that nobody needs afterwards. */
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const RUN = /^argosy-test-(\d+)$/;

/** The folder of this test run, made new. Those of runs that were killed are cleared away, with their servers. */
export async function makeRunFolder(): Promise<string> {
  for (const name of readdirSync(ROOT)) {
    const pid = Number(RUN.exec(name)?.[1] ?? process.pid);
    if (pid === process.pid || isAlive(pid)) continue;
    await stopOrphan(join(ROOT, name, 'postgres', 'data'));
    rmSync(join(ROOT, name), { recursive: true, force: true });
  }
  const folder = join(ROOT, `argosy-test-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Starts the server, or takes the operator's, and makes the template. */
export async function startTestServer(
  folder: string,
): Promise<{ readonly server: TestServer; readonly stop: () => Promise<void> }> {
  const prefix = `argosy_test_${randomBytes(4).toString('hex')}`;
  const template = `${prefix}_template`;
  const url = operatorsUrl();
  if (url !== null) {
    const server: TestServer = { admin: { url }, template, prefix };
    await makeTemplate(server);
    return { server, stop: () => dropAll(server) };
  }
  const started = await startPostgres({ folder, durable: false, maxConnections: 200 });
  if (started.kind === 'refused') throw new Error(started.detail);
  const server: TestServer = { admin: started.target, template, prefix };
  await makeTemplate(server);
  return { server, stop: started.stop };
}

async function makeTemplate(server: TestServer): Promise<void> {
  await administer(server.admin, `create database ${server.template}`);
  const db = openDb(databaseAt(server.admin, server.template), { max: 1 });
  try {
    const migrated = await migrate(db);
    if (migrated.kind === 'refused') throw new Error(migrated.detail);
  } finally {
    await db.close();
  }
}

async function dropAll(server: TestServer): Promise<void> {
  const rows = await administer(
    server.admin,
    `select datname from pg_database where datname like '${server.prefix}%'`,
  );
  for (const { datname } of rows) await administer(server.admin, `drop database "${datname}" with (force)`);
}

/** The same server, another database. */
export function databaseAt(admin: DbTarget, database: string): DbTarget {
  if (!('url' in admin)) return { ...admin, database };
  const url = new URL(admin.url);
  url.pathname = `/${database}`;
  return { url: url.href };
}

/** Runs what no transaction can hold: `create database`, `drop database`. */
export async function administer(admin: DbTarget, sql: string): Promise<Record<string, string>[]> {
  const client =
    'url' in admin
      ? new pg.Client({ connectionString: admin.url })
      : new pg.Client({ host: admin.socketDir, user: admin.user, database: admin.database });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, string>>(sql)).rows;
  } finally {
    await client.end();
  }
}
