import type * as product from '../../../src/kit/idempotency-store.ts';
import { statement } from '../database.ts';
import { keyed } from '../table.ts';

type Product = typeof product;

export const findAnswered: Product['findAnswered'] = (read, { principalId, key }) =>
  statement(read, 'findAnswered', (s) => {
    const row = s.get(s.tables.idempotency.by.idempotency_pkey, keyed(principalId, key));
    return row && { request_hash: row.request_hash, status: row.status, body: JSON.parse(row.body) };
  });

export const takeKey: Product['takeKey'] = (tx, { principalId, key, hash }) =>
  statement(tx, 'takeKey', (s) =>
    s.insertNew(s.tables.idempotency, {
      principal_id: principalId,
      key,
      request_hash: hash,
      status: 0,
      body: 'null',
      created_at: s.now,
    }),
  );

export const storeResponse: Product['storeResponse'] = (tx, { principalId, key }, { status, body }) => {
  const text = JSON.stringify(body);
  return statement(tx, 'storeResponse', async (s) => {
    const rows = s.list(s.tables.idempotency.by.idempotency_pkey, keyed(principalId, key));
    await s.update(rows, (row) => ({ ...row, status, body: text }));
  });
};
