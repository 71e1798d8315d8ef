import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kit/clock.ts';
import { decodeBolt11, encodeBolt11, signWith } from '../../src/lightning/bolt11.ts';
import { fromSat, type Msat, msat } from '../../src/money/msat.ts';
import { payAsPerson } from '../../src/practice/people.ts';
import { type MemoryFleet, memoryWorld, startMemoryFleet } from '../support/memory-fleet.ts';
import { eventually, expectAllWell, settled } from '../support/well.ts';

let fleet: MemoryFleet;
beforeEach(async () => {
  fleet = await startMemoryFleet(memoryWorld('receiving'));
});
afterEach(() => fleet.stop());

interface InvoiceBody {
  id: string;
  state: string;
  node: string;
  invoice: string;
  received_msat: string | null;
  paid: string | null;
  internal: boolean;
}

const ask = async (body: Record<string, unknown>) => {
  const answer = await fleet.call<InvoiceBody>('POST', '/v1/invoices', body);
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 });
  return answer.body;
};
const look = async (id: string) => (await fleet.call<InvoiceBody>('GET', `/v1/invoices/${id}`)).body;
const free = async (account: string) => {
  const { body } = await fleet.call<{ data: { id: string; free_msat: string }[] }>('GET', '/v1/accounts');
  return BigInt(body.data.find((each) => each.id === account)?.free_msat ?? '-1');
};

function exchangePays(text: string, amountMsat: Msat) {
  const decoded = decodeBolt11(text);
  if (decoded.kind === 'fault') throw new Error(decoded.detail);
  return payAsPerson(fleet.network.open('exchange'), systemClock, decoded.invoice, amountMsat);
}

describe('receiving', () => {
  it('issues at the preferred region, and credits the account when it is paid', async () => {
    const before = await free('own:business');
    const invoice = await ask({ amount_msat: '5000000', region: 'asia', description: 'Order 1' });
    expect(invoice.node).toBe('asia');
    expect((await exchangePays(invoice.invoice, fromSat(5_000n))).kind).toBe('settled');
    await eventually('credited', async () => (await look(invoice.id)).state === 'settled');
    expect(await look(invoice.id)).toMatchObject({
      received_msat: '5000000',
      paid: 'on_time',
      internal: false,
    });
    expect((await free('own:business')) - before).toBe(fromSat(5_000n));
    await expectAllWell(fleet);
  });

  it('takes what the payer chooses for an open amount', async () => {
    const invoice = await ask({});
    await exchangePays(invoice.invoice, fromSat(777n));
    await eventually('credited', async () => (await look(invoice.id)).received_msat === '777000');
    await expectAllWell(fleet);
  });

  it('keeps a customer apart from the own funds', async () => {
    await fleet.call('POST', '/v1/accounts', { name: 'acme' });
    const before = await free('own:business');
    const invoice = await ask({ amount_msat: '5000000', account: 'customer:acme' });
    await exchangePays(invoice.invoice, fromSat(5_000n));
    await eventually('credited', async () => (await free('customer:acme')) === fromSat(5_000n));
    expect(await free('own:business')).toBe(before);
    await expectAllWell(fleet);
  });

  it('says expired when the time is up, and credits a late payment all the same', async () => {
    const invoice = await ask({ amount_msat: '5000000', region: 'eu', expiry_seconds: 1 });
    await eventually('expired', async () => (await look(invoice.id)).state === 'expired');
    fleet.network.faults('eu').takeLatePayments(true);
    expect((await exchangePays(invoice.invoice, fromSat(5_000n))).kind).toBe('settled');
    await eventually('credited', async () => (await look(invoice.id)).state === 'settled');
    expect(await look(invoice.id)).toMatchObject({ paid: 'late', received_msat: '5000000' });
    await expectAllWell(fleet);
  });

  it('is credited once, without an alarm, though the node tells everything again', async () => {
    const before = await free('own:business');
    const invoice = await ask({ amount_msat: '5000000', region: 'eu' });
    await exchangePays(invoice.invoice, fromSat(5_000n));
    await eventually('credited', async () => (await look(invoice.id)).state === 'settled');
    const { cursor } = await fleet.network.open('eu').balances();
    await fleet.system.stop();
    await fleet.db.tx((tx) => tx.query(`update node_session set cursor = '0' where node_id = 'eu'`));
    fleet = await fleet.restart();
    await eventually('told again', async () => {
      const at = await fleet.db.read.one<{ cursor: string }>(
        `select cursor from node_session where node_id = 'eu'`,
      );
      return BigInt(at.cursor) >= BigInt(cursor);
    });
    expect((await free('own:business')) - before).toBe(fromSat(5_000n));
    expect(await fleet.db.read.query(`select id from outbox where type = 'alarm'`)).toEqual([]);
    expect(await fleet.db.read.query(`select id from event where type = 'alarm'`)).toEqual([]);
    await expectAllWell(fleet);
  });

  it('is credited once though stream, sweep and restart all tell', async () => {
    const before = await free('own:business');
    const invoice = await ask({ amount_msat: '5000000' });
    await exchangePays(invoice.invoice, fromSat(5_000n));
    await eventually('credited', async () => (await look(invoice.id)).state === 'settled');
    for (let i = 0; i < 3; i++) {
      await fleet.db.tx((tx) =>
        tx.query(`insert into effect (kind, key, payload) values ('invoice.check', $1, $2)`, [
          `again:${i}`,
          JSON.stringify({ invoice: invoice.id }),
        ]),
      );
    }
    fleet = await fleet.restart();
    fleet.system.kick();
    await eventually('all looked at', async () => {
      const rest = await fleet.db.read.query(`select id from effect where key like 'again:%'`);
      return rest.length === 0;
    });
    expect((await free('own:business')) - before).toBe(fromSat(5_000n));
    await expectAllWell(fleet);
  });
});

describe('an invoice of our own', () => {
  it('is settled inside the ledger for another account, after its node has cancelled it', async () => {
    await fleet.call('POST', '/v1/accounts', { name: 'acme' });
    const invoice = await ask({ amount_msat: '5000000', account: 'customer:acme', region: 'eu' });
    const asked = await fleet.call('POST', '/v1/payments', { invoice: invoice.invoice });
    expect(asked.status).toBe(202);
    const paid = await settled(fleet, String(asked.body.id));
    expect(paid).toMatchObject({ state: 'settled', fee_msat: '0' });
    expect(await look(invoice.id)).toMatchObject({ state: 'settled', internal: true });
    expect(await free('customer:acme')).toBe(fromSat(5_000n));
    const outsider = await exchangePays(invoice.invoice, fromSat(5_000n));
    expect(outsider).toEqual({ kind: 'failed', reason: 'payee_refused' });
    await expectAllWell(fleet);
  });

  it('is not settled by a forgery of it that asks for less', async () => {
    await fleet.call('POST', '/v1/accounts', { name: 'acme' });
    const invoice = await ask({ amount_msat: '5000000', account: 'customer:acme', region: 'eu' });
    const decoded = decodeBolt11(invoice.invoice);
    if (decoded.kind === 'fault') throw new Error(decoded.detail);
    const { payee: _, ...fields } = decoded.invoice;
    const forged = encodeBolt11({ ...fields, amountMsat: msat(1n) }, signWith(new Uint8Array(32).fill(7)));
    const asked = await fleet.call('POST', '/v1/payments', { invoice: forged });
    expect(asked).toMatchObject({ status: 409, body: { code: 'invoice_own_unpayable', field: 'invoice' } });
    expect((await look(invoice.id)).state).toBe('new');
    await expectAllWell(fleet);
  });

  it('fails, and costs nothing, when an outsider was faster', async () => {
    await fleet.call('POST', '/v1/accounts', { name: 'acme' });
    const invoice = await ask({ amount_msat: '5000000', account: 'customer:acme', region: 'eu' });
    // The outsider's payment is settled at the node, but its event has not come yet.
    const before = await free('own:business');
    const [outsider, asked] = await Promise.all([
      exchangePays(invoice.invoice, fromSat(5_000n)),
      fleet.call('POST', '/v1/payments', { invoice: invoice.invoice }),
    ]);
    if (asked.status === 202) await settled(fleet, String(asked.body.id));
    await eventually('credited', async () => (await free('customer:acme')) > 0n);
    expect(await free('customer:acme')).toBe(fromSat(5_000n));
    const paidInside = outsider.kind === 'failed';
    expect(before - (await free('own:business'))).toBe(paidInside ? fromSat(5_000n) : 0n);
    await expectAllWell(fleet);
  });
});
