/** Back again: what waited for a node, or for an Argosy, is looked at at once, and proven as strictly as ever. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { decodeBolt11 } from '../../src/lightning/bolt11.ts';
import { nodeId } from '../../src/lightning/ids.ts';
import { fromSat } from '../../src/money/msat.ts';
import { payAsPerson } from '../../src/practice/people.ts';
import { type MemoryFleet, memoryWorld, ownNodes, startMemoryFleet } from '../support/memory-fleet.ts';
import { takeSession } from '../support/session.ts';
import { eventually, expectAllWell, type PaymentBody, payment } from '../support/well.ts';

const EU = nodeId('eu');
/** Before, it took up to a minute. */
const PROMPT_MS = 4_000;

let fleet: MemoryFleet;
beforeEach(async () => {
  fleet = await startMemoryFleet(memoryWorld('recovery'), { patience: { absenceMs: 1_000 } });
});
afterEach(() => fleet.stop());

const pay = async (): Promise<string> => {
  const merchant = fleet.network.open('merchant');
  const order = { amountMsat: fromSat(25_000n), description: '', expirySeconds: 3600 };
  const { bolt11 } = await merchant.invoice(order);
  const asked = await fleet.call('POST', '/v1/payments', { invoice: bolt11 });
  expect(asked, JSON.stringify(asked.body)).toMatchObject({ status: 202 });
  return String(asked.body.id);
};
const ended = async (id: string): Promise<PaymentBody | false> => {
  const body = await payment(fleet, id);
  return ['settled', 'failed'].includes(body.state) && body;
};
const change = (sql: string): Promise<object[]> => fleet.db.tx((tx) => tx.query(sql));
const stateOfEu = (): string => fleet.system.fleet.health(EU).state;
const euIs = (state: string, ms?: number) =>
  eventually(`eu is ${state}`, async () => stateOfEu() === state, ms);
/** A payment whose part eu may have or not have, and eu dies. */
async function unknownAtDeadEu(lose: 'loseRequests' | 'dropResponses'): Promise<string> {
  fleet.network.faults('eu')[lose](1, 'sendPart');
  const id = await pay();
  await eventually('unknown', async () => (await payment(fleet, id)).state === 'unknown');
  fleet.network.faults('eu').kill();
  await fleet.system.fleet.refresh(EU);
  expect(stateOfEu()).toBe('down');
  return id;
}

describe('a node that comes back', () => {
  it('is used again soon, also when no event tells that it is well', async () => {
    fleet.network.faults('eu').lagBehindChain(true);
    await euIs('lagging');
    fleet.network.faults('eu').lagBehindChain(false);
    await euIs('up', 2_500);
    await expectAllWell(fleet);
  });

  it('has its unknown parts looked up at once, however long the next look was to wait', async () => {
    const id = await unknownAtDeadEu('loseRequests');
    await change(
      `update effect set run_after = now() + interval '1 hour', attempts = 9, claim = claim + 1 where kind = 'part.resolve'`,
    );
    fleet.network.faults('eu').start();
    await euIs('up');
    const paid = await eventually('it ends', async () => ended(id), PROMPT_MS);
    expect(paid.state).toBe('settled');
    expect(paid.attempts.length).toBeGreaterThan(1);
    await expectAllWell(fleet);
  });

  it('has those looked up as well that nobody was going to look up', async () => {
    const id = await unknownAtDeadEu('loseRequests');
    await change(`delete from effect where kind = 'part.resolve'`);
    fleet.network.faults('eu').start();
    await euIs('up');
    expect((await eventually('it ends', async () => ended(id), PROMPT_MS)).state).toBe('settled');
    await expectAllWell(fleet);
  });

  it('is looked at twice before its word is taken for an end, as if it had never been asked', async () => {
    let lookups = 0;
    await fleet.stop();
    const network = memoryWorld('twice');
    const driven = () =>
      ownNodes(network).map((own) => {
        const lookup: typeof own.node.lookup = (part) => {
          lookups += 1;
          return own.node.lookup(part);
        };
        return { ...own, node: { ...own.node, lookup } };
      });
    fleet = await startMemoryFleet(network, { driven, patience: { absenceMs: 100 } });
    const id = await unknownAtDeadEu('loseRequests');
    await change(`update effect set attempts = 9 where kind = 'part.resolve'`);
    lookups = 0;
    fleet.network.faults('eu').start();
    await eventually('it ends', async () => ended(id), PROMPT_MS);
    expect(lookups).toBeGreaterThanOrEqual(2);
    await expectAllWell(fleet);
  });
});

describe('an Argosy that starts after another was killed', () => {
  /** As the dead one has left it: the part was sent, its effect is claimed, and nothing was written since. */
  async function claimedByTheDead(): Promise<string> {
    fleet.network.faults('merchant').holdPayments();
    const id = await pay();
    await eventually('in flight', async () => (await payment(fleet, id)).state === 'in_flight');
    await fleet.system.stop();
    await change(`update part set state = 'planned', sent_at = null`);
    await change(
      `insert into effect (kind, key, node_id, payload, attempts, claim, run_after)
       select 'part.send', 'again', node_id, json_build_object('token', token), 1, 1, now() + interval '29 seconds' from part`,
    );
    return id;
  }

  it('takes up at once what that one had claimed, and sends nothing twice', async () => {
    const id = await claimedByTheDead();
    fleet = await fleet.restart();
    await eventually(
      'looked up',
      async () => (await payment(fleet, id)).attempts[0]?.parts[0]?.state === 'in_flight',
      PROMPT_MS,
    );
    fleet.network.faults('merchant').releasePayments();
    const paid = await eventually('it ends', async () => ended(id), PROMPT_MS);
    expect(paid.attempts).toHaveLength(1);
    const channels = await fleet.network.open('merchant').channels();
    expect(channels.reduce((total, channel) => total + channel.localMsat, 0n)).toBe(fromSat(25_000n));
    await expectAllWell(fleet);
  });

  const claimOf = () =>
    fleet.db.read.one<{ claim: bigint; attempts: number; due: boolean }>(
      `select claim, attempts, run_after <= now() as due from effect where key = 'again'`,
    );
  const openEu = () =>
    takeSession(
      { db: fleet.db, clock: systemClock, log: silentLog },
      { id: EU, node: fleet.network.open('eu') },
    );

  it('voids those claims, so that one who was only frozen ends nothing, and keeps count of the attempts', async () => {
    await claimedByTheDead();
    const session = await openEu();
    expect(await claimOf()).toEqual({ claim: 2n, attempts: 1, due: true });
    await session.stop();
    await change(`update part set state = 'in_flight'`);
  });

  it('takes nothing from one that lives', async () => {
    await change(
      `insert into effect (kind, key, node_id, payload, attempts, claim, run_after)
       values ('part.send', 'again', 'eu', '{}', 1, 1, now() + interval '29 seconds')`,
    );
    await expect(openEu()).rejects.toThrow('owned by another Argosy process');
    expect(await claimOf()).toEqual({ claim: 1n, attempts: 1, due: false });
    await change('delete from effect');
  });

  it('looks at open invoices, and credits one that was paid meanwhile, though no event tells', async () => {
    const asked = await fleet.call<{ id: string; invoice: string }>('POST', '/v1/invoices', {
      amount_msat: '5000000',
      region: 'eu',
    });
    await fleet.system.stop();
    const decoded = decodeBolt11(asked.body.invoice);
    if (decoded.kind === 'fault') throw new Error(decoded.detail);
    const exchange = fleet.network.open('exchange');
    await payAsPerson(exchange, systemClock, decoded.invoice, fromSat(5_000n));
    fleet.network.faults('eu').forgetEvents((await fleet.network.open('eu').balances()).cursor);
    fleet = await fleet.restart();
    await eventually(
      'credited',
      async () => {
        const { body } = await fleet.call<{ state: string }>('GET', `/v1/invoices/${asked.body.id}`);
        return body.state === 'settled';
      },
      PROMPT_MS,
    );
    fleet.network.mine(1); // an event that is not forgotten: the books are compared there
    await expectAllWell(fleet);
  });
});
