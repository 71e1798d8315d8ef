import { createHash } from 'node:crypto';
import type { Clock } from '../kit/clock.ts';
import type { Db, Tx } from '../kit/db.ts';
import { newId, randomHex } from '../kit/ids.ts';
import { Problem } from '../kit/problems.ts';
import { may, type Permission, type Principal } from './permission.ts';
import { findPrincipal, findPrincipalId, insertKey, insertPrincipal } from './store.ts';

const OWNER = { name: 'owner', permissions: ['*'] } as const;

const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

export const newSecret = (): string => `argosy_${randomHex(24)}`;

/**
 * The owner, with this key: on a database that knows nobody yet, or when the key is not known there, as after the file
 * that held it was lost. The database keeps a hash; the caller stores `secret` (see `newSecret`) before it calls.
 */
export async function ensureOwner(tx: Tx, clock: Clock, secret: string): Promise<void> {
  const hash = hashSecret(secret);
  const known = await findPrincipalId(tx, OWNER.name);
  const owner: Principal = { ...OWNER, id: known ?? newId('prn', clock.now()) };
  if (known === null) await insertPrincipal(tx, owner);
  await insertKey(tx, owner, newId('key', clock.now()), hash);
}

/** `ensureOwner`, for processes that may do the same at the same time: there is one owner after it. */
export const openOwner = (db: Db, clock: Clock, secret: string): Promise<void> =>
  db.tx((tx) => ensureOwner(tx, clock, secret), { isolation: 'serializable' });

/** False, and nothing is written: there is an owner already. In a serializable transaction, for many may ask at once. */
export async function ensureFirstOwner(tx: Tx, clock: Clock, secret: string): Promise<boolean> {
  if ((await findPrincipalId(tx, OWNER.name)) !== null) return false;
  await ensureOwner(tx, clock, secret);
  return true;
}

/** Who is behind `Authorization: Bearer argosy_...`? @throws Problem unauthenticated */
export async function authenticate(db: Db, header: string | undefined): Promise<Principal> {
  const secret = /^Bearer (argosy_[0-9a-f]{48})$/.exec(header ?? '')?.[1];
  const principal = secret === undefined ? null : await findPrincipal(db.read, hashSecret(secret));
  if (principal !== null) return principal;
  throw new Problem(
    'unauthenticated',
    header === undefined
      ? 'Authorization: send "Authorization: Bearer KEY"; `argosy up` prints the owner\'s key.'
      : "Authorization: this key is not known or was revoked; `argosy up` prints the owner's key.",
    { field: 'Authorization' },
  );
}

/** @throws Problem forbidden */
export function demand(principal: Principal, permission: Permission): void {
  if (may(principal, permission)) return;
  throw new Problem('forbidden', `This needs the permission ${permission}; use a key that has it.`);
}
