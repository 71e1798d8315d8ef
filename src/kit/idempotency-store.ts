/** Answered requests as they are stored: see `idempotency.ts`. */
import type { Statements, Tx } from './db.ts';
import { together, writeTogether } from './together.ts';

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

const nameOf = ({ principal_id, key }: { readonly principal_id: string; readonly key: string }): string =>
  `${principal_id} ${key}`;

const keysOf = (all: readonly Key[]): readonly [string[], string[]] => [
  all.map(({ principalId }) => principalId),
  all.map(({ key }) => key),
];

export const findAnswered: (read: Statements, key: Key) => Promise<AnsweredRequest | null> = together(
  async (read: Statements, all: readonly Key[]) => {
    const rows = await read.query<AnsweredRequest & { principal_id: string; key: string }>(
      `select principal_id, key, request_hash, status, body
       from unnest($1::text[], $2::text[]) as asked (principal_id, key) join idempotency using (principal_id, key)`,
      keysOf(all),
    );
    const byKey = new Map(rows.map(({ principal_id, key, ...row }) => [nameOf({ principal_id, key }), row]));
    return all.map(({ principalId, key }) => byKey.get(nameOf({ principal_id: principalId, key })) ?? null);
  },
);

/** False: the key has been used; waits for the end of a transaction that is using it. */
export const takeKey: (tx: Tx, request: IdempotentRequest) => Promise<boolean> = together(
  async (tx: Tx, all: readonly IdempotentRequest[]) => {
    const rows = await tx.query<{ principal_id: string; key: string }>(
      `insert into idempotency (principal_id, key, request_hash, status, body)
       select principal_id, key, hash, 0, 'null'
       from unnest($1::text[], $2::text[], $3::text[]) as fresh (principal_id, key, hash) order by principal_id, key
       on conflict do nothing returning principal_id, key`,
      [...keysOf(all), all.map(({ hash }) => hash)],
    );
    const free = new Set(rows.map(nameOf));
    // Of two that ask for the same key in one transaction the first has it.
    return all.map(({ principalId, key }) => free.delete(nameOf({ principal_id: principalId, key })));
  },
);

export const storeResponse = (tx: Tx, key: Key, response: StoredResponse): Promise<void> =>
  updateResponse(tx, { ...key, status: response.status, body: JSON.stringify(response.body) });

const updateResponse = writeTogether(
  async (tx: Tx, all: readonly (Key & { readonly status: number; readonly body: string })[]) => {
    await tx.query(
      `update idempotency set status = given.status, body = given.body::jsonb
       from unnest($1::text[], $2::text[], $3::integer[], $4::text[]) as given (principal_id, key, status, body)
       where idempotency.principal_id = given.principal_id and idempotency.key = given.key`,
      [...keysOf(all), all.map(({ status }) => status), all.map(({ body }) => body)],
    );
  },
);
