/** The journals of the drivers in the database: each step whole or not at all, by one process at a time. */
import { randomUUID } from 'node:crypto';
import type { Db, Tx } from '../kit/db.ts';
import type { NodeId } from '../lightning/ids.ts';
import {
  type Happening,
  type Journal,
  type JournalStep,
  KEPT_EVENTS,
  type Numbered,
} from '../nodes/journal.ts';

/** Old events are looked for whenever so many have come. */
const DROP_EVERY = 1_000;

export function openJournal(db: Db, id: NodeId): Journal {
  /** Tells a step of ours, whose answer was lost, from that of another process. */
  const writer = randomUUID();
  return {
    async read() {
      const head = await db.read.maybe<{ version: bigint; newest: bigint }>(
        'select version, newest from node_journal where node_id = $1',
        [id],
      );
      const facts = await db.read.query<{ key: string; value: unknown }>(
        'select key, value from node_journal_fact where node_id = $1',
        [id],
      );
      return {
        version: Number(head?.version ?? 0n),
        newest: Number(head?.newest ?? 0n),
        facts: new Map(facts.map(({ key, value }) => [key, value])),
      };
    },
    write: (step) => db.tx((tx) => write(tx, id, writer, step)),
    async after(place, limit) {
      const rows = await db.read.query<{ place: bigint; happening: string }>(
        `select place, happening from node_journal_event where node_id = $1 and place > $2 order by place limit $3`,
        [id, place, limit],
      );
      const numbered = rows.map(
        (row): Numbered => ({ place: Number(row.place), happening: read(row.happening) }),
      );
      if ((numbered[0]?.place ?? place + 1) === place + 1) return numbered;
      throw new Error(`the events of node ${id} after ${place} have been dropped`);
    },
  };
}

async function write(
  tx: Tx,
  id: NodeId,
  writer: string,
  step: JournalStep,
): Promise<'written' | 'overtaken'> {
  const newest = step.events.at(-1)?.place ?? null;
  const head = await tx.one<{ version: bigint; writer: string | null; newest: bigint; mine: boolean }>(
    `insert into node_journal as journal (node_id) values ($1)
     on conflict (node_id) do update set node_id = $1 returning version, writer, newest, version = $2 as mine`,
    [id, step.version],
  );
  if (!head.mine) {
    // The commit that nobody has heard of was ours.
    return head.writer === writer && Number(head.version) === step.version + 1 ? 'written' : 'overtaken';
  }
  await tx.query(
    'update node_journal set version = version + 1, writer = $2, newest = coalesce($3, newest) where node_id = $1',
    [id, writer, newest],
  );
  await writeEvents(tx, id, step.events);
  await writeFacts(tx, id, step.facts);
  const before = Number(head.newest);
  if (newest !== null && Math.floor(newest / DROP_EVERY) > Math.floor(before / DROP_EVERY))
    await drop(tx, id, newest);
  return 'written';
}

async function writeEvents(tx: Tx, id: NodeId, events: readonly Numbered[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(
    `insert into node_journal_event (node_id, place, happening)
     select $1, place, happening from unnest($2::bigint[], $3::text[]) as event (place, happening)`,
    [id, events.map(({ place }) => place), events.map(({ happening }) => written(happening))],
  );
}

async function writeFacts(tx: Tx, id: NodeId, facts: JournalStep['facts']): Promise<void> {
  const known = [...facts].filter(([, value]) => value !== null);
  const gone = [...facts].filter(([, value]) => value === null).map(([key]) => key);
  if (gone.length > 0) {
    await tx.query('delete from node_journal_fact where node_id = $1 and key = any($2::text[])', [id, gone]);
  }
  if (known.length === 0) return;
  await tx.query(
    `insert into node_journal_fact (node_id, key, value)
     select $1, key, value::json from unnest($2::text[], $3::text[]) as fact (key, value)
     on conflict (node_id, key) do update set value = excluded.value`,
    [id, known.map(([key]) => key), known.map(([, value]) => JSON.stringify(value))],
  );
}

/** What is booked and far behind. */
async function drop(tx: Tx, id: NodeId, newest: number): Promise<void> {
  await tx.query(
    `delete from node_journal_event where node_id = $1 and place <= least($2::bigint,
       (select cursor::bigint from node_session where node_id = $1 and cursor ~ '^[0-9]+$'))`,
    [id, newest - KEPT_EVENTS],
  );
}

/** Amounts of msat are bigints, which JSON lacks. */
const written = (happening: Happening): string =>
  JSON.stringify(happening, (_, value: unknown) =>
    typeof value === 'bigint' ? { msat: value.toString() } : value,
  );

const read = (text: string): Happening =>
  JSON.parse(text, (_, value: unknown) => (isAmount(value) ? BigInt(value.msat) : value)) as Happening;

const isAmount = (value: unknown): value is { readonly msat: string } =>
  typeof value === 'object' && value !== null && 'msat' in value && Object.keys(value).length === 1;
