/** Fences behind fences: each holds though the ones before it were gone. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kit/clock.ts';
import { CommitUnknown, constraintOf, type Db } from '../../src/kit/db.ts';
import { type Effect, postponeEffect } from '../../src/kit/effect-store.ts';
import { silentLog } from '../../src/kit/log.ts';
import { withBooks } from '../../src/ledger/store.ts';
import { decodeBolt11 } from '../../src/lightning/bolt11.ts';
import { nodeId } from '../../src/lightning/ids.ts';
import { fromSat } from '../../src/money/msat.ts';
import { paymentEffects } from '../../src/payments/sending.ts';
import { intendPayment, preparePayment } from '../../src/payments/service.ts';
import { payAsPerson } from '../../src/practice/people.ts';
import { type MemoryFleet, memoryWorld, ownNodes, startMemoryFleet } from '../support/memory-fleet.ts';
import { takeSession } from '../support/session.ts';
import { eventually, expectAllWell, payment, settled } from '../support/well.ts';

let fleet: MemoryFleet;
/** What the daemons say that they know of a part, if not the truth. */
let forgetful = false;
/** Calls of `sendPart`: some daemons would pay for each. */
let sends = 0;
beforeEach(async () => {
  forgetful = false;
  sends = 0;
  const network = memoryWorld('fences');
  network.addNode({ name: 'kiosk' });
  network.addChannel({ from: 'eu', to: 'kiosk', capacityMsat: fromSat(1_000_000n) });
  const driven = () =>
    ownNodes(network).map((own) => {
      const lookup: typeof own.node.lookup = async (part) =>
        forgetful ? { kind: 'not_found' } : own.node.lookup(part);
      const sendPart: typeof own.node.sendPart = (order) => {
        sends += 1;
        return own.node.sendPart(order);
      };
      return { ...own, node: { ...own.node, lookup, sendPart } };
    });
  fleet = await startMemoryFleet(network, { driven });
});
afterEach(() => fleet.stop());

const merchantInvoice = async () =>
  (
    await fleet.network
      .open('merchant')
      .invoice({ amountMsat: fromSat(25_000n), description: '', expirySeconds: 3600 })
  ).bolt11;
const pay = async (): Promise<string> => {
  const asked = await fleet.call('POST', '/v1/payments', { invoice: await merchantInvoice() });
  expect(asked, JSON.stringify(asked.body)).toMatchObject({ status: 202 });
  return String(asked.body.id);
};

describe('a debt', () => {
  it('has one payment, whatever invoice and whoever asks', async () => {
    const context = fleet.system.payments;
    const options = { account: 'own:business', preferredRegion: null, timeoutMs: 60_000 };
    const intend = async () => {
      const prepared = await preparePayment(context, { invoice: await merchantInvoice() }, options);
      return withBooks(context.db, (tx) => intendPayment(context, tx, prepared, 'payout line 7'));
    };
    const first = await intend();
    const again = await intend().catch((error: unknown) => constraintOf(error));
    expect(again).toBe('obligation_source_key');
    fleet.system.kick();
    await settled(fleet, first.payment.id);
    await expectAllWell(fleet);
  });
});

describe('an effect', () => {
  it('that somebody may have begun before sends nothing', async () => {
    fleet.network.faults('merchant').holdPayments();
    const id = await pay();
    await eventually('in flight', async () => (await payment(fleet, id)).state === 'in_flight');
    await fleet.db.tx(async (tx) => {
      await tx.query(`update part set state = 'planned'`);
      await tx.query(
        `insert into effect (kind, key, node_id, payload, attempts)
         select 'part.send', 'again', node_id, json_build_object('token', token), 1 from part`,
      );
    });
    fleet.system.kick();
    await eventually('it is done', async () => {
      const left = await fleet.db.read.query(`select id from effect where key = 'again'`);
      return left.length === 0;
    });
    expect(sends).toBe(1);
    fleet.network.faults('merchant').releasePayments();
    await settled(fleet, id);
    await expectAllWell(fleet);
  });

  it('is ended only by whoever has the newest claim', async () => {
    fleet.network.faults('merchant').holdPayments();
    const id = await pay();
    await eventually('in flight', async () => (await payment(fleet, id)).state === 'in_flight');
    await fleet.db.tx(async (tx) => {
      await tx.query(`update part set state = 'planned'`);
      await tx.query(
        `insert into effect (kind, key, node_id, payload, attempts, claim, run_after)
         select 'part.send', 'again', node_id, json_build_object('token', token), 3, 8, now() + interval '1 hour' from part`,
      );
    });
    const row = await fleet.db.read.one<Omit<Effect, 'claimedAt'>>(
      `select id, kind, key, node_id, payload, attempts, claim from effect where key = 'again'`,
    );
    const outrun: Effect = { ...row, claim: row.claim - 1n, claimedAt: Date.now() };
    await paymentEffects(fleet.system.payments).get('part.send')?.(outrun);
    expect(await fleet.db.tx((tx) => postponeEffect(tx, outrun, 0))).toBe(false);
    expect(await fleet.db.read.query(`select state from part`)).toEqual([{ state: 'planned' }]);
    expect(await fleet.db.read.query(`select claim from effect where key = 'again'`)).toEqual([
      { claim: 8n },
    ]);
    fleet.network.faults('merchant').releasePayments();
    await settled(fleet, id);
    await expectAllWell(fleet);
  });
});

describe('a part that the node knows nothing of', () => {
  it('is not given up as long as an HTLC of it hangs on a channel', async () => {
    forgetful = true;
    fleet.network.faults('eu').dropResponses(1, 'sendPart');
    fleet.network.faults('merchant').holdPayments();
    const id = await pay();
    await eventually('found on the channel', async () => (await payment(fleet, id)).state === 'in_flight');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await payment(fleet, id)).attempts).toHaveLength(1);
    fleet.network.faults('merchant').releasePayments();
    expect((await settled(fleet, id)).attempts).toHaveLength(1);
    await expectAllWell(fleet);
  });
});

describe('the events of a node', () => {
  const forwardThroughEu = async () => {
    const kiosk = fleet.network.open('kiosk');
    const asked = await kiosk.invoice({ amountMsat: fromSat(25_000n), description: '', expirySeconds: 60 });
    const decoded = decodeBolt11(asked.bolt11);
    if (decoded.kind === 'fault') throw new Error(decoded.detail);
    const exchange = fleet.network.open('exchange');
    return payAsPerson(exchange, systemClock, decoded.invoice, fromSat(25_000n));
  };
  const earned = async () =>
    (
      await fleet.db.read.one<{ msat: bigint }>(
        `select balance_msat as msat from account where id = 'node:eu:fees_earned'`,
      )
    ).msat;

  it('are booked once though booking fails and the process restarts', async () => {
    await fleet.db.tx((tx) =>
      tx.query(
        `create sequence tries;
         create function fail_twice() returns trigger language plpgsql as
         $$ begin if nextval('tries') <= 2 then raise exception 'out of disk'; end if; return new; end $$;
         create trigger fail_twice before insert on transfer for each row
           when (new.reason like 'forwarded:%') execute function fail_twice()`,
      ),
    );
    expect(await forwardThroughEu()).toMatchObject({ kind: 'settled' });
    const fee = await eventually('the fee is booked', async () => (await earned()) > 0n && earned());
    fleet = await fleet.restart();
    fleet.network.mine(1);
    await expectAllWell(fleet);
    expect(await earned()).toBe(fee);
  });

  it('are booked once though the database does not say whether it has committed', async () => {
    await fleet.system.stop();
    let lost = 0;
    const tx: Db['tx'] = async (work, options) => {
      const result = await fleet.db.tx(work, options);
      if (booked.length > 0 && lost++ === 0) throw new CommitUnknown(new Error('the connection broke'));
      return result;
    };
    const booked: bigint[] = [];
    const session = await takeSession(
      { db: { ...fleet.db, tx }, clock: systemClock, log: silentLog },
      { id: nodeId('eu'), node: fleet.network.open('eu') },
      async (_tx, _node, events) => {
        for (const event of events) if (event.kind === 'block') booked.push(BigInt(event.height));
      },
    );
    fleet.network.mine(2);
    await eventually('the lost answer', async () => lost > 0, 3_000);
    fleet.network.mine(1);
    const { node } = await session.compare(async () => null);
    expect(node.cursor).toBe((await fleet.network.open('eu').balances()).cursor);
    const height = BigInt(fleet.network.height());
    expect(booked).toEqual([height - 2n, height - 1n, height]);
    await session.stop();
  });

  it('are not booked by a process whose lease went to another one', async () => {
    await fleet.db.tx((tx) =>
      tx.query(`update node_session set expires_at = now() - interval '1 second' where node_id = 'eu'`),
    );
    const booked: string[] = [];
    const other = await takeSession(
      { db: fleet.db, clock: systemClock, log: silentLog },
      { id: nodeId('eu'), node: fleet.network.open('eu') },
      async (_tx, _node, events) => void booked.push(...events.map(({ kind }) => kind)),
    );
    fleet.network.mine(1);
    await eventually('booked by the new owner', async () => booked.includes('block'), 3_000);
    await eventually(
      'the old one has noticed',
      async () => !fleet.system.fleet.owned().includes(nodeId('eu')),
      3_000,
    );
    expect(() => fleet.system.fleet.get(nodeId('eu'))).toThrow('not connected here');
    await other.stop();
  });
});

describe('an account with a floor', () => {
  it('is kept above it by the database itself', async () => {
    const dip = fleet.db.tx((tx) =>
      tx.query(`update account set balance_msat = -1 where id = 'own:business:held'`),
    );
    expect(await dip.catch((error: unknown) => constraintOf(error))).toBe('account_floor');
    const twice = fleet.db.tx((tx) =>
      tx.query(`insert into transfer (debit, credit, amount_msat, source, reason)
                select debit, credit, amount_msat, source, reason from transfer limit 1`),
    );
    expect(await twice.catch((error: unknown) => constraintOf(error))).toBe('transfer_once');
  });
});
