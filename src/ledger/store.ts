import type { Db, Statements, Tx } from '../kit/db.ts';
import { together } from '../kit/together.ts';
import {
  type Account,
  type AccountId,
  type AccountKind,
  deltas,
  heldAccount,
  type Transfer,
} from './account.ts';

/** A floored account lacked the funds. The transaction cannot go on; the caller rolls it back. */
export class Overdrawn extends Error {
  override readonly name = 'Overdrawn';
  readonly accountId: string;
  constructor(accountId: string) {
    super(`account ${accountId} would fall below zero`);
    this.accountId = accountId;
  }
}

/** Opens accounts that may exist already. */
export async function openAccounts(tx: Tx, accounts: readonly Account[]): Promise<void> {
  await tx.query(
    `insert into account (id, kind, floored)
     select * from unnest($1::text[], $2::text[], $3::boolean[]) on conflict (id) do nothing`,
    [accounts.map((a) => a.id), accounts.map((a) => a.kind), accounts.map((a) => a.floored)],
  );
}

/** Opens a claim with its `:held` account. False: it exists already. */
export async function openClaim(tx: Tx, claim: Account): Promise<boolean> {
  const rows = await tx.query(
    'insert into account (id, kind, floored) values ($1, $2, $3) on conflict (id) do nothing returning id',
    [claim.id, claim.kind, claim.floored],
  );
  await openAccounts(tx, [heldAccount(claim)]);
  return rows.length === 1;
}

/** A transaction that may move money. What it posts is moved as one, at its end. */
export interface Books extends Tx {
  readonly due: Transfer[];
}

/**
 * A transaction with books. All that `work` posts is moved together as the last thing before the commit: accounts
 * are locked once, in one order and briefly, so writers cannot deadlock however they are composed.
 * @throws Overdrawn when a floored account lacks the funds; everything is rolled back then
 */
export const withBooks = <T>(db: Db, work: (tx: Books) => Promise<T>): Promise<T> =>
  db.tx(async (tx) => {
    const books: Books = { ...tx, due: [] };
    const result = await work(books);
    await moveDue(books);
    return result;
  });

/** The only way to move money. */
export function post(tx: Books, transfers: readonly Transfer[]): void {
  tx.due.push(...transfers.filter((transfer) => transfer.amountMsat > 0n));
}

/** Moves what has been posted so far: for whoever reads balances in the same transaction. */
export async function moveDue(tx: Books): Promise<void> {
  const moved = tx.due.splice(0);
  if (moved.length === 0) return;
  const changes = deltas(moved);
  const overdrawn = await tx.query<{ id: string }>(
    `with locked as (
       select account.id, delta, floored, balance_msat from account
       join unnest($1::text[], $2::bigint[]) as change(id, delta) on change.id = account.id
       order by account.id for no key update of account),
     refused as (
       select id from locked where floored and balance_msat + delta < 0),
     moved as (
       update account set balance_msat = locked.balance_msat + delta from locked
       where account.id = locked.id and not exists (select from refused))
     select id from refused`,
    [changes.map((c) => c.account.id), changes.map((c) => c.deltaMsat)],
  );
  if (overdrawn[0] !== undefined) throw new Overdrawn(overdrawn[0].id);
  await tx.query(
    `insert into transfer (debit, credit, amount_msat, source, reason)
     select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[])`,
    [
      moved.map((t) => t.debit.id),
      moved.map((t) => t.credit.id),
      moved.map((t) => t.amountMsat),
      moved.map((t) => t.source),
      moved.map((t) => t.reason),
    ],
  );
}

export interface AccountBalance {
  readonly id: AccountId;
  readonly kind: AccountKind;
  readonly balance_msat: bigint;
}

/** By id. */
export const readBalances: (read: Statements, ids: readonly AccountId[]) => Promise<AccountBalance[]> =
  together(async (read: Statements, asked: readonly (readonly AccountId[])[]) => {
    const rows = await read.query<AccountBalance>(
      'select id, kind, balance_msat from account where id = any($1) order by id',
      [[...new Set(asked.flat())]],
    );
    return asked.map((ids) => rows.filter(({ id }) => ids.includes(id)));
  });

/** Claims of the business and of customers by id, after the last one of the page before, with what is held beside them. */
export const readClaims = (
  read: Statements,
  page: { readonly after: string | null; readonly limit: number },
): Promise<{ id: AccountId; free_msat: bigint; held_msat: bigint }[]> =>
  read.query(
    `select free.id, free.balance_msat as free_msat, held.balance_msat as held_msat
     from account free join account held on held.id = free.id || ':held'
     where free.id > $1 order by free.id limit $2`,
    [page.after ?? '', page.limit],
  );

export const readTransfers = (
  read: Statements,
  sources: readonly string[],
): Promise<
  { debit: string; credit: string; amount_msat: bigint; source: string; reason: string; at: number }[]
> =>
  read.query(
    'select debit, credit, amount_msat, source, reason, at from transfer where source = any($1) order by id',
    [sources],
  );
