import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DbTarget, openDb } from './db.ts';
import { type Postgres, removePostgres, startPostgres } from './postgres.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { readServerState } from './postgres-orphan.ts';
import { firstClosedFolder } from './postgres-user.ts';

const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const asRoot = process.geteuid?.() === 0;
/** These tests run the server as nobody: clone into a folder that others can pass through. */
const asRootInTheOpen = asRoot && firstClosedFolder(import.meta.dirname) === null;

let folder: string;
let running: Postgres[] = [];
let children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(ROOT, 'argosy-pg-'));
});
afterEach(async () => {
  for (const postgres of running) await postgres.stop();
  for (const child of children) child.kill('SIGKILL');
  running = [];
  children = [];
  rmSync(folder, { recursive: true, force: true });
});

async function started(options: Partial<Parameters<typeof startPostgres>[0]> = {}): Promise<Postgres> {
  const result = await startPostgres({ folder, durable: false, ...options });
  if (result.kind === 'refused') throw new Error(result.detail);
  running.push(result);
  return result;
}

async function ask<Row extends object>(target: DbTarget, sql: string): Promise<Row> {
  const db = openDb(target, { max: 1 });
  try {
    return await db.tx((tx) => tx.one<Row>(sql));
  } finally {
    await db.close();
  }
}

const data = (): string => join(folder, 'postgres', 'data');
/** Where nobody waits for orphans they stay in the table of processes, dead: as zombies. */
function alive(pid: number): boolean {
  const state = spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  return state !== '' && !state.startsWith('Z');
}

describe('the embedded PostgreSQL', () => {
  test('keeps its data from one start to the next', async () => {
    const first = await started();
    await ask(first.target, "create table coin (id int); insert into coin values (7); select 'done' as it");
    await first.stop();
    await first.stop();
    await first.exited;
    const second = await started();
    expect(await ask(second.target, 'select id from coin')).toEqual({ id: 7 });
  });

  test('writes through to the disk, listens on no network, speaks UTF-8 and sorts alike everywhere', async () => {
    const { target } = await started({ durable: true });
    const setting = (name: string) => `current_setting('${name}') as ${name}`;
    const names = [
      'fsync',
      'synchronous_commit',
      'full_page_writes',
      'listen_addresses',
      'server_encoding',
      'data_checksums',
    ];
    expect(await ask(target, `select ${names.map(setting).join(', ')}, 'a' > 'B' as by_code_point`)).toEqual({
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      listen_addresses: '',
      server_encoding: 'UTF8',
      data_checksums: 'on',
      by_code_point: true,
    });
  });

  test('is for its owner alone', async () => {
    const { target } = await started();
    for (const path of [target.socketDir, data(), join(folder, 'postgres')]) {
      expect((statSync(path).mode & 0o777).toString(8), path).toBe('700');
    }
    expect(readFileSync(join(data(), 'pg_hba.conf'), 'utf8')).not.toMatch(/^host.*trust/m);
  });

  test('puts its socket elsewhere when the path is too long for one, and takes it away again', async () => {
    const deep = join(folder, 'deep'.repeat(25));
    mkdirSync(deep);
    const postgres = await started({ folder: deep });
    expect(postgres.target.socketDir.startsWith(tmpdir())).toBe(true);
    expect(await ask(postgres.target, 'select 1 as n')).toEqual({ n: 1 });
    await postgres.stop();
    expect(existsSync(postgres.target.socketDir)).toBe(false);
  });

  test('survives a start that died while it made the files', async () => {
    mkdirSync(join(folder, 'postgres', 'data.new'), { recursive: true });
    writeFileSync(join(folder, 'postgres', 'data.new', 'PG_VERSION'), '18\n');
    expect(await ask((await started()).target, 'select 1 as n')).toEqual({ n: 1 });
  });

  test('is not found on a platform that npm has none for', () => {
    expect(findPostgresBinaries('plan9-mips')).toBeNull();
  });

  test('refuses files of another major version, and leaves them alone', async () => {
    mkdirSync(data(), { recursive: true });
    writeFileSync(join(data(), 'PG_VERSION'), '17\n');
    const result = await startPostgres({ folder });
    expect(result).toMatchObject({
      code: 'database_other_version',
      detail: expect.stringContaining('by PostgreSQL 17'),
    });
    expect(existsSync(join(folder, 'postgres', 'log'))).toBe(false);
  });

  test('that does not start says why', async () => {
    await (await started()).stop();
    writeFileSync(join(data(), 'postgresql.conf'), 'no_such_setting = 1\n');
    const result = await startPostgres({ folder });
    expect(result).toMatchObject({
      code: 'database_not_started',
      detail: expect.stringContaining('no_such_setting'),
    });
  });
});

describe('as root', () => {
  test.runIf(asRootInTheOpen)('without user namespaces it runs as nobody, and keeps doing so', async () => {
    const first = await started({ namespaces: () => false });
    await ask(first.target, "create table coin (id int); insert into coin values (7); select 'done' as it");
    expect(statSync(data()).uid).toBe(65_534);
    expect((statSync(folder).mode & 0o777).toString(8)).toBe('701');
    await first.stop();
    const second = await started({ namespaces: () => true });
    expect(await ask(second.target, 'select id from coin')).toEqual({ id: 7 });
  });

  test.runIf(asRootInTheOpen)(
    'files made in a user namespace move with their data to a machine without',
    async () => {
      const first = await started({ namespaces: () => true });
      await ask(first.target, "create table coin (id int); insert into coin values (7); select 'done' as it");
      await first.stop();
      const second = await started({ namespaces: () => false });
      expect(await ask(second.target, 'select id from coin')).toEqual({ id: 7 });
    },
  );

  test.runIf(asRoot)('a folder that nobody else can reach is refused with the ways out', async () => {
    const inner = join(folder, 'inner');
    mkdirSync(inner, { mode: 0o700 });
    const result = await startPostgres({ folder: inner, namespaces: () => false });
    expect(result).toMatchObject({
      code: 'database_not_started',
      detail: expect.stringContaining(`pass through ${folder}`),
    });
    expect((statSync(inner).mode & 0o777).toString(8)).toBe('700');
  });
});

describe('when Argosy ends', () => {
  test('by itself, the server is stopped', async () => {
    const child = spawnOwner('process.exit(0)');
    const pid = await startedBy(child);
    await once(child, 'exit');
    await expect.poll(() => alive(pid), { timeout: 10_000 }).toBe(false);
    expect(readServerState(data())).toBeNull();
  });

  test('by kill -9, the next start stops the orphan and finds all data', async () => {
    const child = spawnOwner('setInterval(() => {}, 1000)');
    const orphan = await startedBy(child);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(alive(orphan)).toBe(true);
    const postgres = await started();
    expect(alive(orphan)).toBe(false);
    expect(postgres.pid).not.toBe(orphan);
    expect(await ask(postgres.target, 'select id from coin')).toEqual({ id: 7 });
  });

  test('by kill -9, and all is to be removed, the orphan is stopped before', async () => {
    const child = spawnOwner('setInterval(() => {}, 1000)');
    const orphan = await startedBy(child);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await removePostgres(folder)).toBeNull();
    expect(alive(orphan)).toBe(false);
    expect(existsSync(join(folder, 'postgres'))).toBe(false);
  });

  test('by kill -9, together with its server, the next start recovers all data', async () => {
    const child = spawnOwner('setInterval(() => {}, 1000)');
    const server = await startedBy(child);
    child.kill('SIGKILL');
    process.kill(server, 'SIGKILL');
    await once(child, 'exit');
    expect(await ask((await started()).target, 'select id from coin')).toEqual({ id: 7 });
  });

  test('and a stranger got the number of its server, the stranger is left alone', async () => {
    await (await started()).stop();
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    children.push(stranger);
    writeFileSync(
      join(data(), 'postmaster.pid'),
      `${stranger.pid}\n${data()}\n0\n5432\n/nowhere\n\n\nready\n`,
    );
    chmodSync(join(data(), 'postmaster.pid'), 0o600);
    expect(await ask((await started()).target, 'select 1 as n')).toEqual({ n: 1 });
    expect(stranger.exitCode).toBeNull();
  });
});

/** Another process that starts the server, writes a row, says the server's number, and goes on with `then`. */
function spawnOwner(then: string): ChildProcess {
  const file = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  const script = `
    const { startPostgres } = await import(${file('./postgres.ts')});
    const { openDb } = await import(${file('./db.ts')});
    const postgres = await startPostgres({ folder: ${JSON.stringify(folder)} });
    const db = openDb(postgres.target);
    await db.tx((tx) => tx.query('create table coin (id int); insert into coin values (7)'));
    process.stdout.write(String(postgres.pid), () => { ${then} });`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function startedBy(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('no output');
  const [bytes] = (await once(child.stdout, 'data')) as [Buffer];
  return Number(bytes.toString());
}
