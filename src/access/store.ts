import type { Statements, Tx } from '../kit/db.ts';
import type { Principal } from './permission.ts';

export const findPrincipal = (read: Statements, secretHash: string): Promise<Principal | null> =>
  read.maybe<Principal>(
    `select principal.id, principal.name, api_key.permissions from api_key
     join principal on principal.id = api_key.principal_id
     where secret_hash = $1 and revoked_at is null`,
    [secretHash],
  );

export const hasPrincipals = async (tx: Tx): Promise<boolean> =>
  (await tx.query('select id from principal limit 1')).length > 0;

export async function insertPrincipal(
  tx: Tx,
  principal: Principal,
  keyId: string,
  secretHash: string,
): Promise<void> {
  await tx.query('insert into principal (id, name) values ($1, $2)', [principal.id, principal.name]);
  await tx.query('insert into api_key (id, principal_id, secret_hash, permissions) values ($1, $2, $3, $4)', [
    keyId,
    principal.id,
    secretHash,
    principal.permissions,
  ]);
}
