/** The memory of drivers, in the database: see `nodes/journal.ts`. */
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

/** Old events are dropped in bites. */
const BITE = 1_000;

/** One writer at a time: a step that does not know of all before it is refused, whoever holds the node's session. */
export function openJournal(db: Db, node: NodeId): Journal {
  const writer = randomUUID();
  return {
    async read() {
      return db.tx(async (tx) => {
        await tx.query(
          `insert into node_journal (node, version, newest, writer) values ($1, 0, 0, '') on conflict do nothing`,
          [node],
        );
        const head = await tx.one<Head>('select version, newest, writer from node_journal where node = $1', [
          node,
        ]);
        const facts = await tx.query<{ key: string; value: unknown }>(
          'select key, value from node_fact where node = $1',
          [node],
        );
        return {
          version: Number(head.version),
          newest: Number(head.newest),
          facts: new Map(facts.map(({ key, value }) => [key, value])),
        };
      });
    },
    write: (step) => db.tx((tx) => writeStep(tx, node, writer, step)),
    async after(place, limit) {
      const rows = await db.read.query<{ place: bigint; body: object }>(
        'select place, body from node_event where node = $1 and place > $2 order by place limit $3',
        [node, place, limit],
      );
      const [first] = rows;
      if (first !== undefined && Number(first.place) !== place + 1)
        throw new Error(`events of ${node} after ${place} are gone; the oldest kept is ${first.place}`);
      return rows.map((row): Numbered => ({ place: Number(row.place), happening: revive(row.body) }));
    },
  };
}

interface Head {
  readonly version: bigint;
  readonly newest: bigint;
  readonly writer: string;
}

async function writeStep(
  tx: Tx,
  node: NodeId,
  writer: string,
  { version, events, facts }: JournalStep,
): Promise<'written' | 'overtaken'> {
  const newest = events.at(-1)?.place ?? null;
  const moved = await tx.query(
    `update node_journal set version = version + 1, writer = $3, newest = coalesce($4, newest)
     where node = $1 and version = $2 returning node`,
    [node, version, writer, newest],
  );
  if (moved.length === 0) {
    const head = await tx.one<Head>('select version, newest, writer from node_journal where node = $1', [
      node,
    ]);
    // An answer to COMMIT got lost: it was this very step.
    return Number(head.version) === version + 1 && head.writer === writer ? 'written' : 'overtaken';
  }
  if (events.length > 0)
    await tx.query(
      'insert into node_event (node, place, body) select $1, * from unnest($2::bigint[], $3::json[])',
      [node, events.map((event) => event.place), events.map((event) => freeze(event.happening))],
    );
  const set = [...facts].filter(([, value]) => value !== null);
  if (set.length > 0)
    await tx.query(
      `insert into node_fact (node, key, value) select $1, * from unnest($2::text[], $3::json[])
       on conflict (node, key) do update set value = excluded.value`,
      [node, set.map(([key]) => key), set.map(([, value]) => JSON.stringify(value))],
    );
  const gone = [...facts].filter(([, value]) => value === null).map(([key]) => key);
  if (gone.length > 0)
    await tx.query('delete from node_fact where node = $1 and key = any($2)', [node, gone]);
  if (newest !== null && Math.floor(newest / BITE) > Math.floor((newest - events.length) / BITE))
    await dropOld(tx, node, newest - KEPT_EVENTS);
  return 'written';
}

/** What the books have not taken yet stays. */
async function dropOld(tx: Tx, node: NodeId, upTo: number): Promise<void> {
  await tx.query(
    `delete from node_event where node = $1 and place <= least($2,
       (select coalesce(cursor, '0')::bigint from node_session where node_id = $1))`,
    [node, upTo],
  );
}

/** Amounts are bigint in memory and text with an n in JSON: no other text of an event looks like that. */
const freeze = (happening: Happening): string =>
  JSON.stringify(happening, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));

function revive(body: object): Happening {
  const entries = Object.entries(body).map(([key, value]) => [
    key,
    typeof value === 'string' && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  ]);
  return Object.fromEntries(entries) as Happening;
}
