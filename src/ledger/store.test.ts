import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { nodeId } from '../lightning/ids.ts';
import { BUSINESS, nodeAccounts } from './account.ts';
import { moveDue, openAccounts, openClaim, post, readBalances, withBooks } from './store.ts';

const { channels, inFlight } = nodeAccounts(nodeId('us'));

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
  await withBooks(db, async (tx) => {
    await openClaim(tx, BUSINESS);
    await openAccounts(tx, [channels, inFlight]);
    post(tx, [{ debit: channels, credit: BUSINESS, amountMsat: 5n, source: 'node:us', reason: 'opened' }]);
  });
});
afterAll(() => db.close());

test('funds that came while their account was waited for can be spent', async () => {
  const come = Promise.withResolvers<void>();
  const seen = Promise.withResolvers<void>();
  const first = withBooks(db, async (tx) => {
    post(tx, [{ debit: inFlight, credit: channels, amountMsat: 5n, source: 'prt_1', reason: 'sent' }]);
    await moveDue(tx);
    come.resolve();
    await seen.promise;
  });
  await come.promise;
  const second = withBooks(db, async (tx) => {
    post(tx, [{ debit: channels, credit: inFlight, amountMsat: 5n, source: 'prt_1', reason: 'returned' }]);
  });
  const waiting =
    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await expect.poll(async () => (await db.read.query(waiting)).length, { timeout: 20_000 }).toBe(1);
  seen.resolve();
  await Promise.all([first, second]);
  expect(await readBalances(db.read, [inFlight.id])).toMatchObject([{ balance_msat: 0n }]);
});
