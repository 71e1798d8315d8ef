/** What PostgreSQL says, as `src/kit/sqlstate.ts` reads it. */
import pg from 'pg';

function refusal(code: string, message: string, constraint?: string): Error {
  const error = new pg.DatabaseError(message, message.length, 'error');
  return Object.assign(error, {
    code,
    severity: 'ERROR',
    ...(constraint === undefined ? {} : { constraint }),
  });
}

export const duplicate = (constraint: string): Error =>
  refusal('23505', `duplicate key value violates unique constraint "${constraint}"`, constraint);

export const missing = (constraint: string): Error =>
  refusal('23503', `insert or update violates foreign key constraint "${constraint}"`, constraint);

export const violated = (constraint: string): Error =>
  refusal('23514', `new row violates check constraint "${constraint}"`, constraint);

export const deadlock = (): Error => refusal('40P01', 'deadlock detected');

export const aborted = (): Error =>
  refusal('25P02', 'current transaction is aborted, commands ignored until end of transaction block');

export const readOnly = (): Error => refusal('25006', 'cannot execute this in a read-only transaction');

/** The connection broke: proves nothing. */
export const lost = (): Error => new Error('Connection terminated unexpectedly');

export const noAnswer = (): Error => new Error('Query read timeout');
