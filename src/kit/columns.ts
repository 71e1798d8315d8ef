import pg from 'pg';

/**
 * How columns arrive, for one pool only (never process-wide): `bigint` as bigint, `timestamptz` as milliseconds
 * since 1970 (a number), both also inside arrays; `json`/`jsonb` parsed; `numeric` stays text, so cast a total
 * back: `sum(amount_msat)::bigint`.
 */
export const columnTypes: pg.CustomTypesConfig = { getTypeParser };

const BIGINT = 20;
const BIGINT_ARRAY = 1016;
const TIMESTAMPTZ = 1184;
const TIMESTAMPTZ_ARRAY = 1185;

type Parse = (text: string) => unknown;

function getTypeParser(oid: number, format?: string): Parse {
  if (format === 'binary') throw new Error('binary columns are not used: bigint would arrive as a number');
  const standard = pg.types.getTypeParser(oid) as Parse;
  if (oid === BIGINT) return BigInt;
  if (oid === BIGINT_ARRAY) return (text) => deep(standard(text), (item) => BigInt(String(item)));
  // A Date, or Infinity for PostgreSQL's 'infinity': Number() makes milliseconds of either.
  if (oid === TIMESTAMPTZ) return (text) => Number(standard(text));
  if (oid === TIMESTAMPTZ_ARRAY) return (text) => deep(standard(text), Number);
  return standard;
}

/** Maps the leaves of a PostgreSQL array, which may be nested and may hold nulls. */
function deep(value: unknown, leaf: (item: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => deep(item, leaf));
  return value === null ? null : leaf(value);
}

/**
 * Milliseconds since 1970 as a value for a `timestamptz` parameter.
 * @throws RangeError when it is no time
 * @example instant(1_732_156_800_000) // '2024-11-21T02:40:00.000Z'
 */
export const instant = (ms: number): string => new Date(ms).toISOString();

/**
 * A value for a `json`/`jsonb` parameter. Needed for arrays and bare texts, which `pg` would else bind as
 * PostgreSQL arrays and texts.
 * @throws TypeError on a bigint inside: amounts go into JSON as decimal strings
 */
export function json(value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError('not a JSON value');
  return text;
}
