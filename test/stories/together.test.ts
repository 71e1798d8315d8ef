/** Payments of one moment share statements: a store function that does not ask together makes each of them stand alone. */
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { fromSat } from '../../src/money/msat.ts';
import { type MemoryFleet, memoryWorld, startMemoryFleet } from '../support/memory-fleet.ts';
import { expectAllWell, settled } from '../support/well.ts';

const PAYMENTS = 96;
/** Until it is answered. One alone needs some 17; together it is little more than 1. */
const STATEMENTS_MAX = 4;

let fleet: MemoryFleet;
beforeAll(async () => {
  fleet = await startMemoryFleet(memoryWorld('together'));
});
afterAll(() => fleet.stop());

it('many payments at once need few statements each', async () => {
  const merchant = fleet.network.open('merchant');
  const invoices = await Promise.all(
    Array.from({ length: PAYMENTS }, () =>
      merchant.invoice({ amountMsat: fromSat(5n), description: '', expirySeconds: 600 }),
    ),
  );
  const asked = vi.spyOn(pg.Client.prototype, 'query');
  const answers = await Promise.all(
    invoices.map(({ bolt11 }) => fleet.call('POST', '/v1/payments', { invoice: bolt11 })),
  );
  const intended = asked.mock.calls.length;
  asked.mockRestore();
  for (const { status, body } of answers) {
    expect(status).toBe(202);
    expect(await settled(fleet, String(body.id))).toMatchObject({ state: 'settled' });
  }
  expect(intended / PAYMENTS).toBeLessThan(STATEMENTS_MAX);
  await expectAllWell(fleet);
});
