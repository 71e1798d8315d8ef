import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromSat } from '../../src/money/msat.ts';
import { type MemoryFleet, memoryWorld, startMemoryFleet } from '../support/memory-fleet.ts';
import { misbook, steal } from '../support/theft.ts';
import { eventually, expectAllWell, payment, settled } from '../support/well.ts';

let fleet: MemoryFleet;
beforeEach(async () => {
  fleet = await startMemoryFleet(memoryWorld('paying'));
});
afterEach(() => fleet.stop());

const merchantInvoice = (sat: bigint) =>
  fleet.network
    .open('merchant')
    .invoice({ amountMsat: fromSat(sat), description: 'coffee', expirySeconds: 3600 });

const pay = async (invoice: string): Promise<string> => {
  const asked = await fleet.call('POST', '/v1/payments', { invoice });
  expect(asked, JSON.stringify(asked.body)).toMatchObject({ status: 202 });
  return String(asked.body.id);
};

/** What the merchant has been paid, in msat: the one number that tells a double payment. */
const merchantHolds = async () => (await fleet.network.open('merchant').balances()).channelsMsat;

describe('paying an invoice', () => {
  it('takes the cheapest able node and books amount and fee', async () => {
    const { bolt11 } = await merchantInvoice(25_000n);
    const quote = await fleet.call<{ plan: { chosen: string } }>('POST', '/v1/quotes', { invoice: bolt11 });
    expect(quote.body.plan.chosen).toBe('eu');
    expect(await settled(fleet, await pay(bolt11))).toMatchObject({
      state: 'settled',
      amount_msat: '25000000',
      fee_msat: '0',
    });
    await expectAllWell(fleet);
  });

  it('explains in the quote why the others were not chosen', async () => {
    const { bolt11 } = await merchantInvoice(5_000_000n);
    fleet.network.faults('asia').kill();
    await fleet.system.fleet.refresh(fleet.system.fleet.nodes[2]?.id ?? ('' as never));
    const quote = await fleet.call<{ plan: { candidates: { node: string; obstacle: string | null }[] } }>(
      'POST',
      '/v1/quotes',
      { invoice: bolt11, fee_limit_msat: '100' },
    );
    const obstacles = Object.fromEntries(quote.body.plan.candidates.map((c) => [c.node, c.obstacle]));
    expect(obstacles).toEqual({ us: 'fee_limit', eu: 'fee_limit', asia: 'node_down' });
  });

  it('goes to another node only after the first one is proven to have failed', async () => {
    // The direct channel of eu vanishes between plan and send; hub carries the payment for whoever is next.
    const { bolt11 } = await merchantInvoice(25_000n);
    fleet.network.unlink('eu', 'merchant');
    const paid = await settled(fleet, await pay(bolt11));
    expect(paid.state).toBe('settled');
    const detail = await payment(fleet, paid.id);
    for (const attempt of detail.attempts.slice(0, -1)) {
      expect(attempt.parts.every((part) => part.state === 'failed')).toBe(true);
    }
    expect(await merchantHolds()).toBe(fromSat(25_000n));
    await expectAllWell(fleet);
  });

  it('does not try other nodes when the payee refuses', async () => {
    const { bolt11, paymentHash } = await merchantInvoice(25_000n);
    await fleet.network.open('merchant').cancelInvoice(paymentHash);
    const failed = await settled(fleet, await pay(bolt11));
    expect(failed).toMatchObject({ state: 'failed', failure: 'REFUSED_BY_PAYEE' });
    expect(failed.attempts).toHaveLength(1);
    await expectAllWell(fleet);
  });

  it('fails in time with the reason when nobody has a route', async () => {
    fleet.network.unlink('eu', 'merchant');
    fleet.network.unlink('hub', 'merchant');
    const { bolt11 } = await merchantInvoice(25_000n);
    const failed = await settled(fleet, await pay(bolt11));
    expect(failed.state).toBe('failed');
    expect(await merchantHolds()).toBe(0n);
    await expectAllWell(fleet);
  });

  it('keeps the hold while the payee holds the payment, and balances all the while', async () => {
    fleet.network.faults('merchant').holdPayments();
    const id = await pay((await merchantInvoice(25_000n)).bolt11);
    await eventually('in flight', async () => (await payment(fleet, id)).state === 'in_flight');
    const books = await fleet.call<{ difference_msat: string; nodes: { in_flight: unknown[] }[] }>(
      'GET',
      '/v1/books/check',
    );
    expect(books.body.difference_msat).toBe('0');
    expect(books.body.nodes.flatMap((node) => node.in_flight)).toHaveLength(1);
    fleet.network.faults('merchant').releasePayments();
    expect((await settled(fleet, id)).state).toBe('settled');
    await expectAllWell(fleet);
  });
});

describe('a send whose answer is lost', () => {
  it('is unknown, never sent again, and settles once by proof', async () => {
    fleet.network.faults('eu').dropResponses(1, 'sendPart');
    fleet.network.faults('merchant').holdPayments();
    const id = await pay((await merchantInvoice(25_000n)).bolt11);
    await eventually('unknown or found again', async () => {
      const { attempts, state } = await payment(fleet, id);
      return state !== 'pending' && attempts.length === 1;
    });
    fleet.network.faults('merchant').releasePayments();
    const paid = await settled(fleet, id);
    expect(paid.state).toBe('settled');
    expect(paid.attempts).toHaveLength(1);
    expect(await merchantHolds()).toBe(fromSat(25_000n));
    await expectAllWell(fleet);
  });

  it('whose request was lost is sent anew, by another part, only after the proof of absence', async () => {
    fleet.network.faults('eu').loseRequests(1, 'sendPart');
    const id = await pay((await merchantInvoice(25_000n)).bolt11);
    await eventually('unknown', async () => (await payment(fleet, id)).state === 'unknown');
    const early = await payment(fleet, id);
    expect(early.attempts).toHaveLength(1);
    const paid = await settled(fleet, id);
    expect(paid.state).toBe('settled');
    expect(paid.attempts.length).toBeGreaterThan(1);
    expect(await merchantHolds()).toBe(fromSat(25_000n));
    await expectAllWell(fleet);
  });

  it('stays unknown while its node is down, is paid by no other, and ends when the node is back', async () => {
    fleet.network.faults('merchant').holdPayments();
    fleet.network.faults('eu').dropResponses(1, 'sendPart');
    const id = await pay((await merchantInvoice(25_000n)).bolt11);
    fleet.network.faults('eu').kill();
    await eventually('unknown', async () => (await payment(fleet, id)).state === 'unknown');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await payment(fleet, id)).state).toBe('unknown');
    expect((await payment(fleet, id)).attempts).toHaveLength(1);
    fleet.network.faults('eu').start();
    fleet.network.faults('merchant').releasePayments();
    expect((await settled(fleet, id)).state).toBe('settled');
    expect(await merchantHolds()).toBe(fromSat(25_000n));
    await expectAllWell(fleet);
  });
});

describe('a restart', () => {
  it('with a part held settles it once', async () => {
    fleet.network.faults('merchant').holdPayments();
    const id = await pay((await merchantInvoice(25_000n)).bolt11);
    await eventually('in flight', async () => (await payment(fleet, id)).state === 'in_flight');
    fleet = await fleet.restart();
    fleet.network.faults('merchant').releasePayments();
    expect((await settled(fleet, id)).state).toBe('settled');
    expect(await merchantHolds()).toBe(fromSat(25_000n));
    await expectAllWell(fleet);
  });

  it('between the claim of a send and its answer never sends a second time', async () => {
    fleet.network.faults('eu').dropResponses(1, 'sendPart');
    fleet.network.faults('merchant').holdPayments();
    const id = await pay((await merchantInvoice(25_000n)).bolt11);
    await eventually('unknown', async () => (await payment(fleet, id)).state !== 'pending');
    // As if the process had died before it wrote what it knew: the effect is there, begun once.
    const token = await fleet.db.read.one<{ token: string; node_id: string }>(
      'select token, node_id from part',
    );
    await fleet.db.tx(async (tx) => {
      await tx.query(`update part set state = 'planned'`);
      await tx.query(
        `insert into effect (kind, key, node_id, payload, attempts) values ('part.send', $1, $2, $3, 1)`,
        [`again:${token.token}`, token.node_id, JSON.stringify({ token: token.token })],
      );
    });
    fleet = await fleet.restart();
    await eventually('looked up', async () => (await payment(fleet, id)).state === 'in_flight');
    fleet.network.faults('merchant').releasePayments();
    expect((await settled(fleet, id)).attempts).toHaveLength(1);
    expect(await merchantHolds()).toBe(fromSat(25_000n));
    await expectAllWell(fleet);
  });
});

describe('the same payment asked for again', () => {
  it('replays the stored answer for the same key and body', async () => {
    const { bolt11 } = await merchantInvoice(1_000n);
    const first = await fleet.call('POST', '/v1/payments', { invoice: bolt11 }, 'order-1');
    await settled(fleet, String(first.body.id));
    const again = await fleet.call('POST', '/v1/payments', { invoice: bolt11 }, 'order-1');
    expect(again).toEqual(first);
  });

  it('is refused for the same key with another body', async () => {
    const first = await merchantInvoice(1_000n);
    const other = await merchantInvoice(2_000n);
    await fleet.call('POST', '/v1/payments', { invoice: first.bolt11 }, 'order-2');
    const changed = await fleet.call('POST', '/v1/payments', { invoice: other.bolt11 }, 'order-2');
    expect(changed).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });

  it('pays once when twenty requests race, with one key and with twenty', async () => {
    const { bolt11 } = await merchantInvoice(25_000n);
    const same = Array.from({ length: 10 }, () =>
      fleet.call('POST', '/v1/payments', { invoice: bolt11 }, 'race'),
    );
    const other = Array.from({ length: 10 }, () => fleet.call('POST', '/v1/payments', { invoice: bolt11 }));
    const answers = await Promise.all([...same, ...other]);
    const accepted = new Set(answers.filter((a) => a.status === 202).map((a) => a.body.id));
    expect(accepted.size).toBe(1);
    for (const answer of answers.filter((a) => a.status !== 202)) {
      expect(['payment_in_progress', 'invoice_already_paid']).toContain(answer.body.code);
    }
    await settled(fleet, String([...accepted][0]));
    expect(await merchantHolds()).toBe(fromSat(25_000n));
    await expectAllWell(fleet);
  });

  it('can be tried anew after a proven failure', async () => {
    fleet.network.unlink('eu', 'merchant');
    fleet.network.unlink('hub', 'merchant');
    const { bolt11 } = await merchantInvoice(25_000n);
    expect((await settled(fleet, await pay(bolt11))).state).toBe('failed');
    fleet.network.link('eu', 'merchant');
    expect((await settled(fleet, await pay(bolt11))).state).toBe('settled');
    await expectAllWell(fleet);
  });
});

describe('the books', () => {
  it('keep apart what somebody takes behind their back, 1 msat', async () => {
    await steal(fleet.network.open('eu'), fleet.network.open('merchant'));
    await eventually('it is booked', async () => {
      const suspense = await fleet.db.read.one<{ balance_msat: bigint }>(
        `select balance_msat from account where id = 'node:eu:suspense'`,
      );
      return suspense.balance_msat === 1n;
    });
    await expectAllWell(fleet);
  });

  it('say 1 when they have 1 msat that the node has not', async () => {
    await misbook(fleet.db, 'node:eu:channels', 1n);
    const books = await eventually('it shows', async () => {
      const { body } = await fleet.call<{ difference_msat: string; nodes: Record<string, string>[] }>(
        'GET',
        '/v1/books/check',
      );
      return body.difference_msat !== '0' && body;
    });
    expect(books.difference_msat).toBe('1');
    expect(books.nodes.find((node) => node.node === 'eu')?.difference_msat).toBe('-1');
  });
});
