import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromSat } from '../../src/money/msat.ts';
import { type MemoryFleet, startMemoryFleet } from '../support/memory-fleet.ts';
import { expectAllWell, payment, settled } from '../support/well.ts';

describe('paying an invoice from the fleet', () => {
  let fleet: MemoryFleet;
  beforeAll(async () => {
    fleet = await startMemoryFleet('paying');
  });
  afterAll(() => fleet.stop());

  const merchantInvoice = async (sat: bigint) => {
    const merchant = fleet.network.open('merchant');
    return merchant.invoice({ amountMsat: fromSat(sat), description: 'coffee', expirySeconds: 3600 });
  };

  it('pays from the cheapest able node and books amount and fee', async () => {
    const { bolt11 } = await merchantInvoice(25_000n);
    const quote = await fleet.call<{ plan: { chosen: string } }>('POST', '/v1/quotes', { invoice: bolt11 });
    expect(quote.status).toBe(200);
    expect(quote.body.plan.chosen).toBe('eu');
    const asked = await fleet.call('POST', '/v1/payments', { invoice: bolt11 });
    expect(asked.status).toBe(202);
    const paid = await settled(fleet, String(asked.body.id));
    expect(paid).toMatchObject({ state: 'settled', amount_msat: '25000000', fee_msat: '0' });
    await expectAllWell(fleet);
  });

  it('goes to the next node when the first is proven to have failed', async () => {
    const { bolt11 } = await merchantInvoice(5_000_000n);
    const asked = await fleet.call('POST', '/v1/payments', { invoice: bolt11 });
    const paid = await settled(fleet, String(asked.body.id));
    expect(paid.state).toBe('settled');
    expect((await payment(fleet, String(asked.body.id))).transfers?.length).toBeGreaterThan(3);
    await expectAllWell(fleet);
  });
});
