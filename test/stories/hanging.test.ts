/** A node that hangs: it neither answers nor refuses. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromSat } from '../../src/money/msat.ts';
import { type MemoryFleet, memoryWorld, startMemoryFleet } from '../support/memory-fleet.ts';
import { eventually, expectAllWell, settled } from '../support/well.ts';

let fleet: MemoryFleet;
beforeEach(async () => {
  fleet = await startMemoryFleet(memoryWorld('hanging'));
});
afterEach(() => fleet.stop());

const invoice = async () =>
  (
    await fleet.network
      .open('merchant')
      .invoice({ amountMsat: fromSat(25_000n), description: '', expirySeconds: 3600 })
  ).bolt11;
const pay = async (): Promise<string> => {
  const asked = await fleet.call('POST', '/v1/payments', { invoice: await invoice() });
  expect(asked, JSON.stringify(asked.body)).toMatchObject({ status: 202 });
  return String(asked.body.id);
};

describe('a node that hangs', () => {
  it('during a proof of the books is told by name, and its events go on', async () => {
    fleet.network.faults('eu').hangLostCalls(true);
    fleet.network.faults('eu').loseRequests(1, 'balances');
    const books = await fleet.call('GET', '/v1/books/check');
    expect(books).toMatchObject({ status: 503, body: { code: 'node_unavailable' } });
    expect((await settled(fleet, await pay())).state).toBe('settled');
    const { cursor } = await fleet.network.open('eu').balances();
    await eventually('booked', async () => {
      const at = await fleet.db.read.one<{ cursor: string }>(
        `select cursor from node_session where node_id = 'eu'`,
      );
      return at.cursor === cursor;
    });
    await expectAllWell(fleet);
  }, 40_000);

  it('takes no more than its share of the work: the others go on paying', async () => {
    fleet.network.faults('eu').hangLostCalls(true);
    fleet.network.faults('eu').loseRequests(500, 'lookupInvoice');
    const asked = await fleet.call<{ id: string }>('POST', '/v1/invoices', { region: 'eu' });
    await fleet.db.tx((tx) =>
      tx.query(
        `insert into effect (kind, key, node_id, payload)
         select 'invoice.check', 'again:' || n, 'eu', json_build_object('invoice', $1::text) from generate_series(1, 200) as n`,
        [asked.body.id],
      ),
    );
    fleet.system.kick();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await fleet.call('POST', '/v1/accounts', { name: 'acme' });
    fleet.network.unlink('eu', 'merchant');
    fleet.network.unlink('eu', 'hub');
    await fleet.system.fleet.refresh(fleet.system.fleet.nodes[1]?.id as never);
    expect((await settled(fleet, await pay())).state).toBe('settled');
    await fleet.db.tx((tx) => tx.query(`delete from effect where key like 'again:%'`));
    const began = Date.now();
    await fleet.system.stop();
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  it('while an invoice is asked of it is told by name', async () => {
    fleet.network.faults('asia').hangLostCalls(true);
    fleet.network.faults('asia').loseRequests(1, 'invoice');
    const answer = await fleet.call('POST', '/v1/invoices', { region: 'asia' });
    expect(answer).toMatchObject({ status: 503, body: { code: 'node_unavailable' } });
    await expectAllWell(fleet);
  });
});

describe('a node that is down', () => {
  it('makes the proof of the books say so', async () => {
    fleet.network.faults('asia').kill();
    const books = await fleet.call('GET', '/v1/books/check');
    expect(books).toMatchObject({ status: 503, body: { code: 'node_unavailable', field: 'node' } });
    fleet.network.faults('asia').start();
    await expectAllWell(fleet);
  });

  it('does not keep the fleet from starting again', async () => {
    fleet.network.faults('eu').kill();
    fleet = await fleet.restart();
    expect((await settled(fleet, await pay())).state).toBe('settled');
    fleet.network.faults('eu').start();
    await eventually('it is back', async () => {
      const { body } = await fleet.call<{ data: { id: string; state: string }[] }>('GET', '/v1/nodes');
      return body.data.find((node) => node.id === 'eu')?.state === 'up';
    });
    await expectAllWell(fleet);
  });
});
