import pg from 'pg';

/** PostgreSQL's five-character error codes, and what they say about a transaction. */

const RETRY = new Set(['40001', '40P01']);

/** Serialization failure, deadlock or stale plan: rolled back, worth another try. */
export function mayRetry(error: unknown): boolean {
  return RETRY.has(codeOf(error) ?? '') || isStalePlan(error);
}

/**
 * "cached plan must not change result type": the schema has moved under a prepared statement. This connection would
 * answer so for ever; the next one prepares it anew.
 */
export const isStalePlan = (error: unknown): boolean =>
  codeOf(error) === '0A000' && (error as Error).message.startsWith('cached plan');

/**
 * The server answered with a refusal, and the connection lives on.
 *
 * At `commit` only a violated constraint or an invalid transaction state proves that nothing was committed: a
 * shutdown or a cancelled wait for a standby (57...) comes after the local commit.
 */
export function wasRefused(error: unknown, at: 'statement' | 'commit' = 'statement'): boolean {
  const code = codeOf(error);
  if (code === null || isStalePlan(error) || isStandby(error)) return false;
  if (at === 'commit') return code.startsWith('23') || code.startsWith('25');
  return (
    !code.startsWith('08') && !code.startsWith('57P') && (error as pg.DatabaseError).severity !== 'FATAL'
  );
}

const AWAY = new Set(['57P01', '57P02', '57P03', '53300']);
const UNREACHABLE = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
]);

/**
 * The server went away, is not there yet, or is a standby now: another try may find the one that writes. What had not come
 * to COMMIT is undone by that; what had is another error.
 */
export function isAway(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== null) return AWAY.has(code) || code.startsWith('08') || isStandby(error);
  if (!(error instanceof Error)) return false;
  const { code: errno, syscall } = error as NodeJS.ErrnoException;
  if (errno !== undefined && UNREACHABLE.has(errno)) return errno !== 'ENOENT' || syscall === 'connect';
  return /^Connection terminated|not queryable/.test(error.message);
}

/** "cannot set transaction read-write mode during recovery" */
const isStandby = (error: unknown): boolean =>
  codeOf(error) === '0A000' && (error as Error).message.endsWith('during recovery');

/** The name of the constraint that an error is about, or null: `constraintOf(error) === 'payment_key'`. */
export const constraintOf = (error: unknown): string | null =>
  error instanceof pg.DatabaseError ? (error.constraint ?? null) : null;

const codeOf = (error: unknown): string | null =>
  error instanceof pg.DatabaseError ? (error.code ?? null) : null;

/** A lock did not come within `lock_timeout`. */
export const isLockedOut = (error: unknown): boolean => codeOf(error) === '55P03';

/** What was to be made is there already: a unique row, a table, or a table's type. */
export const isDuplicate = (error: unknown): boolean =>
  ['23505', '42P07', '42710'].includes(codeOf(error) ?? '');
