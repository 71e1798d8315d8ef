import type { Statements, Tx } from '../kit/db.ts';
import { together } from '../kit/together.ts';
import type { Principal } from './permission.ts';

export const findPrincipal: (read: Statements, secretHash: string) => Promise<Principal | null> = together(
  async (read: Statements, hashes: readonly string[]) => {
    const rows = await read.query<Principal & { secret_hash: string }>(
      `select secret_hash, principal.id, principal.name, api_key.permissions from api_key
       join principal on principal.id = api_key.principal_id
       where secret_hash = any($1) and revoked_at is null`,
      [[...new Set(hashes)]],
    );
    const byHash = new Map(rows.map(({ secret_hash, ...principal }) => [secret_hash, principal]));
    return hashes.map((hash) => byHash.get(hash) ?? null);
  },
);

export const findPrincipalId = async (read: Statements, name: string): Promise<string | null> =>
  (await read.maybe<{ id: string }>('select id from principal where name = $1', [name]))?.id ?? null;

export async function insertPrincipal(tx: Tx, { id, name }: Principal): Promise<void> {
  await tx.query('insert into principal (id, name) values ($1, $2)', [id, name]);
}

/** A key that is there already, be it revoked, stays as it is. */
export async function insertKey(
  tx: Tx,
  { id, permissions }: Principal,
  keyId: string,
  secretHash: string,
): Promise<void> {
  await tx.query(
    `insert into api_key (id, principal_id, secret_hash, permissions) values ($1, $2, $3, $4)
     on conflict (secret_hash) do nothing`,
    [keyId, id, secretHash, permissions],
  );
}
