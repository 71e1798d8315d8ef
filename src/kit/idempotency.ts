/** `Idempotency-Key`: the same key and body replay the stored response, a changed body is refused. */
import { createHash } from 'node:crypto';
import type { Db, Tx } from './db.ts';
import { Problem } from './problems.ts';

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

export const hashRequest = (method: string, path: string, body: unknown): string =>
  createHash('sha256')
    .update(`${method} ${path}\n${JSON.stringify(body)}`)
    .digest('hex');

type Row = { request_hash: string; status: number; body: unknown };

/** The response to replay, or null for a request never answered before. */
export async function findResponse(db: Db, request: IdempotentRequest): Promise<StoredResponse | null> {
  const row = await db.read.maybe<Row>(
    'select request_hash, status, body from idempotency where principal_id = $1 and key = $2',
    [request.principalId, request.key],
  );
  return row === null ? null : replay(row, request);
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
  const mine = await tx.query(
    `insert into idempotency (principal_id, key, request_hash, status, body) values ($1, $2, $3, 0, 'null')
     on conflict do nothing returning key`,
    [request.principalId, request.key, request.hash],
  );
  if (mine.length === 0) {
    const row = await tx.one<Row>(
      'select request_hash, status, body from idempotency where principal_id = $1 and key = $2',
      [request.principalId, request.key],
    );
    return { ...replay(row, request), replayed: true };
  }
  const response = await work();
  await tx.query('update idempotency set status = $3, body = $4 where principal_id = $1 and key = $2', [
    request.principalId,
    request.key,
    response.status,
    JSON.stringify(response.body),
  ]);
  return { ...response, replayed: false };
}

function replay(row: Row, request: IdempotentRequest): StoredResponse {
  if (row.request_hash === request.hash) return { status: row.status, body: row.body };
  throw new Problem(
    'idempotency_key_reused',
    'Idempotency-Key: this key answered another request before; repeat that request unchanged, or use a new key.',
    { field: 'Idempotency-Key' },
  );
}
