/** The database does not say whether a payment was intended: its key tells. */
import { afterEach, expect, it } from 'vitest';
import { CommitUnknown, type Db } from '../../src/kit/db.ts';
import { shareBooks } from '../../src/ledger/shared-books.ts';
import { fromSat } from '../../src/money/msat.ts';
import { payOnce } from '../../src/payments/pay-once.ts';
import { preparePayment } from '../../src/payments/service.ts';
import { type MemoryFleet, memoryWorld, startMemoryFleet } from '../support/memory-fleet.ts';
import { expectAllWell, settled } from '../support/well.ts';

let fleet: MemoryFleet;
afterEach(() => fleet.stop());

/** The first transaction gets no answer: it was committed, or it was not. */
function losing(db: Db, wasCommitted: boolean): { readonly db: Db; lost(): number } {
  let lost = 0;
  const tx: Db['tx'] = async (work, options) => {
    if (lost++ > 0) return db.tx(work, options);
    if (wasCommitted) await db.tx(work, options);
    throw new CommitUnknown(new Error('the connection broke'));
  };
  return { db: { ...db, tx }, lost: () => lost };
}

it.each([true, false])('and it is paid once, whether it was committed (%s) or not', async (wasCommitted) => {
  fleet = await startMemoryFleet(memoryWorld('commit'));
  const { db, lost } = losing(fleet.db, wasCommitted);
  const context = { ...fleet.system.payments, db, intents: shareBooks(db) };
  const order = { amountMsat: fromSat(25_000n), description: '', expirySeconds: 3600 };
  const { bolt11 } = await fleet.network.open('merchant').invoice(order);
  const owner = await fleet.db.read.one<{ id: string }>('select id from principal');
  const request = { principalId: owner.id, key: 'order-1', hash: 'the same' };
  const options = { account: 'own:business', preferredRegion: null, timeoutMs: 60_000 };
  const pay = () => payOnce(context, request, () => preparePayment(context, { invoice: bolt11 }, options));

  const answer = await pay();
  expect(lost()).toBeGreaterThan(0);
  expect(answer).toMatchObject({ status: 202 });
  expect((await pay()).body).toEqual(answer.body);
  fleet.system.kick();
  const payments = await fleet.db.read.query<{ id: string }>('select id from payment');
  expect(payments).toEqual([{ id: (answer.body as { id: string }).id }]);
  await settled(fleet, payments[0]?.id ?? '');
  expect((await fleet.network.open('merchant').balances()).channelsMsat).toBe(fromSat(25_000n));
  await expectAllWell(fleet);
});
