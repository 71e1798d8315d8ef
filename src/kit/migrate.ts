/**
 * Forward-only migrations: `/migrations/0001_name.sql`, `0002_...`, each in a transaction of its own.
 *
 * What has been applied stands in the table `migration` with a checksum of its text. Whoever inserts the row of a
 * migration applies it; others that start at the same time wait at that primary key, on every engine, and find it
 * done. (YugabyteDB has neither advisory locks nor exclusive table locks.)
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Db, Tx } from './db.ts';
import { type Refusal, refusal } from './refusal.ts';
import { isDuplicate } from './sqlstate.ts';

export interface Migration {
  readonly number: number;
  /** The file's name without `.sql`. */
  readonly name: string;
  readonly sql: string;
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
}

const FILE = /^(\d{4})_[a-z0-9_]+\.sql$/;
const ONE_MIGRATION_MS = 3_600_000;

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
    return { number, name: file.slice(0, -'.sql'.length), sql, checksum };
  });
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
    number integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`;
  const create = () => db.tx((tx) => tx.query(sql));
  // "if not exists" is no lock: of two at once, one can still fail on PostgreSQL's catalogue. By then it exists.
  await create().catch((error: unknown) => {
    if (!isDuplicate(error)) throw error;
    return create();
  });
}

const readApplied = (db: Db): Promise<AppliedMigration[]> =>
  db.read.query<AppliedMigration>('select number, name, checksum from migration order by number');

function compare(applied: readonly AppliedMigration[], known: readonly Migration[]) {
  for (const [index, row] of applied.entries()) {
    const migration = known[index];
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
  const work = async (tx: Tx): Promise<boolean> => {
    const { number, name, checksum } = migration;
    const mine = await tx.maybe(
      'insert into migration (number, name, checksum) values ($1, $2, $3) on conflict do nothing returning number',
      [number, name, checksum],
    );
    if (mine === null) return false;
    await tx.query(migration.sql);
    return true;
  };
  return await db.tx(work, { queryTimeoutMs: ONE_MIGRATION_MS }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`migration ${migration.name} failed: ${reason}`, { cause });
  });
}
