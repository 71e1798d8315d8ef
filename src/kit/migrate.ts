/**
 * Forward-only migrations: `/migrations/0001_name.sql`, `0002_...`, each in a transaction of its own.
 *
 * What has been applied stands in the table `migration` with a checksum of its text. Whoever inserts the row of a
 * migration applies it; others that start at the same time wait at that primary key, on every engine, and find it
 * done. (YugabyteDB has neither advisory locks nor exclusive table locks.)
 *
 * Other processes go on meanwhile. A migration waits for a lock for three seconds at most, lest all who come after it queue
 * behind it, and is tried again; and it says in a line `-- compatible: 0005` which Argosy, by its last migration, can
 * work beside it. One that says nothing ends all who do not know it.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Db, Tx } from './db.ts';
import { type Refusal, refusal } from './refusal.ts';
import { isDuplicate, isLockedOut } from './sqlstate.ts';

export interface Migration {
  readonly number: number;
  /** The file's name without `.sql`. */
  readonly name: string;
  readonly sql: string;
  /** The oldest Argosy that can work on the database from here on, by the number of its last migration. */
  readonly oldest: number;
  /** sha256 of the text, hex, line ends as LF. */
  readonly checksum: string;
}

export type Migrated =
  | {
      readonly kind: 'migrated' /** What this call has applied, by name. */;
      readonly applied: readonly string[];
    }
  /** Newer: a later Argosy has been here. Changed: a file is not the one that was applied. */
  | Refusal<'database_newer' | 'database_history_changed'>;

interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
  readonly oldest: number;
}

const FILE = /^(\d{4})_[a-z0-9_]+\.sql$/;
const COMPATIBLE = /^-- compatible: (\d{4})$/m;
const ONE_MIGRATION_MS = 3_600_000;
/** Behind one that waits for a lock all others wait. */
const LOCK_MS = 3_000;
const LOCK_PAUSE_MS = 1_000;
const LOCK_TRIES = 100;

/** The migrations that this code brings. @throws Error when numbers are missing or a name is not `0001_name.sql` */
export function readMigrations(
  folder: string = fileURLToPath(new URL('../../migrations', import.meta.url)),
): Migration[] {
  const files = readdirSync(folder).sort();
  return files.map((file, index) => {
    const number = Number(FILE.exec(file)?.[1]);
    if (number !== index + 1) throw new Error(`not migration ${index + 1}: ${join(folder, file)}`);
    const sql = readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n');
    const checksum = createHash('sha256').update(sql).digest('hex');
    return { number, name: file.slice(0, -'.sql'.length), sql, checksum, oldest: oldestOf(sql, number) };
  });
}

export const oldestOf = (sql: string, number: number): number => Number(COMPATIBLE.exec(sql)?.[1] ?? number);

/** Whether code that knows these migrations can work on the database as it is now. Null: it can. */
export async function refuseNewer(
  db: Db,
  migrations: readonly Migration[] = readMigrations(),
): Promise<Refusal<'database_newer' | 'database_history_changed'> | null> {
  return compare(await readApplied(db), migrations);
}

/**
 * Brings the database to the newest of `migrations`. Any number of processes may call it at once.
 * @throws Error naming the migration that failed; those before it stay, it has changed nothing
 */
export async function migrate(
  db: Db,
  migrations: readonly Migration[] = readMigrations(),
): Promise<Migrated> {
  await createTable(db);
  const before = await readApplied(db);
  const refused = compare(before, migrations);
  if (refused !== null) return refused;
  const applied: string[] = [];
  for (const migration of migrations.slice(before.length)) {
    if (await apply(db, migration)) applied.push(migration.name);
  }
  // Whoever was faster may have been another version.
  return compare(await readApplied(db), migrations) ?? { kind: 'migrated', applied };
}

async function createTable(db: Db): Promise<void> {
  const sql = `create table if not exists migration (
    number integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now(),
    oldest integer not null default 0)`;
  const create = () => db.tx((tx) => tx.query(sql));
  // "if not exists" is no lock: of two at once, one can still fail on PostgreSQL's catalogue. By then it exists.
  await create().catch((error: unknown) => {
    if (!isDuplicate(error)) throw error;
    return create();
  });
  const known = await db.read.query(
    `select 1 as known from pg_attribute where attrelid = 'migration'::regclass and attname = 'oldest'`,
  );
  if (known.length > 0) return;
  await db.tx((tx) =>
    tx.query('alter table migration add column if not exists oldest integer not null default 0'),
  );
}

const readApplied = (db: Db): Promise<AppliedMigration[]> =>
  db.read.query<AppliedMigration>('select number, name, checksum, oldest from migration order by number');

function compare(applied: readonly AppliedMigration[], known: readonly Migration[]) {
  for (const [index, row] of applied.entries()) {
    const migration = known[index];
    if (migration === undefined && row.oldest <= known.length) continue;
    if (migration === undefined) {
      return refusal(
        'database_newer',
        `The database was migrated by a newer Argosy: it has ${row.name}, and this version ends with ` +
          `${known.at(-1)?.name ?? 'none'}. Start the newer Argosy, or give this one another database.`,
      );
    }
    if (migration.number !== row.number || migration.checksum !== row.checksum) {
      return refusal(
        'database_history_changed',
        `The database was migrated with another text of ${row.name} than ${migration.name}.sql has now. ` +
          'Restore that file: an applied migration is never edited, a new one is added.',
      );
    }
  }
  return null;
}

/** @returns false when another process has applied it meanwhile */
async function apply(db: Db, migration: Migration): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      return await db.tx((tx) => applyOnce(tx, migration), { queryTimeoutMs: ONE_MIGRATION_MS });
    } catch (cause) {
      if (isLockedOut(cause) && tries < LOCK_TRIES) {
        await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
        continue;
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`migration ${migration.name} failed: ${reason}`, { cause });
    }
  }
}

async function applyOnce(tx: Tx, { number, name, checksum, oldest, sql }: Migration): Promise<boolean> {
  const mine = await tx.maybe(
    `insert into migration (number, name, checksum, oldest) values ($1, $2, $3, $4)
     on conflict do nothing returning number`,
    [number, name, checksum, oldest],
  );
  if (mine === null) return false;
  await tx.query(`set local lock_timeout = ${LOCK_MS}`);
  await tx.query(sql);
  return true;
}
