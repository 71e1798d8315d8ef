/** The panic switch: once it has answered, no part leaves, from whichever process. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kit/clock.ts';
import type { Db } from '../../src/kit/db.ts';
import { silentLog } from '../../src/kit/log.ts';
import { withBooks } from '../../src/ledger/store.ts';
import { decodeBolt11 } from '../../src/lightning/bolt11.ts';
import { fromSat } from '../../src/money/msat.ts';
import { intendPayment, preparePayment } from '../../src/payments/service.ts';
import { payAsPerson } from '../../src/practice/people.ts';
import { openSystem, type System } from '../../src/system.ts';
import { type MemoryFleet, memoryWorld, ownNodes, startMemoryFleet } from '../support/memory-fleet.ts';
import { eventually, expectAllWell, payment, settled } from '../support/well.ts';

let fleet: MemoryFleet;
/** Calls of `sendPart`, by node. */
let sends: string[];
/** Nodes of this name are driven by another process. */
let elsewhere: string | null;
beforeEach(async () => {
  sends = [];
  elsewhere = null;
});
afterEach(() => fleet.stop());

const counted = (network: ReturnType<typeof memoryWorld>) =>
  ownNodes(network).map((own) => {
    const sendPart: typeof own.node.sendPart = (order) => {
      sends.push(own.id);
      return own.node.sendPart(order);
    };
    return { ...own, node: { ...own.node, sendPart } };
  });
const start = async (seed: string) => {
  const network = memoryWorld(seed);
  const driven = () => counted(network).filter(({ id }) => id !== elsewhere);
  fleet = await startMemoryFleet(network, { driven });
};

interface PanicBody {
  readonly on: boolean;
  readonly reason: string | null;
  readonly principal: string | null;
  readonly waiting_for: readonly string[];
}
const panic = async (on: boolean, reason?: string) =>
  (await fleet.call<PanicBody>('POST', '/v1/panic', { on, ...(reason === undefined ? {} : { reason }) }))
    .body;
const panicNow = async () => (await fleet.call<PanicBody>('GET', '/v1/panic')).body;

const merchantInvoice = async () =>
  (
    await fleet.network
      .open('merchant')
      .invoice({ amountMsat: fromSat(5_000n), description: '', expirySeconds: 3600 })
  ).bolt11;
const ask = async () => fleet.call('POST', '/v1/payments', { invoice: await merchantInvoice() });
const pay = async (): Promise<string> => {
  const asked = await ask();
  expect(asked, JSON.stringify(asked.body)).toMatchObject({ status: 202 });
  return String(asked.body.id);
};

/** Whoever has asked for a clearance, and was told to go, is kept from going until `release`. */
function holdClearances(db: Db) {
  const held = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const { query } = db.read;
  const slow = async (sql: string, ...rest: never[]) => {
    const rows = await query(sql, ...rest);
    if (/as panic/.test(sql)) {
      asked.resolve();
      await held.promise;
    }
    return rows;
  };
  Object.assign(db.read, { query: slow });
  return { asked: asked.promise, release: held.resolve };
}

/** The process knows that the switch is thrown, all others have obeyed, and still it does not say so. */
async function waitsForEu(process: System): Promise<void> {
  await eventually('the switch is seen, and waits for eu alone', async () => {
    const seen = process.fleet.panicSeen().on;
    return seen && (await panicNow()).waiting_for.join() === 'eu';
  });
  for (let look = 0; look < 30; look++)
    expect(await panicNow()).toMatchObject({ on: true, waiting_for: ['eu'] });
}

describe('panic on', () => {
  it('refuses new payments and says who, when and why; receiving goes on', async () => {
    await start('refuse');
    expect(await panicNow()).toMatchObject({ on: false, waiting_for: [] });
    const invoice = await fleet.call<{ id: string; invoice: string }>('POST', '/v1/invoices', {
      amount_msat: '5000000',
    });
    expect(await panic(true, 'a key may have leaked')).toMatchObject({
      on: true,
      reason: 'a key may have leaked',
      principal: 'owner',
      waiting_for: [],
    });
    const refused = await ask();
    expect(refused).toMatchObject({ status: 409, body: { code: 'sending_stopped', retryable: true } });
    expect(String(refused.body.detail)).toMatch(/by owner: a key may have leaked\. Nothing was sent/);
    expect((await fleet.call('GET', '/v1/health')).body).toMatchObject({
      status: 'degraded',
      sending: 'stopped',
    });
    const decoded = decodeBolt11(invoice.body.invoice);
    if (decoded.kind === 'fault') throw new Error(decoded.detail);
    await payAsPerson(fleet.network.open('exchange'), systemClock, decoded.invoice, fromSat(5_000n));
    await eventually('it is credited', async () => {
      return (await fleet.call('GET', `/v1/invoices/${invoice.body.id}`)).body.state === 'settled';
    });
    expect(await panic(false)).toMatchObject({ on: false });
    await settled(fleet, await pay());
    expect(sends).toHaveLength(1);
    await expectAllWell(fleet);
  });

  it('is there after a restart', async () => {
    await start('restart');
    await panic(true);
    fleet = await fleet.restart();
    expect(await ask()).toMatchObject({ status: 409, body: { code: 'sending_stopped' } });
  });

  it('lets what is under way end', async () => {
    await start('under way');
    fleet.network.faults('merchant').holdPayments();
    const id = await pay();
    await eventually('in flight', async () => (await payment(fleet, id)).state === 'in_flight');
    expect(await panic(true)).toMatchObject({ waiting_for: [] });
    fleet.network.faults('merchant').releasePayments();
    expect(await settled(fleet, id)).toMatchObject({ state: 'settled' });
    await expectAllWell(fleet);
  });

  it('has what was planned and not sent wait, for as long as it is on, without a mark of doubt', async () => {
    await start('planned');
    const context = fleet.system.payments;
    const options = { account: 'own:business', preferredRegion: null, timeoutMs: 60_000 };
    const prepared = await preparePayment(context, { invoice: await merchantInvoice() }, options);
    const { id } = await withBooks(fleet.db, async (tx) => {
      const stored = await intendPayment(context, tx, prepared, 'line 1');
      await tx.query('update panic set is_on = true, epoch = epoch + 1');
      return stored.payment;
    });
    fleet.system.kick();
    await eventually('its send was taken up twice, and given back', async () => {
      const [effect] = await fleet.db.read.query<{ claim: bigint; attempts: number }>(
        `select claim, attempts from effect where kind = 'part.send'`,
      );
      return effect !== undefined && effect.claim >= 2n && effect.attempts === 0;
    });
    expect(sends).toEqual([]);
    await panic(false);
    expect((await settled(fleet, id)).attempts).toHaveLength(1);
    expect(sends).toHaveLength(1);
    await expectAllWell(fleet);
  });

  it('plans no second attempt, and gives up what has reached its deadline meanwhile', async () => {
    await start('deadline');
    fleet.network.faults('eu').hangLostCalls(false);
    const context = fleet.system.payments;
    const options = { account: 'own:business', preferredRegion: null, timeoutMs: 1_000 };
    const prepared = await preparePayment(context, { invoice: await merchantInvoice() }, options);
    const { id } = await withBooks(fleet.db, async (tx) => {
      const stored = await intendPayment(context, tx, prepared, 'line 1');
      await tx.query('update panic set is_on = true, epoch = epoch + 1');
      return stored.payment;
    });
    fleet.system.kick();
    expect(await settled(fleet, id)).toMatchObject({ state: 'failed', failure: 'TIMEOUT' });
    expect(sends).toEqual([]);
    await expectAllWell(fleet);
  });
});

describe('no part leaves after the switch has answered', () => {
  it('though it was cleared before: the switch waits for it', async () => {
    await start('race');
    const { asked, release } = holdClearances(fleet.db);
    const id = await pay();
    await asked;
    let answered: PanicBody | null = null;
    const throwing = panic(true).then((body) => {
      answered = body;
      return { body, sent: sends.length };
    });
    await waitsForEu(fleet.system);
    expect(answered).toBeNull();
    release();
    const { body, sent } = await throwing;
    expect(body).toMatchObject({ on: true, waiting_for: [] });
    expect(sent).toBe(1);
    await settled(fleet, id);
    expect(sends).toHaveLength(1);
    await expectAllWell(fleet);
  });

  it('of many payments that are on their way to it', async () => {
    await start('many');
    const asking = Array.from({ length: 30 }, () => ask());
    await Promise.race(asking);
    const { waiting_for } = await panic(true);
    const sent = sends.length;
    expect(waiting_for).toEqual([]);
    const ids = (await Promise.all(asking))
      .filter(({ status }) => status === 202)
      .map(({ body }) => String(body.id));
    await eventually('what is left was taken up and given back', async () => {
      const waiting = await fleet.db.read.query(
        `select id from effect where kind = 'part.send' and (claim = 0 or attempts > 0)`,
      );
      return waiting.length === 0;
    });
    expect(sends).toHaveLength(sent);
    await panic(false);
    for (const id of ids) expect(await settled(fleet, id)).toMatchObject({ state: 'settled' });
    expect(sends).toHaveLength(ids.length);
    await expectAllWell(fleet);
  }, 60_000);

  it('from another process on the same database', async () => {
    elsewhere = 'eu';
    await start('processes');
    const db = { ...fleet.db, read: { ...fleet.db.read } };
    const other = await openSystem({
      ...{ db, clock: systemClock, log: silentLog, network: 'regtest' },
      nodes: counted(fleet.network).filter(({ id }) => id === 'eu'),
    });
    try {
      const { asked, release } = holdClearances(db);
      const context = other.payments;
      const options = { account: 'own:business', preferredRegion: null, timeoutMs: 60_000 };
      const prepared = await preparePayment(context, { invoice: await merchantInvoice() }, options);
      const { payment: intended } = await withBooks(db, (tx) =>
        intendPayment(context, tx, prepared, 'line 1'),
      );
      other.kick();
      await asked;
      const throwing = panic(true);
      await waitsForEu(other);
      release();
      expect((await throwing).waiting_for).toEqual([]);
      expect(sends).toEqual(['eu']);
      await settled(fleet, intended.id);
    } finally {
      await other.stop();
    }
  });

  it('and a node that does not answer a send is told by name', async () => {
    await start('hangs');
    fleet.network.faults('eu').hangLostCalls(true);
    fleet.network.faults('eu').dropResponses(1, 'sendPart');
    const id = await pay();
    await eventually('it is handed over', async () => sends.length === 1);
    expect(await panic(true)).toMatchObject({ on: true, waiting_for: ['eu'] });
    await panic(false);
    expect(await settled(fleet, id)).toMatchObject({ state: 'settled' });
    expect(sends).toHaveLength(1);
    await expectAllWell(fleet);
  });
});
