/** An own node dies in the middle of traffic, on real LDK nodes: the others go on, and nothing is lost or paid twice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type PracticeFleet, startPracticeFleet } from '../support/practice-fleet.ts';
import { eventually, type PaymentBody } from '../support/well.ts';

/** Short enough for tests: absence proves something only after the longest call. */
const PATIENCE = { sendMs: 5_000, secondLookMs: 200, absenceMs: 6_000, staleMs: 2_000 };

let fleet: PracticeFleet;
beforeAll(async () => {
  fleet = await startPracticeFleet(PATIENCE);
}, 120_000);
afterAll(() => fleet?.stop(), 60_000);

const call = <T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer<T>> =>
  fleet.call<T>(method, path, body);

const ask = async (name: string, msat: number): Promise<string> =>
  (
    await call<{ invoice: string }>('POST', `/v1/practice/people/${name}/invoices`, {
      amount_msat: `${msat}`,
    })
  ).body.invoice;
const breakNode = (name: string, body: object) =>
  call<Record<string, unknown>>('POST', `/v1/practice/nodes/${name}/faults`, body);
const heal = (name: string) => call('POST', `/v1/practice/nodes/${name}/heal`, {});
const stateOf = async (id: string): Promise<PaymentBody> =>
  (await call<PaymentBody>('GET', `/v1/payments/${id}`)).body;
const ended = (id: string, ms = 60_000): Promise<PaymentBody> =>
  eventually(
    `${id} ends`,
    async () => {
      const payment = await stateOf(id);
      return ['settled', 'failed'].includes(payment.state) && payment;
    },
    ms,
  );

const payees = ['merchant', 'exchange', 'hub'];
/** Fleet to people: the ids of payments that were asked for one after another. */
async function sendSome(count: number, msat = 2_000_000): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const invoice = await ask(payees[i % payees.length] ?? '', msat + i * 1_000);
    ids.push((await call<PaymentBody>('POST', '/v1/payments', { invoice })).body.id);
  }
  return ids;
}
/** People to fleet: how many were paid. */
async function receiveSome(count: number): Promise<number> {
  const paid = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const asked = await call<{ invoice: string }>('POST', '/v1/invoices', {
        amount_msat: `${1_000_000 + i * 1_000}`,
      });
      if (asked.status !== 201) return 0;
      const name = payees[i % payees.length] ?? '';
      const path = `/v1/practice/people/${name}/payments`;
      return (await call('POST', path, { invoice: asked.body.invoice })).status === 200 ? 1 : 0;
    }),
  );
  return paid.reduce((total: number, one) => total + one, 0);
}
const rate = (payments: readonly PaymentBody[]): number =>
  payments.filter((payment) => payment.state === 'settled').length / payments.length;
const euState = async (): Promise<string | undefined> =>
  (await call<{ data: { id: string; state: string }[] }>('GET', '/v1/nodes')).body.data.find(
    (node) => node.id === 'eu',
  )?.state;
const euIsWhole = () =>
  eventually('eu has all its channels again', async () => {
    const channels = await fleet.world.nodes
      .find((own) => own.id === 'eu')
      ?.node.channels()
      .catch(() => []);
    return channels?.length === 5 && channels.every((channel) => channel.active);
  });

describe('a node that is broken on purpose', () => {
  it('is refused by a problem that names the field', async () => {
    expect(await breakNode('mars', { how: 'dies' })).toMatchObject({
      status: 404,
      body: { code: 'practice_node_unknown', field: 'name' },
    });
    expect(await breakNode('merchant', { how: 'dies' })).toMatchObject({ status: 404 });
    expect(await breakNode('eu', { how: 'melts' })).toMatchObject({ status: 400, body: { field: 'how' } });
    expect(await breakNode('eu', { how: 'dies', delay_ms: 5 })).toMatchObject({
      status: 400,
      body: { code: 'request_invalid', field: 'delay_ms' },
    });
    expect(await heal('mars')).toMatchObject({ status: 404 });
  });

  it('dies in the middle of traffic: the others go on, and it catches up when it is healed', async () => {
    const before = await Promise.all((await sendSome(12)).map((id) => ended(id)));
    expect(rate(before)).toBe(1);
    expect(before.some((payment) => payment.attempts.at(-1)?.node === 'eu')).toBe(true);

    // What the merchant has not claimed is in flight when eu dies.
    await fleet.world.hold('merchant', true);
    const invoices = await Promise.all(Array.from({ length: 6 }, (_, i) => ask('merchant', 3_000_000 + i)));
    const held = await Promise.all(
      invoices.map(async (invoice) => (await call<PaymentBody>('POST', '/v1/payments', { invoice })).body.id),
    );
    await eventually('they are in flight', async () =>
      (await Promise.all(held.map(stateOf))).every((payment) => payment.state === 'in_flight'),
    );
    expect((await Promise.all(held.map(stateOf))).some((it) => it.attempts.at(-1)?.node === 'eu')).toBe(true);
    const caught = sendSome(20);
    expect(await breakNode('eu', { how: 'dies' })).toMatchObject({ status: 201, body: { how: 'dies' } });
    await fleet.world.hold('merchant', false);
    // Whoever is told to ask again is not sent to the dead node a second time.
    const asked = () => call('POST', '/v1/invoices', { amount_msat: '5000', region: 'eu' });
    expect([201, 503]).toContain((await asked()).status);
    expect((await asked()).status).toBe(201);
    await eventually('eu is seen to be down', async () => (await euState()) === 'down');

    const ids = await sendSome(30);
    const during = await Promise.all(ids.map((id) => ended(id)));
    expect(rate(during), JSON.stringify(during.filter((it) => it.state === 'failed'))).toBeGreaterThanOrEqual(
      0.9,
    );
    expect(during.flatMap((payment) => payment.attempts).filter((it) => it.node === 'eu')).toEqual([]);
    expect(await receiveSome(10)).toBeGreaterThanOrEqual(9);
    await fleet.world.mine(3);
    // Nothing is concluded from silence.
    for (const id of held) {
      const payment = await stateOf(id);
      const atEu = payment.attempts.at(-1)?.node === 'eu';
      if (atEu) expect(['in_flight', 'unknown']).toContain(payment.state);
    }
    expect((await call('GET', '/v1/books/check')).status).toBe(503);

    expect(await heal('eu')).toMatchObject({ status: 200, body: { node: 'eu', how: null } });
    await euIsWhole();
    const resolved = await Promise.all([...held, ...(await caught)].map((id) => ended(id, 120_000)));
    expect(rate(resolved.slice(0, held.length))).toBe(1);
    expect(rate(resolved)).toBeGreaterThanOrEqual(0.9);
    await eventually('eu is up', async () => (await euState()) === 'up');

    const after = await Promise.all((await sendSome(12)).map((id) => ended(id)));
    expect(rate(after)).toBe(1);
    expect(after.some((payment) => payment.attempts.at(-1)?.node === 'eu')).toBe(true);
    await fleet.expectAllWell();
  }, 240_000);
});
