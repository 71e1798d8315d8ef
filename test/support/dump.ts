/** A database as it was at one moment, put back into another: what `pg_dump` and `pg_restore` do, for any server. */
import { freshDatabase, type TestDatabase } from './database.ts';

/** The rows of every table, as JSON text. */
export type Dump = ReadonlyMap<string, string>;

/** One statement, so one moment, whatever is being written meanwhile. */
export async function dumpOf({ read }: Pick<TestDatabase, 'read'>): Promise<Dump> {
  const tables = await read.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' order by tablename`,
  );
  const columns = tables.map(
    ({ name }) => `(select coalesce(json_agg(t), '[]')::text from "${name}" t) as "${name}"`,
  );
  const row = await read.one<Record<string, string>>(`select ${columns.join(', ')}`);
  return new Map(Object.entries(row));
}

/** Another database, with the rows of the dump. */
export async function restored(dump: Dump): Promise<TestDatabase> {
  const db = await freshDatabase();
  await db.tx(async (tx) => {
    await tx.query(`set local session_replication_role = 'replica'`);
    for (const [name, rows] of dump) {
      await tx.query(`delete from "${name}"`);
      await tx.query(
        `insert into "${name}" overriding system value select * from json_populate_recordset(null::"${name}", $1::json)`,
        [rows],
      );
    }
    await tx.query(
      `select setval(pg_get_serial_sequence(quote_ident(table_name), column_name), 1000000)
       from information_schema.columns where table_schema = 'public' and is_identity = 'YES'`,
    );
  });
  return db;
}
