import type * as product from '../../../src/access/store.ts';
import { statement } from '../database.ts';

type Product = typeof product;

export const findPrincipal: Product['findPrincipal'] = (read, secretHash) =>
  statement(read, 'findPrincipal', (s) => {
    const key = s.get(s.tables.api_key.by.api_key_secret_hash_key, secretHash);
    if (key === null || key.revoked_at !== null) return null;
    const principal = s.get(s.tables.principal.by.principal_pkey, key.principal_id);
    return principal && { id: principal.id, name: principal.name, permissions: key.permissions };
  });

export const findPrincipalId: Product['findPrincipalId'] = (read, name) =>
  statement(read, 'findPrincipalId', (s) => s.get(s.tables.principal.by.name, name)?.id ?? null);

export const insertPrincipal: Product['insertPrincipal'] = (tx, { id, name }) =>
  statement(tx, 'insertPrincipal', (s) => s.insert(s.tables.principal, { id, name, created_at: s.now }));

export const insertKey: Product['insertKey'] = (tx, { id, permissions }, keyId, secretHash) =>
  statement(tx, 'insertKey', async (s) => {
    await s.insertNew(s.tables.api_key, {
      id: keyId,
      principal_id: id,
      secret_hash: secretHash,
      permissions,
      created_at: s.now,
      revoked_at: null,
    });
  });
