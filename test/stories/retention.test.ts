/** What is kept for a time only, and what is for ever. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tx } from '../../src/kit/db.ts';
import { dropOldAnswers, dropOldEvents } from '../../src/kit/retention-store.ts';
import { fromSat } from '../../src/money/msat.ts';
import { dropOldPlans } from '../../src/payments/retention-store.ts';
import { type MemoryFleet, memoryWorld, startMemoryFleet } from '../support/memory-fleet.ts';
import { expectAllWell, payment, settled } from '../support/well.ts';

let fleet: MemoryFleet;
beforeAll(async () => {
  fleet = await startMemoryFleet(memoryWorld('retention'));
});
afterAll(() => fleet.stop());

const merchantInvoice = () =>
  fleet.network.open('merchant').invoice({ amountMsat: fromSat(5n), description: '', expirySeconds: 600 });
const pay = (invoice: string, key: string) =>
  fleet.call<{ id: string; code: string }>('POST', '/v1/payments', { invoice }, key);
const drop = (work: (tx: Tx) => Promise<number>): Promise<number> => fleet.db.tx(work);
const events = (after: string) =>
  fleet.system.api.request('/v1/events', {
    method: 'HEAD',
    headers: { authorization: fleet.authorization, 'last-event-id': after },
  });
const DAY_MS = 86_400_000;

describe('what is kept for a time only', () => {
  it('goes once it is old enough, the oldest first, and not before', async () => {
    const { bolt11 } = await merchantInvoice();
    const { body } = await pay(bolt11, 'old');
    await settled(fleet, body.id);
    for (const kind of [dropOldEvents, dropOldAnswers, dropOldPlans])
      expect(await drop((tx) => kind(tx, DAY_MS, 100))).toBe(0);
    await fleet.db.tx((tx) =>
      tx.query(
        `update event set at = at - interval '2 days'; update idempotency set created_at = created_at - interval '2 days';
         update attempt set planned_at = planned_at - interval '2 days'`,
      ),
    );
    expect(await drop((tx) => dropOldEvents(tx, DAY_MS, 1))).toBe(1);
    expect(await drop((tx) => dropOldEvents(tx, DAY_MS, 100))).toBeGreaterThan(0);
    expect(await drop((tx) => dropOldAnswers(tx, DAY_MS, 100))).toBe(1);
    expect(await drop((tx) => dropOldPlans(tx, DAY_MS, 100))).toBe(1);
    expect((await payment(fleet, body.id)).state).toBe('settled');
    await expectAllWell(fleet);
  });

  it('does not let a debt be paid again under a key whose answer has gone', async () => {
    const { bolt11 } = await merchantInvoice();
    const first = await pay(bolt11, 'paid');
    await settled(fleet, first.body.id);
    const refused = await merchantInvoice();
    await fleet.network.open('merchant').cancelInvoice(refused.paymentHash);
    const failed = await pay(refused.bolt11, 'failed');
    expect(await settled(fleet, failed.body.id)).toMatchObject({ state: 'failed' });
    await drop((tx) => dropOldAnswers(tx, -DAY_MS, 100));
    expect((await pay(bolt11, 'paid')).body.code).toBe('invoice_already_paid');
    const other = await merchantInvoice();
    expect((await pay(other.bolt11, 'paid')).body.code).toBe('idempotency_key_reused');
    expect((await pay(refused.bolt11, 'failed')).body.code).toBe('idempotency_key_reused');
    await expectAllWell(fleet);
  });

  it('is not passed over in silence by a stream of events that begins before it', async () => {
    const { body } = await pay((await merchantInvoice()).bolt11, 'told');
    await settled(fleet, body.id);
    await drop((tx) => dropOldEvents(tx, -DAY_MS, 1));
    const [oldest] = await fleet.db.read.query<{ id: bigint }>('select id from event order by id limit 1');
    const place = oldest?.id ?? 0n;
    expect((await events('0')).status).toBe(200);
    expect((await events(`${place - 1n}`)).status).toBe(200);
    expect((await events(`${place - 2n}`)).status).toBe(400);
  });
});

describe('a list of accounts', () => {
  it('comes in pages that leave none out', async () => {
    for (const name of ['a', 'b', 'c']) await fleet.call('POST', '/v1/accounts', { name });
    const ids: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await fleet.call<{ data: { id: string }[]; next_cursor: string | null }>(
        'GET',
        `/v1/accounts?limit=2${cursor}`,
      );
      ids.push(...body.data.map(({ id }) => id));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(ids).toEqual(['customer:a', 'customer:b', 'customer:c', 'own:business']);
    expect((await fleet.call('GET', '/v1/accounts?cursor=strange')).body).toMatchObject({
      code: 'cursor_invalid',
    });
  });
});
