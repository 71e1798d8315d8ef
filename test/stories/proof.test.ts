/** What proves that a part was not paid, and what does not. */
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kit/clock.ts';
import type { Effect } from '../../src/kit/effect-store.ts';
import { fromSat } from '../../src/money/msat.ts';
import type { LightningNode } from '../../src/nodes/node.ts';
import { paymentEffects } from '../../src/payments/sending.ts';
import { type MemoryFleet, memoryWorld, ownNodes, startMemoryFleet } from '../support/memory-fleet.ts';
import { eventually, expectAllWell, payment, settled } from '../support/well.ts';

let fleet: MemoryFleet;
afterEach(() => fleet.stop());

/** @param sendPart how sends reach the node. */
const start = async (sendPart?: (node: LightningNode) => LightningNode['sendPart']): Promise<void> => {
  const network = memoryWorld('proof');
  const driven = () =>
    ownNodes(network).map((own) => {
      const { node } = own;
      return sendPart === undefined ? own : { ...own, node: { ...node, sendPart: sendPart(node) } };
    });
  fleet = await startMemoryFleet(network, { driven, patience: { sendMs: 3_000, absenceMs: 3_000 } });
};
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const pay = async (more: Record<string, unknown> = {}): Promise<string> => {
  const invoice = await fleet.network
    .open('merchant')
    .invoice({ amountMsat: fromSat(25_000n), description: '', expirySeconds: 3600 });
  const asked = await fleet.call('POST', '/v1/payments', { invoice: invoice.bolt11, ...more });
  expect(asked, JSON.stringify(asked.body)).toMatchObject({ status: 202 });
  return String(asked.body.id);
};
const merchantHolds = async () => (await fleet.network.open('merchant').balances()).channelsMsat;

/** The effect of the send is found by nobody for a while, as after an outage. */
const postponeSends = (ms: number) =>
  fleet.db.tx((tx) =>
    tx.query(
      `create function later() returns trigger language plpgsql as
       'begin new.run_after := now() + ${ms} * interval ''1 millisecond''; return new; end';
       create trigger later before insert on effect for each row when (new.kind = 'part.send') execute function later()`,
    ),
  );

describe('the absence of a part', () => {
  it('is waited for from its send on, however long ago it was intended', async () => {
    let first = true;
    await start((node) => async (order) => {
      if (!first) return node.sendPart(order);
      first = false;
      setTimeout(() => void node.sendPart(order), 1_500); // on its way, though the answer is lost already
      throw new Error('the connection broke');
    });
    await postponeSends(3_200);
    const id = await pay();
    const paid = await settled(fleet, id);
    expect(paid.state).toBe('settled');
    expect(paid.attempts).toHaveLength(1);
    expect(await merchantHolds()).toBe(fromSat(25_000n));
    await expectAllWell(fleet);
  });

  it('is proof at once at a node of this process, for a send that another process had begun', async () => {
    const network = memoryWorld('proof');
    const driven = () => ownNodes(network).map((own) => ({ ...own, inProcess: true }));
    fleet = await startMemoryFleet(network, { driven, patience: { sendMs: 3_000, absenceMs: 60_000 } });
    // As a process leaves it that is killed between its claim and its send.
    await fleet.db.tx((tx) =>
      tx.query(
        `create function begun() returns trigger language plpgsql as 'begin new.attempts := 1; return new; end';
         create trigger begun before insert on effect for each row when (new.kind = 'part.send') execute function begun()`,
      ),
    );
    const id = await pay();
    await eventually(
      'it is proven to have failed',
      async () => (await payment(fleet, id)).attempts.length > 1,
    );
    await fleet.db.tx((tx) => tx.query('drop trigger begun on effect'));
    expect((await settled(fleet, id)).state).toBe('settled');
    await expectAllWell(fleet);
  });

  it('is waited for at a node of this process, for a send of its own', async () => {
    let first = true;
    const network = memoryWorld('proof');
    const driven = () =>
      ownNodes(network).map((own) => {
        const sendPart: LightningNode['sendPart'] = async (order) => {
          if (!first) return own.node.sendPart(order);
          first = false;
          setTimeout(() => void own.node.sendPart(order), 1_500);
          throw new Error('no answer');
        };
        return { ...own, inProcess: true, node: { ...own.node, sendPart } };
      });
    fleet = await startMemoryFleet(network, { driven, patience: { sendMs: 3_000, absenceMs: 3_000 } });
    const paid = await settled(fleet, await pay());
    expect(paid.attempts).toHaveLength(1);
    expect(await merchantHolds()).toBe(fromSat(25_000n));
    await expectAllWell(fleet);
  });

  it('proves nothing while the send has not ended', async () => {
    let sends = 0;
    await start((node) => async (order) => {
      sends += 1;
      await sleep(sends === 1 ? 1_500 : 0); // a slow daemon
      return node.sendPart(order);
    });
    await postponeSends(3_200);
    const id = await pay();
    const { token, node_id } = await fleet.db.read.one<{ token: string; node_id: string }>(
      'select token, node_id from part',
    );
    await eventually('the send is under way', async () => sends === 1);
    await fleet.db.tx((tx) =>
      tx.query(`insert into effect (kind, key, node_id, payload) values ('part.resolve', $1, $2, $3)`, [
        token,
        node_id,
        JSON.stringify({ token }),
      ]),
    );
    fleet.system.kick();
    expect((await settled(fleet, id)).attempts).toHaveLength(1);
    expect(sends).toBe(1);
    expect(await merchantHolds()).toBe(fromSat(25_000n));
    await expectAllWell(fleet);
  });

  it('is no failure of a part that the node had accepted: the node has forgotten it', async () => {
    await start();
    fleet.network.faults('merchant').holdPayments();
    const id = await pay();
    await eventually('in flight', async () => (await payment(fleet, id)).state === 'in_flight');
    await fleet.system.stop();
    fleet.network.faults('merchant').releasePayments();
    const eu = fleet.network.faults('eu');
    eu.forgetEvents((await fleet.network.open('eu').balances()).cursor);
    eu.deleteHistory();
    fleet = await fleet.restart();
    await eventually('an alarm', async () => {
      const told = await fleet.db.read.query(`select id from event where type = 'alarm'`);
      return told.length > 0;
    });
    const held = await fleet.db.read.one<{ msat: bigint }>(
      `select balance_msat as msat from account where id = 'own:business:held'`,
    );
    expect(held.msat).toBeGreaterThan(0n);
    expect(await payment(fleet, id)).toMatchObject({ state: 'in_flight', failure: null });
  });
});

describe('a worker that was frozen between its claim and its send', () => {
  it('does not send any more', async () => {
    await start();
    await postponeSends(60_000);
    const id = await pay();
    const effect = await fleet.db.read.one<Omit<Effect, 'claimedAt'>>(
      `select id, kind, key, node_id, payload, attempts + 1 as attempts, claim from effect where kind = 'part.send'`,
    );
    const send = paymentEffects(fleet.system.payments).get('part.send');
    await send?.({ ...effect, claimedAt: systemClock.elapsed() - 20_000 });
    expect((await payment(fleet, id)).state).toBe('unknown');
    expect(await fleet.network.open('eu').pendingHtlcs()).toEqual([]);
    expect(await merchantHolds()).toBe(0n);
  });
});

describe('the deadline of a payment', () => {
  it('holds for its first attempt, too: what was not sent in time is not sent', async () => {
    await start();
    await postponeSends(1_500);
    const failed = await settled(fleet, await pay({ timeout_seconds: 1 }));
    expect(failed).toMatchObject({ state: 'failed', failure: 'TIMEOUT' });
    expect(await merchantHolds()).toBe(0n);
    await expectAllWell(fleet);
  });
});
