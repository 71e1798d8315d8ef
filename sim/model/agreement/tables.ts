/** What the tables hold, in a form in which the two sides can be compared: times by their order, JSON by its value. */
import type { Db } from '../../../src/kit/db.ts';
import type { Model } from '../database.ts';
import { committed, type Table } from '../table.ts';
import { FAR_AHEAD, LONG_AGO } from './operation.ts';

type Cell = unknown;
type Cells = Readonly<Record<string, Cell>>;
type Contents = Readonly<Record<string, readonly Cells[]>>;

/** Kept apart from other numbers; microseconds, as PostgreSQL has them. */
class Time {
  readonly at: number;
  constructor(at: number) {
    this.at = at;
  }
}

/** Columns that are not compared: they always have the same value, or are the database's own. */
const CONSTANT = new Set(['unit', 'only_row', 'priority', 'deadline_height', 'identity']);
const JSON_COLUMNS = new Set([
  'attempt.plan',
  'part.route',
  'idempotency.body',
  'effect.payload',
  'outbox.data',
  'event.data',
]);
const TIMES = /(_at|^at|^since|^run_after)$/;

export async function sqlContents(db: Db, names: readonly string[]): Promise<Contents> {
  const contents: Record<string, Cells[]> = {};
  for (const name of names) {
    const columns = await db.read.query<{ name: string; type: string }>(
      `select attname as name, atttypid::regtype::text as type from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
      [name],
    );
    const kept = columns.filter((column) => !CONSTANT.has(column.name));
    const texts = kept.map(({ name: column, type }) =>
      type === 'timestamp with time zone'
        ? `(extract(epoch from "${column}") * 1000000)::float8 as "${column}"`
        : `"${column}"`,
    );
    const rows = await db.read.query<Cells>(`select ${texts.join(', ')} from ${name}`);
    const times = new Set(
      kept.filter(({ type }) => type.startsWith('timestamp')).map((column) => column.name),
    );
    contents[name] = rows.map((row) => mapped(row, (column, value) => cell(value, times.has(column))));
  }
  return inOrder(contents);
}

export function modelContents({ tables }: Model): Contents {
  const contents: Record<string, Cells[]> = {};
  for (const table of Object.values(tables) as unknown as Table<Cells>[]) {
    contents[table.name] = [...committed(table)].map((row) =>
      mapped(row, (column, value) => {
        if (JSON_COLUMNS.has(`${table.name}.${column}`)) return JSON.parse(String(value));
        return TIMES.test(column) && value !== null ? cell(Number(value) * 1000, true) : value;
      }),
    );
  }
  return inOrder(contents);
}

const cell = (value: unknown, isTime: boolean): Cell =>
  isTime && value !== null ? new Time(Number(value)) : value;

const mapped = (row: Cells, map: (column: string, value: unknown) => Cell): Cells =>
  Object.fromEntries(
    Object.entries(row)
      .filter(([column]) => !CONSTANT.has(column))
      .map(([column, value]) => [column, map(column, value)]),
  );

/** Times become their place among all times there are; rows are sorted. */
function inOrder(contents: Contents): Contents {
  const times = new Set<number>();
  for (const rows of Object.values(contents))
    for (const row of rows)
      for (const value of Object.values(row)) if (value instanceof Time) times.add(value.at);
  const places = new Map(
    [...times].sort((one, other) => one - other).map((at, place) => [at, `time ${place}`]),
  );
  const sorted = Object.entries(contents).map(([name, rows]) => {
    const shown = rows.map((row) =>
      mapped(row, (_, value) => (value instanceof Time ? places.get(value.at) : value)),
    );
    return [name, shown.sort((one, other) => (text(one) < text(other) ? -1 : 1))] as const;
  });
  return Object.fromEntries(sorted);
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, each) => {
    if (typeof each === 'bigint') return `${each}n`;
    if (each === null || typeof each !== 'object' || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)));
  });

/** What an operation gave: the database's own times count as the same; rows come in any order where SQL promises none. */
export function comparable(value: unknown): unknown {
  if (typeof value === 'number' && value > LONG_AGO + 1000 && value < FAR_AHEAD) return 'a time';
  if (value instanceof Map) return comparable([...value]);
  if (Array.isArray(value)) {
    return value.map(comparable).sort((one, other) => (text(one) < text(other) ? -1 : 1));
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, comparable(each)]));
}
