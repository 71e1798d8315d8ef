import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { openDb } from './db.ts';
import { type Migration, migrate, oldestOf, readMigrations, refuseNewer } from './migrate.ts';

const migration = (number: number, sql: string): Migration => ({
  number,
  name: `${String(number).padStart(4, '0')}_step`,
  sql,
  checksum: createHash('sha256').update(sql).digest('hex'),
  oldest: oldestOf(sql, number),
});
const FIRST = migration(1, 'create table coin (id bigint primary key); insert into coin values (1)');
const SECOND = migration(2, 'alter table coin add column owner text; insert into coin values (2)');

let db: TestDatabase;
beforeEach(async () => {
  db = await freshDatabase({ empty: true });
});
afterEach(() => db.close());

const ids = async (): Promise<unknown[]> =>
  (await db.read.query<{ id: bigint }>('select id from coin order by id')).map((row) => row.id);
const recorded = (): Promise<object[]> =>
  db.read.query('select number, name, checksum, oldest from migration order by number');

describe('migrating', () => {
  test('applies what is missing, once', async () => {
    expect(await migrate(db, [FIRST])).toEqual({ kind: 'migrated', applied: ['0001_step'] });
    expect(await migrate(db, [FIRST, SECOND])).toEqual({ kind: 'migrated', applied: ['0002_step'] });
    expect(await migrate(db, [FIRST, SECOND])).toEqual({ kind: 'migrated', applied: [] });
    expect(await ids()).toEqual([1n, 2n]);
    const { sql: _, ...row } = SECOND;
    expect((await recorded())[1]).toEqual(row);
  });

  test('keeps nothing of a migration that fails, and names it', async () => {
    const broken = migration(2, 'insert into coin values (2); insert into coin values (1)');
    await expect(migrate(db, [FIRST, broken])).rejects.toThrow(/^migration 0002_step failed: .*coin_pkey/);
    expect(await ids()).toEqual([1n]);
    expect(await recorded()).toHaveLength(1);
    await migrate(db, [FIRST, SECOND]);
    expect(await ids()).toEqual([1n, 2n]);
  });

  test('refuses a database whose migration had another text', async () => {
    await migrate(db, [FIRST, SECOND]);
    const edited = migration(1, `${FIRST.sql} -- harmless?`);
    expect(await migrate(db, [edited, SECOND])).toMatchObject({
      kind: 'refused',
      code: 'database_history_changed',
      detail: expect.stringContaining('0001_step.sql'),
    });
  });

  test('refuses a database that a newer Argosy has migrated', async () => {
    await migrate(db, [FIRST, SECOND]);
    expect(await migrate(db, [FIRST])).toMatchObject({
      kind: 'refused',
      code: 'database_newer',
      detail: expect.stringContaining('it has 0002_step, and this version ends with 0001_step'),
    });
  });

  test('lets an older Argosy go on that it is compatible with, and no older one', async () => {
    const third = migration(3, '-- compatible: 0002\nalter table coin add column mint text');
    await migrate(db, [FIRST, SECOND, third]);
    expect(await migrate(db, [FIRST, SECOND])).toEqual({ kind: 'migrated', applied: [] });
    expect(await refuseNewer(db, [FIRST, SECOND])).toBeNull();
    expect(await refuseNewer(db, [FIRST])).toMatchObject({ code: 'database_newer' });
  });

  test('takes over a database from before that', async () => {
    await migrate(db, [FIRST]);
    await db.tx((tx) => tx.query('alter table migration drop column oldest'));
    expect(await migrate(db, [FIRST, SECOND])).toEqual({ kind: 'migrated', applied: ['0002_step'] });
  });

  test('that waits for a lock keeps nobody else waiting for long, and is tried again', async () => {
    await migrate(db, [FIRST]);
    const reading = openDb(db.target, { max: 1 });
    const [begun, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const reads = reading.tx(async (tx) => {
      await tx.query('select id from coin');
      begun.resolve();
      await release.promise;
    });
    await begun.promise;
    const migrating = migrate(db, [FIRST, SECOND]);
    await vi.waitFor(
      async () => {
        const waiting = `select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
        expect((await db.read.query(waiting)).length).toBe(1);
      },
      { timeout: 10_000 },
    );
    // Behind the migration, which gives way.
    expect(await ids()).toEqual([1n]);
    release.resolve();
    await reads;
    expect(await migrating).toEqual({ kind: 'migrated', applied: ['0002_step'] });
    await reading.close();
  });

  test('happens once when several processes start together', async () => {
    const slow = migration(2, `select pg_sleep(0.2); ${SECOND.sql}`);
    const others = [1, 2, 3].map(() => openDb(db.target, { max: 1 }));
    const results = await Promise.all(others.map((other) => migrate(other, [FIRST, slow])));
    const applied = results.flatMap((result) =>
      result.kind === 'migrated' ? result.applied : [result.detail],
    );
    expect(applied.sort()).toEqual(['0001_step', '0002_step']);
    expect(await ids()).toEqual([1n, 2n]);
    await Promise.all(others.map((other) => other.close()));
  });
});

describe('the files of migrations', () => {
  test('that Argosy brings can be applied', async () => {
    const migrations = readMigrations();
    expect(await migrate(db, migrations)).toEqual({
      kind: 'migrated',
      applied: migrations.map(({ name }) => name),
    });
  });

  test('are read in order; a checksum does not depend on how lines end', () => {
    const [unix] = readFrom({ '0001_first.sql': 'select 1;\nselect 2;\n' });
    const [dos, second] = readFrom({ '0002_second.sql': '', '0001_first.sql': 'select 1;\r\nselect 2;\r\n' });
    expect(dos).toEqual(unix);
    expect(second).toMatchObject({ number: 2, name: '0002_second' });
  });

  test('must be numbered without a gap, and be nothing else', () => {
    expect(() => readFrom({ '0001_a.sql': '', '0003_c.sql': '' })).toThrow('not migration 2');
    expect(() => readFrom({ '0001_a.sql': '', '0001_b.sql': '' })).toThrow('not migration 2');
    expect(() => readFrom({ '0001_a.sql': '', 'notes.txt': '' })).toThrow('not migration 2');
  });
});

function readFrom(files: Record<string, string>): Migration[] {
  const folder = mkdtempSync(join(tmpdir(), 'argosy-migrations-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return readMigrations(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
