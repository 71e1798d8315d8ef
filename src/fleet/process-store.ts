/** The processes on a database. */
import type { Statements, Tx } from '../kit/db.ts';

export interface ProcessRow {
  readonly id: string;
  /** `up`: all in one. `serve`: answers, and drives no node. `work`: drives nodes, and answers nobody. */
  readonly role: 'up' | 'serve' | 'work';
  readonly region: string | null;
}

/** Says that this process is alive, and tells of all that have said so within `aliveMs`. */
export async function beat(tx: Tx, self: ProcessRow, aliveMs: number): Promise<ProcessRow[]> {
  await tx.query(
    `insert into process (id, role, region) values ($1, $2, $3)
     on conflict (id) do update set role = excluded.role, region = excluded.region, seen_at = now()`,
    [self.id, self.role, self.region],
  );
  return tx.query<ProcessRow>(
    `select id, role, region from process where seen_at > now() - $1 * interval '1 millisecond' order by id`,
    [aliveMs],
  );
}

/** This process ends; and those that ended without a word an hour ago are forgotten. */
export async function leaveProcesses(tx: Tx, id: string): Promise<void> {
  await tx.query(`delete from process where id = $1 or seen_at < now() - interval '1 hour'`, [id]);
}

export const findAnswer = async (read: Statements, key: string): Promise<string | null> =>
  (await read.maybe<{ body: string }>('select body from owner_answer where key = $1', [key]))?.body ?? null;

/** Whoever asked has it now; what nobody fetched for an hour goes with it. */
export async function takeAnswer(tx: Tx, key: string): Promise<void> {
  await tx.query(`delete from owner_answer where key = $1 or at < now() - interval '1 hour'`, [key]);
}

export async function putAnswer(tx: Tx, key: string, body: string): Promise<void> {
  await tx.query('insert into owner_answer (key, body) values ($1, $2)', [key, body]);
}
