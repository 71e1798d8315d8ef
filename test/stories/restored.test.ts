/** The control database is put back to an earlier state, while the nodes have gone on: nothing is paid twice. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kit/clock.ts';
import { decodeBolt11 } from '../../src/lightning/bolt11.ts';
import { nodeId } from '../../src/lightning/ids.ts';
import { fromSat } from '../../src/money/msat.ts';
import type { LightningNode } from '../../src/nodes/node.ts';
import { payAsPerson } from '../../src/practice/people.ts';
import { dumpOf, restored } from '../support/dump.ts';
import { type MemoryFleet, memoryWorld, ownNodes, startMemoryFleet } from '../support/memory-fleet.ts';
import { eventually, expectAllWell, payment, settled } from '../support/well.ts';

let fleet: MemoryFleet;
/** Payment hashes in the order in which parts were handed to own nodes. */
let sent: string[];
beforeEach(async () => {
  sent = [];
  const network = memoryWorld('restored');
  fleet = await startMemoryFleet(network, {
    driven: () =>
      ownNodes(network).map((own) => ({
        ...own,
        node: {
          ...own.node,
          sendPart: (order) => {
            sent.push(order.paymentHash);
            return own.node.sendPart(order);
          },
        },
      })),
  });
});
afterEach(() => fleet.stop());

const bill = async (sat = 25_000): Promise<string> => {
  const order = { amountMsat: fromSat(BigInt(sat)), description: '', expirySeconds: 3600 };
  return (await fleet.network.open('merchant').invoice(order)).bolt11;
};
const ask = (invoice: string, key: string = randomUUID()) =>
  fleet.call<{ id: string; code?: string; waiting_for?: string[] }>('POST', '/v1/payments', { invoice }, key);
const pay = async (invoice: string, key?: string) => {
  const { status, body } = await ask(invoice, key);
  expect(status, JSON.stringify(body)).toBe(202);
  return settled(fleet, body.id);
};
/** Whoever has the node's keys, with other software than Argosy. */
const payOutside = (node: LightningNode, bolt11: string) => {
  const decoded = decodeBolt11(bolt11);
  if (decoded.kind === 'fault') throw new Error(decoded.detail);
  return payAsPerson(node, systemClock, decoded.invoice, decoded.invoice.amountMsat ?? fromSat(1n));
};
const suspense = async (): Promise<Record<string, bigint>> => {
  const rows = await fleet.db.read.query<{ id: string; balance_msat: bigint }>(
    `select id, balance_msat from account where id like 'node:%:suspense' and balance_msat <> 0 order by id`,
  );
  return Object.fromEntries(rows.map(({ id, balance_msat }) => [id, balance_msat]));
};
const goesOn = () =>
  eventually('histories are in', async () => fleet.system.fleet.pastSeen().unimported.length === 0);
/** Ten minutes later it is put back. */
async function putBack(dump: Awaited<ReturnType<typeof dumpOf>>): Promise<void> {
  fleet = await fleet.restart(await restored(dump));
}

describe('a database that was put back', () => {
  it('sends nothing until every node has told what it did since', async () => {
    await pay(await bill());
    const dump = await dumpOf(fleet.db);
    fleet.network.faults('asia').kill();
    await putBack(dump);
    const invoice = await bill();
    const refused = await eventually('only asia is missing', async () => {
      const { status, body } = await ask(invoice);
      expect([status, body.code]).toEqual([503, 'history_missing']);
      return body.waiting_for?.join() === 'asia' && body;
    });
    expect(refused.waiting_for).toEqual(['asia']);
    const nodes = await fleet.call<{ data: { id: string; problems: { code: string }[] }[] }>(
      'GET',
      '/v1/nodes',
    );
    const told = nodes.body.data.find(({ id }) => id === 'asia')?.problems.map(({ code }) => code);
    expect(told).toContain('history_missing');
    fleet.network.faults('asia').start();
    await goesOn();
    expect((await pay(invoice)).state).toBe('settled');
    await expectAllWell(fleet);
  });

  it('pays nothing twice that was paid since, whoever asks again, by whatever key', async () => {
    const before = { invoice: await bill(1_000), key: randomUUID() };
    const first = await pay(before.invoice, before.key);
    const dump = await dumpOf(fleet.db);
    const since = await Promise.all(
      [2_000, 3_000, 4_000].map(async (sat) => ({ invoice: await bill(sat), key: randomUUID() })),
    );
    for (const { invoice, key } of since) expect((await pay(invoice, key)).state).toBe('settled');
    const sends = sent.length;
    await putBack(dump);
    await goesOn();
    expect((await ask(before.invoice, before.key)).body.id).toBe(first.id);
    for (const { invoice, key } of since) {
      expect((await ask(invoice, key)).body).toMatchObject({ code: 'invoice_already_paid' });
      expect((await ask(invoice)).body).toMatchObject({ code: 'invoice_already_paid' });
    }
    expect(sent.length).toBe(sends);
    expect(Object.values(await suspense()).reduce((sum, each) => sum + each, 0n)).toBe(9_000_000n);
    await expectAllWell(fleet);
  });

  it('takes back what was sent of its own payments, and charges it to whoever pays', async () => {
    const merchant = fleet.network.faults('merchant');
    merchant.holdPayments();
    const held = await ask(await bill(2_000));
    await eventually('it is out', async () => (await payment(fleet, held.body.id)).state === 'in_flight');
    const dump = await dumpOf(fleet.db);
    merchant.releasePayments();
    expect((await settled(fleet, held.body.id)).state).toBe('settled');
    await putBack(dump);
    await goesOn();
    expect((await settled(fleet, held.body.id)).state).toBe('settled');
    expect(await suspense()).toEqual({});
    await expectAllWell(fleet);
  });

  it('follows what was in flight under a name that it lost, and finds it settled', async () => {
    fleet.network.faults('eu').loseRequests(1, 'sendPart');
    const { body } = await ask(await bill(2_000));
    await eventually('eu may have it', async () => (await payment(fleet, body.id)).state === 'unknown');
    const dump = await dumpOf(fleet.db);
    // Proven absent there, it goes to another node.
    const paid = await settled(fleet, body.id);
    expect(paid.state).toBe('settled');
    expect(paid.attempts.length).toBe(2);
    const sends = sent.length;
    await putBack(dump);
    expect(await settled(fleet, body.id)).toMatchObject({ state: 'settled', fee_msat: paid.fee_msat });
    expect(sent.length).toBe(sends);
    expect(await suspense()).toEqual({});
    await expectAllWell(fleet);
  });

  it('begins nothing anew that it had begun: whoever waits for it asks again', async () => {
    for (const name of ['us', 'eu', 'asia']) fleet.network.faults(name).kill();
    const invoice = await bill(2_000);
    const { body } = await ask(invoice);
    const dump = await dumpOf(fleet.db);
    await putBack(dump);
    for (const name of ['us', 'eu', 'asia']) fleet.network.faults(name).start();
    await goesOn();
    expect(await settled(fleet, body.id)).toMatchObject({ state: 'failed', failure: 'INTERRUPTED' });
    expect((await pay(invoice)).state).toBe('settled');
    await expectAllWell(fleet);
  });

  it('credits what came for invoices that it knows, and keeps the rest apart, item by item', async () => {
    const issue = async () =>
      (
        await fleet.call<{ id: string; invoice: string }>('POST', '/v1/invoices', {
          amount_msat: '5000000',
          region: 'asia',
        })
      ).body;
    const exchange = fleet.network.open('exchange');
    const known = await issue();
    const dump = await dumpOf(fleet.db);
    const lost = await issue();
    for (const { invoice } of [known, lost]) await payOutside(exchange, invoice);
    await putBack(dump);
    await goesOn();
    expect((await fleet.call('GET', `/v1/invoices/${known.id}`)).body).toMatchObject({ state: 'settled' });
    expect(await suspense()).toEqual({ 'node:asia:suspense': -5_000_000n });
    await expectAllWell(fleet);
  });

  it('goes on without a node that is gone for good, when somebody says so', async () => {
    const dump = await dumpOf(fleet.db);
    fleet.network.faults('asia').kill();
    await putBack(dump);
    const body = { reason: 'its disk is lost' };
    const asia = nodeId('asia');
    await eventually(
      'asia alone is missing',
      async () => fleet.system.fleet.pastSeen().unimported.join() === asia,
    );
    const went = await fleet.call('POST', '/v1/nodes/asia/go-on-without', body);
    expect(went).toMatchObject({ status: 200, body: { waived: true, waiting_for: [] } });
    expect((await pay(await bill())).state).toBe('settled');
    fleet.network.faults('asia').start();
    await eventually('asia is back', async () => fleet.system.fleet.health(asia).state === 'up');
    await expectAllWell(fleet);
  });
});

describe('what other software does at a node', () => {
  it('is booked apart, and its hash is not paid a second time', async () => {
    const invoice = await bill(7_000);
    await payOutside(fleet.network.open('us'), invoice);
    await eventually('it is found', async () => (await suspense())['node:us:suspense'] === 7_000_000n);
    expect((await ask(invoice)).body).toMatchObject({ code: 'invoice_already_paid' });
    expect(sent).toEqual([]);
    await expectAllWell(fleet);
  });

  it('keeps its hash while it is in flight', async () => {
    const merchant = fleet.network.faults('merchant');
    merchant.holdPayments();
    const invoice = await bill(7_000);
    const paying = payOutside(fleet.network.open('us'), invoice);
    await eventually('it is found', async () => (await ask(invoice)).body.code === 'payment_in_progress');
    merchant.releasePayments();
    await paying;
    await eventually('it is paid', async () => (await ask(invoice)).body.code === 'invoice_already_paid');
    await expectAllWell(fleet);
  });
});
