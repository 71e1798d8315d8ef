/** `Idempotency-Key`: the same key and body replay the stored response, a changed body is refused. */
import { createHash } from 'node:crypto';
import type { Db, Tx } from './db.ts';
import {
  type AnsweredRequest,
  findAnswered,
  type IdempotentRequest,
  type StoredResponse,
  storeResponse,
  takeKey,
} from './idempotency-store.ts';
import { Problem } from './problems.ts';

export type { IdempotentRequest, StoredResponse } from './idempotency-store.ts';

export const hashRequest = (method: string, path: string, body: unknown): string =>
  createHash('sha256')
    .update(`${method} ${path}\n${JSON.stringify(body)}`)
    .digest('hex');

/** The response to replay, or null for a request never answered before. */
export async function findResponse(db: Db, request: IdempotentRequest): Promise<StoredResponse | null> {
  const answered = await findAnswered(db.read, request);
  return answered === null ? null : replay(answered, request);
}

/**
 * Does `work` once per key and stores its response in the same transaction. A second request with the key waits
 * for the first one's end, then gets the stored response.
 */
export async function once(
  tx: Tx,
  request: IdempotentRequest,
  work: () => Promise<StoredResponse>,
): Promise<StoredResponse & { readonly replayed: boolean }> {
  if (!(await takeKey(tx, request))) {
    const answered = await findAnswered(tx, request);
    if (answered === null) throw new Error('an answered request has gone');
    return { ...replay(answered, request), replayed: true };
  }
  const response = await work();
  await storeResponse(tx, request, response);
  return { ...response, replayed: false };
}

function replay(row: AnsweredRequest, request: IdempotentRequest): StoredResponse {
  if (row.request_hash === request.hash) return { status: row.status, body: row.body };
  throw new Problem(
    'idempotency_key_reused',
    'Idempotency-Key: this key answered another request before; repeat that request unchanged, or use a new key.',
    { field: 'Idempotency-Key' },
  );
}
