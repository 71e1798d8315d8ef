import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { type Db, type DbOptions, type DbTarget, openDb } from '../../src/kit/db.ts';
import type {} from './global-setup.ts';
import { administer, databaseAt, type TestServer } from './server.ts';

export interface TestDatabase extends Db {
  readonly name: string;
  /** For a second pool, or another process: it survives JSON. */
  readonly target: DbTarget;
  /** Closes it and drops the database. Idempotent. */
  close(): Promise<void>;
}

export interface TestDatabaseOptions extends DbOptions {
  /** Without the migrations. */
  readonly empty?: boolean;
}

const READY_MS = 60_000;
let count = 0;

/**
 * A database of one's own, migrated and empty, in some 50 ms.
 * @example
 * const db = await freshDatabase();
 * afterAll(() => db.close());
 */
export async function freshDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = await testServer();
  const name = `${server.prefix}_${process.pid}_${++count}`;
  await administer(
    server.admin,
    `create database ${name} template ${options.empty ? 'template0' : server.template}`,
  );
  const target = databaseAt(server.admin, name);
  const db = openDb(target, options);
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await db.close();
    await administer(server.admin, `drop database ${name} with (force)`);
  };
  return {
    ...db,
    name,
    target,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** The server of this test run, once it is ready. */
export async function testServer(): Promise<TestServer> {
  const file = join(inject('runFolder'), 'server.json');
  const deadline = performance.now() + READY_MS;
  while (!existsSync(file)) {
    if (performance.now() > deadline) throw new Error('the database server of the tests is not ready');
    await sleep(20);
  }
  const message = JSON.parse(readFileSync(file, 'utf8')) as TestServer | { failed: string };
  if ('failed' in message) throw new Error(`no database server for the tests: ${message.failed}`);
  return message;
}

/** For a process of its own. */
export function urlOf({ target }: Pick<TestDatabase, 'target'>): string {
  if ('url' in target) return target.url;
  const { socketDir, user, database } = target;
  return `postgresql:///${database}?host=${encodeURIComponent(socketDir)}&user=${encodeURIComponent(user ?? 'postgres')}`;
}
