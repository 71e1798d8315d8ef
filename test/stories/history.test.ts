/** What costs the same after years as on the first day. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweep } from '../../src/payments/recovery.ts';
import { type MemoryFleet, memoryWorld, startMemoryFleet } from '../support/memory-fleet.ts';

let fleet: MemoryFleet;
beforeAll(async () => {
  fleet = await startMemoryFleet(memoryWorld('history'));
});
afterAll(() => fleet.stop());

/** Invoices that expired so many days ago, and that nobody has looked at for an hour. */
const addExpired = (name: string, count: number, daysAgo: number) =>
  fleet.db.tx((tx) =>
    tx.query(
      `insert into invoice (id, node_id, account_id, network, payment_hash, bolt11, description, state, expires_at, checked_at)
       select 'inv_' || $1 || n, 'eu', 'own:business', 'regtest', $1 || n, '', '', 'expired',
              now() - $3 * interval '1 day', now() - interval '1 hour' from generate_series(1, $2::int) n`,
      [name, count, daysAgo],
    ),
  );
const checks = () =>
  fleet.db.read.query<{ key: string }>(`select key from effect where kind = 'invoice.check' order by key`);

describe('the sweep', () => {
  it('looks at an invoice that expired today, and puts those of long ago aside for ever', async () => {
    await addExpired('old', 250, 2);
    await addExpired('young', 1, 0);
    await fleet.system.stop(); // nobody does the effects
    const context = {
      ...fleet.system.payments,
      fleet: () => ({ ...fleet.system.fleet, owned: () => ['eu'] as never }),
    };
    for (let round = 0; round < 3; round++) await fleet.db.tx((tx) => sweep(context, tx));
    expect(await checks()).toEqual([{ key: 'sweep:inv_young1' }]);
    const again = await fleet.db.read.query(
      `select id from invoice where state = 'expired' and checked_at < now() + interval '1 day' and id like 'inv_old%'`,
    );
    expect(again).toEqual([]);
  });
});
