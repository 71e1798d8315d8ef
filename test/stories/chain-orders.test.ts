/** Channels and coins by order: each once, whatever is lost on the way, and the books follow. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeId } from '../../src/lightning/ids.ts';
import { fromSat } from '../../src/money/msat.ts';
import { type MemoryNetwork, memoryNetwork, systemTime } from '../../src/nodes/memory/network.ts';
import { dumpOf, restored } from '../support/dump.ts';
import { type MemoryFleet, OWN, startMemoryFleet } from '../support/memory-fleet.ts';
import { eventually, expectAllWell } from '../support/well.ts';

const COINS_SAT = 2_000_000n;
const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

interface OrderBody {
  readonly id: string;
  readonly state: string;
  readonly channel: string | null;
  readonly txid: string | null;
  readonly failure: string | null;
  readonly detail: string | null;
}

function world(): MemoryNetwork {
  const network = memoryNetwork({ seed: 'chain orders', time: systemTime });
  for (const name of OWN) network.addNode({ name, onchainMsat: fromSat(COINS_SAT) });
  for (const name of ['hub', 'merchant']) network.addNode({ name });
  for (const from of OWN) network.addChannel({ from, to: 'hub', capacityMsat: fromSat(1_000_000n) });
  return network;
}

let fleet: MemoryFleet;
beforeEach(async () => {
  fleet = await startMemoryFleet(world());
});
afterEach(() => fleet.stop());

const hub = () => fleet.network.pubkey('hub');
const open = (more: object = {}, key?: string) =>
  fleet.call<OrderBody>(
    'POST',
    '/v1/nodes/eu/channels',
    { peer: hub(), capacity_msat: '500000000', ...more },
    key,
  );
const send = (more: object = {}, key?: string) =>
  fleet.call<OrderBody>(
    'POST',
    '/v1/nodes/eu/coins',
    { address: ADDRESS, amount_msat: '300000000', ...more },
    key,
  );
const close = (channel: string, force = false) =>
  fleet.call<OrderBody>('POST', `/v1/nodes/eu/channels/${channel}/close`, { force });
const order = async (id: string) => (await fleet.call<OrderBody>('GET', `/v1/chain-orders/${id}`)).body;
const reaches = (id: string, state: string) =>
  eventually(`${id} is ${state}`, async () => {
    const body = await order(id);
    return body.state === state && body;
  });
/** Blocks come until it is so. */
const confirms = (id: string) =>
  eventually(`${id} is confirmed`, async () => {
    fleet.network.mine(1);
    const body = await order(id);
    return body.state === 'confirmed' && body;
  });
const eu = () => fleet.network.open('eu');
const channels = async () => (await eu().channels()).map(({ id }) => id as string);
const coins = async () => (await eu().balances()).onchainMsat;
const balance = async (id: string): Promise<bigint> =>
  (await fleet.db.read.one<{ msat: bigint }>('select balance_msat as msat from account where id = $1', [id]))
    .msat;
const funded = (sat: bigint) => fromSat(COINS_SAT - sat - 153n);

describe('a channel by order', () => {
  it('is opened, confirmed and closed, and its coins come home', async () => {
    const asked = await open();
    expect(asked, JSON.stringify(asked.body)).toMatchObject({ status: 202, body: { state: 'pending' } });
    const { channel } = await reaches(asked.body.id, 'published');
    expect(await channels()).toContain(channel);
    await confirms(asked.body.id);
    const closing = await close(channel ?? '');
    expect(closing, JSON.stringify(closing.body)).toMatchObject({ status: 202 });
    await confirms(closing.body.id);
    expect(await channels()).not.toContain(channel);
    expect(await coins()).toBe(funded(0n));
    await eventually('settling is empty', async () => (await balance('node:eu:settling')) === 0n);
    await expectAllWell(fleet);
  });

  it('is one for one key, and its answer the same', async () => {
    const [one, other] = await Promise.all([open({}, 'channel-7'), open({}, 'channel-7')]);
    expect(other.body.id).toBe(one?.body.id);
    await reaches(one.body.id, 'published');
    expect((await channels()).length).toBe(2);
    expect(await open({ private: true }, 'channel-7')).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    await expectAllWell(fleet);
  });

  for (const lose of ['loseRequests', 'dropResponses'] as const) {
    it(`is one where calls to open it are lost (${lose})`, async () => {
      fleet.network.faults('eu')[lose](2, 'open');
      const { body } = await open();
      await reaches(body.id, 'published');
      expect((await channels()).length).toBe(2);
      expect(await coins()).toBe(funded(500_000n));
      await confirms(body.id);
      await expectAllWell(fleet);
    });
  }

  it('is one where Argosy ends with the call under way, and is told by the next', async () => {
    fleet.network.faults('eu').hangLostCalls(true);
    fleet.network.faults('eu').dropResponses(1, 'open');
    const { body } = await open();
    await eventually('the channel is there', async () => (await channels()).length === 2);
    expect((await order(body.id)).state).toBe('pending');
    fleet = await fleet.restart();
    await reaches(body.id, 'published');
    expect((await channels()).length).toBe(2);
    await confirms(body.id);
    await expectAllWell(fleet);
  });

  it('waits for no address that nobody answers at', async () => {
    fleet.network.faults('eu').hangLostCalls(true);
    fleet.network.faults('eu').loseRequests(1, 'connect');
    const { body } = await open({ host: 'hub.example:9735' });
    expect((await reaches(body.id, 'published')).detail).toBe(null);
    await confirms(body.id);
    await expectAllWell(fleet);
  });

  it('fails with proof where the peer is away, and nothing has moved', async () => {
    fleet.network.faults('hub').kill();
    const { body } = await open();
    const { failure } = await reaches(body.id, 'failed');
    expect(failure).toBe('peer_offline');
    expect(await coins()).toBe(fromSat(COINS_SAT));
    fleet.network.faults('hub').start();
    await expectAllWell(fleet);
  });

  it('is closed once where the answer is lost', async () => {
    const [channel = ''] = await channels();
    fleet.network.faults('eu').dropResponses(1, 'close');
    const { body } = await close(channel);
    await confirms(body.id);
    expect(await channels()).toEqual([]);
    await expectAllWell(fleet);
  });
});

describe('coins by order', () => {
  it("are sent once, and charged to the business's own funds", async () => {
    const before = await balance('own:business');
    const { body } = await send();
    const { txid } = await reaches(body.id, 'published');
    expect(txid).toMatch(/^[0-9a-f]{64}$/);
    await confirms(body.id);
    expect(await balance('own:business')).toBe(before - 300_000_000n);
    expect(await coins()).toBe(fromSat(COINS_SAT - 300_000n - 282n));
    await eventually('booked', async () => (await balance('node:eu:drawings')) === 0n);
    expect(await balance('node:eu:chain_fees')).toBe(282_000n);
    await expectAllWell(fleet);
  });

  for (const lose of ['loseRequests', 'dropResponses'] as const) {
    it(`leave once where calls to send them are lost (${lose})`, async () => {
      fleet.network.faults('eu')[lose](2, 'sendOnchain');
      const { body } = await send();
      await confirms(body.id);
      expect(await coins()).toBe(fromSat(COINS_SAT - 300_000n - 282n));
      await expectAllWell(fleet);
    });
  }

  it('that are refused set nothing aside', async () => {
    const { body } = await send({ amount_msat: '1999990000' });
    const { failure } = await reaches(body.id, 'failed');
    expect(failure).toBe('insufficient_funds');
    expect(await balance('own:business:held')).toBe(0n);
    await expectAllWell(fleet);
  });

  it("are the business's own: those that cover customers stay", async () => {
    await fleet.call('POST', '/v1/accounts', { name: 'acme' });
    const held = await balance('own:business');
    // All but a little of what the fleet has is the customer's.
    await fleet.db.tx((tx) =>
      tx.query(
        `update account set balance_msat = case id when 'own:business' then 1000 else $1::bigint end
                where id in ('own:business', 'customer:acme')`,
        [held - 1000n],
      ),
    );
    expect(await send()).toMatchObject({ status: 409, body: { code: 'insufficient_balance' } });
  });
});

describe('while', () => {
  it('the panic switch is on nothing is ordered, and what was ordered waits', async () => {
    fleet.network.faults('eu').loseRequests(1, 'open');
    const { body } = await open();
    await reaches(body.id, 'unknown');
    await fleet.call('POST', '/v1/panic', { on: true });
    expect(await send()).toMatchObject({ status: 409, body: { code: 'sending_stopped' } });
    const before = await channels();
    const looks = async () =>
      (await fleet.db.read.one<{ claim: bigint }>("select claim from effect where kind = 'chain.do'")).claim;
    const looked = await looks();
    await eventually('it is looked at again, twice', async () => (await looks()) >= looked + 2n);
    expect(await channels()).toEqual(before);
    await fleet.call('POST', '/v1/panic', { on: false });
    await reaches(body.id, 'published');
    await expectAllWell(fleet);
  });

  it('a node is drained it opens and sends nothing, and its channels can be closed', async () => {
    await fleet.call('POST', '/v1/nodes/eu/drain', { reason: 'moves out' });
    expect(await open()).toMatchObject({ status: 409, body: { code: 'node_drained', field: 'id' } });
    expect(await send()).toMatchObject({ status: 409, body: { code: 'node_drained' } });
    const [channel = ''] = await channels();
    const { body } = await close(channel);
    await confirms(body.id);
    await expectAllWell(fleet);
  });
});

describe('a database that was put back', () => {
  it('has no order done twice, be it in the dump or not', async () => {
    fleet.network.faults('eu').loseRequests(2, 'open');
    const { body } = await open({}, 'channel-7');
    await reaches(body.id, 'unknown');
    const dump = await dumpOf(fleet.db);
    await reaches(body.id, 'published');
    const since = (await send({}, 'refund-7')).body;
    const { txid } = await reaches(since.id, 'published');
    fleet = await fleet.restart(await restored(dump));
    await reaches(body.id, 'published');
    const again = await eventually('orders are taken', async () => {
      const answer = await send({}, 'refund-7');
      if (answer.status !== 202) expect(answer.body).toMatchObject({ code: 'history_missing' });
      return answer.status === 202 && answer.body;
    });
    expect((await reaches(again.id, 'published')).txid).toBe(txid);
    await confirms(again.id);
    expect((await channels()).length).toBe(2);
    expect(await coins()).toBe(fromSat(COINS_SAT - 500_000n - 153n - 300_000n - 282n));
    await expectAllWell(fleet);
  });
});

describe('what cannot be is refused, and the field named', () => {
  const cases: readonly (readonly [string, () => Promise<unknown>, number, string, string])[] = [
    ['a peer that is none', () => open({ peer: 'hub' }), 400, 'peer_malformed', 'peer'],
    ['msat', () => open({ capacity_msat: '500000001' }), 400, 'amount_not_for_chain', 'capacity_msat'],
    [
      'a tiny channel',
      () => open({ capacity_msat: '1000000' }),
      400,
      'amount_not_for_chain',
      'capacity_msat',
    ],
    [
      'more than there is',
      () => open({ capacity_msat: '9000000000' }),
      409,
      'coins_insufficient',
      'capacity_msat',
    ],
    ['words', () => send({ amount_msat: 'much' }), 400, 'amount_not_numeric', 'amount_msat'],
    ['dust', () => send({ amount_msat: '545000' }), 400, 'amount_not_for_chain', 'amount_msat'],
    ['all there is', () => send({ amount_msat: '2000000000' }), 409, 'coins_insufficient', 'amount_msat'],
    ['no address', () => send({ address: 'bcrt1nowhere' }), 400, 'address_malformed', 'address'],
    [
      'an address of another network',
      () => send({ address: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4' }),
      400,
      'address_wrong_network',
      'address',
    ],
    ['a channel of nobody', () => close('00'.repeat(32)), 404, 'channel_unknown', 'channel'],
  ];
  for (const [what, ask, status, code, field] of cases) {
    it(what, async () => {
      const before = await fleet.db.read.one('select count(*) as orders from chain_order');
      expect(await ask()).toMatchObject({ status, body: { code, field } });
      expect(await fleet.db.read.one('select count(*) as orders from chain_order')).toEqual(before);
    });
  }

  it('a node that is not there', async () => {
    const asked = { address: ADDRESS, amount_msat: '300000000' };
    const answer = await fleet.call('POST', '/v1/nodes/mars/coins', asked);
    expect(answer).toMatchObject({ status: 404, body: { code: 'node_unknown', field: 'id' } });
    expect(nodeId('mars')).toBe('mars');
  });
});
