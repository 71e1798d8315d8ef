/** Answered requests as they are stored: see `idempotency.ts`. */
import type { Statements, Tx } from './db.ts';

export interface StoredResponse {
  readonly status: number;
  readonly body: unknown;
}
export interface IdempotentRequest {
  readonly principalId: string;
  readonly key: string;
  /** Of method, path and body. */
  readonly hash: string;
}

export interface AnsweredRequest extends StoredResponse {
  readonly request_hash: string;
}

type Key = Pick<IdempotentRequest, 'principalId' | 'key'>;

export const findAnswered = (read: Statements, { principalId, key }: Key): Promise<AnsweredRequest | null> =>
  read.maybe<AnsweredRequest>(
    'select request_hash, status, body from idempotency where principal_id = $1 and key = $2',
    [principalId, key],
  );

/** False: the key has been used; waits for the end of a transaction that is using it. */
export const takeKey = async (tx: Tx, { principalId, key, hash }: IdempotentRequest): Promise<boolean> =>
  (
    await tx.query(
      `insert into idempotency (principal_id, key, request_hash, status, body) values ($1, $2, $3, 0, 'null')
       on conflict do nothing returning key`,
      [principalId, key, hash],
    )
  ).length === 1;

export async function storeResponse(
  tx: Tx,
  { principalId, key }: Key,
  response: StoredResponse,
): Promise<void> {
  await tx.query('update idempotency set status = $3, body = $4 where principal_id = $1 and key = $2', [
    principalId,
    key,
    response.status,
    JSON.stringify(response.body),
  ]);
}
