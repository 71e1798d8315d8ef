import { deltas, heldAccount } from '../../../src/ledger/account.ts';
import type * as product from '../../../src/ledger/store.ts';
import { Overdrawn, post } from '../../../src/ledger/store.ts';
import { statement } from '../database.ts';
import type { AccountData } from '../schema.ts';
import type { Session } from '../transaction.ts';

type Product = typeof product;

export { Overdrawn, post };

type Fresh = Pick<AccountData, 'id' | 'kind' | 'floored'>;

const open = (s: Session, { id, kind, floored }: Fresh): Promise<boolean> =>
  s.insertNew(s.tables.account, { id, kind, floored, balance_msat: 0n, created_at: s.now });

export const openAccounts: Product['openAccounts'] = (tx, accounts) =>
  statement(tx, 'openAccounts', async (s) => {
    for (const account of accounts) await open(s, account);
  });

export const openClaim: Product['openClaim'] = async (tx, claim) => {
  const isNew = await statement(tx, 'openClaim', (s) => open(s, claim));
  await openAccounts(tx, [heldAccount(claim)]);
  return isNew;
};

export const withBooks: Product['withBooks'] = (db, work) =>
  db.tx(async (tx) => {
    const books: product.Books = { ...tx, due: [] };
    const result = await work(books);
    await moveDue(books);
    return result;
  });

export const moveDue: Product['moveDue'] = async (tx) => {
  const moved = tx.due.splice(0);
  if (moved.length === 0) return;
  const changes = deltas(moved);
  const overdrawn = await statement(tx, 'moveDue: balances', async (s) => {
    const rows = changes.flatMap(({ account, deltaMsat }) =>
      s.list(s.tables.account.by.account_pkey, account.id).map((row) => ({ row, deltaMsat })),
    );
    const locked: { row: (typeof rows)[number]['row']; next: AccountData }[] = [];
    for (const { row, deltaMsat } of rows) {
      const account = await s.hold(row, 'no key update');
      if (account === null) continue;
      locked.push({ row, next: { ...account, balance_msat: account.balance_msat + deltaMsat } });
    }
    const refused = locked.filter(({ next }) => next.floored && next.balance_msat < 0n);
    if (refused.length === 0) for (const { row, next } of locked) s.put(row, next);
    return refused.map(({ next }) => next.id);
  });
  if (overdrawn[0] !== undefined) throw new Overdrawn(overdrawn[0]);
  await statement(tx, 'moveDue: transfers', async (s) => {
    const { transfer } = s.tables;
    for (const { debit, credit, amountMsat, source, reason } of moved) {
      await s.insert(transfer, {
        id: s.nextId(transfer),
        debit: debit.id,
        credit: credit.id,
        amount_msat: amountMsat,
        source,
        reason,
        at: s.now,
      });
    }
  });
};

export const readBalances: Product['readBalances'] = (read, ids) =>
  statement(
    read,
    'readBalances',
    (s) =>
      [...new Set(ids)]
        .sort()
        .map((id) => s.get(s.tables.account.by.account_pkey, id))
        .filter((account) => account !== null)
        .map(({ id, kind, balance_msat }) => ({ id, kind, balance_msat })) as product.AccountBalance[],
  );

export const readClaims: Product['readClaims'] = (read, { after, limit }) =>
  statement(read, 'readClaims', (s) => {
    const { account } = s.tables;
    return s
      .where(account, ({ id }) => id > (after ?? ''))
      .map((row) => s.see(row) as AccountData)
      .sort((one, other) => (one.id < other.id ? -1 : 1))
      .flatMap((free) => {
        const held = s.get(account.by.account_pkey, `${free.id}:held`);
        if (held === null) return [];
        return [{ id: free.id, free_msat: free.balance_msat, held_msat: held.balance_msat }];
      })
      .slice(0, limit) as Awaited<ReturnType<Product['readClaims']>>;
  });

export const readTransfers: Product['readTransfers'] = (read, sources) =>
  statement(read, 'readTransfers', (s) =>
    [...new Set(sources)]
      .flatMap((source) => s.list(s.tables.transfer.by.source, source))
      .map((row) => s.see(row))
      .filter((data) => data !== null)
      .sort((one, other) => (one.id < other.id ? -1 : 1))
      .map(({ debit, credit, amount_msat, source, reason, at }) => ({
        debit,
        credit,
        amount_msat,
        source,
        reason,
        at,
      })),
  );
