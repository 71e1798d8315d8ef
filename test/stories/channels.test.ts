/** Channels that come and go under the fleet, on real LDK nodes: the books follow every coin, and explain what is gone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PracticeFleet, startPracticeFleet } from '../support/practice-fleet.ts';
import { eventually, type PaymentBody } from '../support/well.ts';

let fleet: PracticeFleet;
beforeAll(async () => {
  fleet = await startPracticeFleet();
}, 120_000);
afterAll(() => fleet?.stop(), 60_000);

const DELAY_BLOCKS = 150;
const eu = () => fleet.world.anybody('eu');
const isActive = async (id: string): Promise<boolean> =>
  (await eu().channels()).some((channel) => channel.id === id && channel.active);
const isThere = async (id: string): Promise<boolean> =>
  (await eu().channels()).some((channel) => channel.id === id);
const balanceOf = async (account: string): Promise<bigint> =>
  BigInt(
    (
      await fleet.db.read.one<{ balance_msat: bigint }>('select balance_msat from account where id = $1', [
        account,
      ])
    ).balance_msat,
  );
const open = async (from: string, to: string, more: object = {}): Promise<string> => {
  const body = { from, to, capacity_msat: '500000000', ...more };
  const answer = await fleet.call<{ channel: string }>('POST', '/v1/practice/channels', body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  await eventually('the channel is active', () => isActive(answer.body.channel));
  return answer.body.channel;
};
const close = async (id: string, force = false): Promise<void> => {
  expect((await fleet.call('POST', `/v1/practice/channels/${id}/close`, { force })).status).toBe(202);
};
/** Everything that left eu's channels is in its wallet, or booked as what it cost. */
const expectSettled = () =>
  eventually(
    'nothing of closed channels is on its way',
    async () => {
      await fleet.world.mine(1);
      return (await balanceOf('node:eu:settling')) === 0n;
    },
    30_000,
  );

describe('a channel', () => {
  it('that somebody opens to an own node with a gift, and closes, leaves the gift in the books', async () => {
    const id = await open('exchange', 'eu', { push_msat: '20000000' });
    await fleet.expectAllWell();
    expect(await balanceOf('node:eu:pushes_received')).toBe(20_000_000n);
    await close(id);
    await eventually('it is closed', async () => !(await isThere(id)));
    await fleet.expectAllWell();
    await expectSettled();
    await fleet.expectAllWell();
  }, 90_000);

  it('that an own node opens is paid for with its coins, and pays', async () => {
    const before = await balanceOf('node:eu:onchain');
    const id = await open('eu', 'bookshop', { push_msat: '10000000' });
    await fleet.expectAllWell();
    const spent = before - (await balanceOf('node:eu:onchain'));
    expect(spent - 500_000_000n).toBeGreaterThan(0n);
    expect(await balanceOf('node:eu:pushes_given')).toBe(10_000_000n);
    const asked = await fleet.call<{ invoice: string }>('POST', '/v1/practice/people/bookshop/invoices', {
      amount_msat: '30000000',
    });
    const paid = await fleet.call<PaymentBody>('POST', '/v1/payments', { invoice: asked.body.invoice });
    await eventually('it is paid', async () => {
      const payment = await fleet.call<PaymentBody>('GET', `/v1/payments/${paid.body.id}`);
      return payment.body.state === 'settled';
    });
    await close(id);
    await eventually('it is closed', async () => !(await isThere(id)));
    await fleet.expectAllWell();
    await expectSettled();
    await fleet.expectAllWell();
  }, 90_000);

  it('that an own node closes alone comes home when the delay is over', async () => {
    const id = await open('eu', 'exchange', { push_msat: '50000000' });
    await close(id, true);
    await eventually('it is closed', async () => !(await isThere(id)));
    await fleet.expectAllWell();
    expect(await balanceOf('node:eu:settling')).toBe(450_000_000n);
    await fleet.world.mine(DELAY_BLOCKS);
    await expectSettled();
    await fleet.expectAllWell();
  }, 90_000);

  it('is refused with the field that is wrong', async () => {
    const ask = (body: object) => fleet.call('POST', '/v1/practice/channels', body);
    const good = { from: 'exchange', to: 'eu', capacity_msat: '500000000' };
    expect(await ask({ ...good, from: 'nobody' })).toMatchObject({ status: 404, body: { field: 'from' } });
    expect(await ask({ ...good, capacity_msat: '1000' })).toMatchObject({ body: { field: 'capacity_msat' } });
    expect(await ask({ ...good, push_msat: '600000000' })).toMatchObject({ body: { field: 'push_msat' } });
    expect(await ask({ ...good, capacity_msat: '900000000000000' })).toMatchObject({
      body: { field: 'from' },
    });
    const unknown = await fleet.call('POST', `/v1/practice/channels/${'00'.repeat(32)}/close`, {});
    expect(unknown).toMatchObject({ status: 409, body: { field: 'id' } });
  });
});
