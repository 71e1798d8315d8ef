import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { CommitUnknown, constraintOf, type Db, type DbTarget, openDb } from './db.ts';

let db: TestDatabase;
let throughWire: Db;
let wire: Server;
let cut: 'before' | 'after' | 'never' = 'never';

beforeAll(async () => {
  db = await freshDatabase({ empty: true });
  await db.tx((tx) => tx.query('create table coin (id bigint primary key)'));
  const { promise, resolve } = Promise.withResolvers<void>();
  wire = createServer(pass).listen(join(inject('runFolder'), `.s.PGSQL.${process.pid}`), resolve);
  await promise;
  throughWire = openDb(targetThroughWire(), { max: 1 });
});
afterEach(async () => {
  cut = 'never';
  await db.tx((tx) => tx.query('delete from coin'));
});
afterAll(async () => {
  await throughWire.close();
  wire.close();
  await db.close();
});

/** A wire to the server that can be cut as COMMIT passes: before it arrives, or before its answer does. */
function pass(client: Socket): void {
  const server = connectTo(db.target);
  client.on('error', () => {}).on('close', () => server.destroy());
  server.on('error', () => {}).on('close', () => client.destroy());
  let silent = false;
  server.on('data', (bytes) => (silent ? client.destroy() : client.write(bytes)));
  client.on('data', (bytes) => {
    const isCommit = bytes.includes('commit\0');
    silent ||= isCommit && cut === 'after';
    if (isCommit && cut === 'before') client.destroy();
    else server.write(bytes);
  });
}

function connectTo(target: DbTarget): Socket {
  if ('socketDir' in target) return createConnection(join(target.socketDir, '.s.PGSQL.5432'));
  const { hostname, port } = new URL(target.url);
  return createConnection(Number(port || 5432), hostname);
}

function targetThroughWire(): DbTarget {
  const socketDir = inject('runFolder');
  if ('socketDir' in db.target) return { ...db.target, socketDir, port: process.pid };
  const { username, password, pathname } = new URL(db.target.url);
  return {
    url: `postgres://${username}:${password}@${encodeURIComponent(socketDir)}:${process.pid}${pathname}`,
  };
}

const coins = async (): Promise<number> => (await db.read.query('select id from coin')).length;
const addThroughWire = (): Promise<unknown> =>
  throughWire.tx((tx) => tx.query('insert into coin values (1)'));

describe('a COMMIT', () => {
  test('that is answered is known', async () => {
    await addThroughWire();
    expect(await coins()).toBe(1);
  });

  test('that was lost on the way is unknown: nothing was committed', async () => {
    cut = 'before';
    await expect(addThroughWire()).rejects.toBeInstanceOf(CommitUnknown);
    expect(await coins()).toBe(0);
  });

  test('whose answer was lost is unknown just the same: all was committed', async () => {
    cut = 'after';
    await expect(addThroughWire()).rejects.toBeInstanceOf(CommitUnknown);
    expect(await coins()).toBe(1);
  });

  test('during which the server shuts the session down is unknown', async () => {
    await db.tx((tx) => tx.query(AT_COMMIT('perform pg_terminate_backend(pg_backend_pid())')));
    await expect(addThroughWire()).rejects.toBeInstanceOf(CommitUnknown);
    await db.tx((tx) => tx.query('drop trigger at_commit on coin'));
  });

  test('that violates a constraint is refused, not unknown', async () => {
    const violation = "raise exception 'no' using errcode = '23514', constraint = 'coin_rule'";
    await db.tx((tx) => tx.query(AT_COMMIT(violation)));
    await expect(addThroughWire()).rejects.toSatisfy((error) => constraintOf(error) === 'coin_rule');
    await db.tx((tx) => tx.query('drop trigger at_commit on coin'));
    await addThroughWire();
    expect(await coins()).toBe(1);
  });
});

const AT_COMMIT = (statement: string): string => `
  create or replace function at_commit() returns trigger language plpgsql as $$ begin ${statement}; return null; end $$;
  create constraint trigger at_commit after insert on coin deferrable initially deferred
    for each row execute function at_commit();`;
