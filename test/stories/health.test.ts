/** Nodes that are not to be trusted, or not to be used: drained by rule and by hand, and resumed. */
import { afterEach, describe, expect, it } from 'vitest';
import type { ChainPatience } from '../../src/fleet/chain-view.ts';
import type { OwnNode } from '../../src/fleet/fleet.ts';
import { nodeId } from '../../src/lightning/ids.ts';
import { fromSat } from '../../src/money/msat.ts';
import { type MemoryFleet, memoryWorld, ownNodes, startMemoryFleet } from '../support/memory-fleet.ts';
import { eventually, expectAllWell, payment, settled } from '../support/well.ts';

let fleet: MemoryFleet;
afterEach(() => fleet.stop());

/** So short that a story need not wait, and long enough for all nodes to have been asked. */
const SOON: ChainPatience = { behindMs: 500, forkedMs: 500, disputedMs: 500, quietMs: 1_000 };
const start = async (seed: string, driven?: (own: OwnNode) => OwnNode | null) => {
  const network = memoryWorld(seed);
  const nodes = () => ownNodes(network).flatMap((own) => (driven === undefined ? own : (driven(own) ?? [])));
  fleet = await startMemoryFleet(network, { driven: nodes, chainPatience: SOON });
};

interface NodeBody {
  readonly id: string;
  readonly state: string;
  readonly problems: readonly { readonly code: string; readonly text: string }[];
  readonly drains: readonly {
    readonly cause: string;
    readonly reason: string;
    readonly principal: string | null;
  }[];
}
const node = async (id: string): Promise<NodeBody> => {
  const { body } = await fleet.call<{ data: NodeBody[] }>('GET', '/v1/nodes');
  return body.data.find((each) => each.id === id) ?? expect.unreachable(id);
};
const isNow = (id: string, state: string) =>
  eventually(`${id} is ${state}`, async () => {
    const found = await node(id);
    return found.state === state && found;
  });
/** The rule has written it down. */
const isDrained = (id: string) =>
  eventually(`${id} is drained`, async () => {
    const found = await node(id);
    return found.drains.length === 1 && found;
  });
const told = async (type: string) =>
  (
    await fleet.db.read.query<{ subject: string; data: Record<string, unknown> }>(
      'select subject, data from (select id, type, subject, data from event union all select id, type, subject, data from outbox) as told where type = $1 order by id',
      [type],
    )
  ).map(({ subject, data }) => ({ subject, ...data }));

const invoiceOfMerchant = async (sat = 25_000n) =>
  (
    await fleet.network
      .open('merchant')
      .invoice({ amountMsat: fromSat(sat), description: '', expirySeconds: 3600 })
  ).bolt11;
const pay = async (sat?: bigint): Promise<string> => {
  const asked = await fleet.call('POST', '/v1/payments', { invoice: await invoiceOfMerchant(sat) });
  expect(asked, JSON.stringify(asked.body)).toMatchObject({ status: 202 });
  return String(asked.body.id);
};
const payer = async (id: string) => (await settled(fleet, id)).attempts.map((attempt) => attempt.node);
const mine = async (region: string, sat = '1000000') =>
  fleet.call<{ node: string; id: string; invoice: string; code: string; detail: string }>(
    'POST',
    '/v1/invoices',
    {
      amount_msat: sat,
      region,
    },
  );
/** Every node is asked each block: each names it. */
const mineOne = async () => {
  fleet.network.mine(1);
  await fleet.call('GET', '/v1/nodes');
};

describe('a node whose source of blocks has stopped', () => {
  it('is drained with the reason though it says that it is synced, and resumed when it has caught up', async () => {
    await start('stuck');
    fleet.network.faults('eu').stopBlocks(true);
    await mineOne();
    await mineOne();
    const eu = await isDrained('eu');
    expect(eu.problems).toMatchObject([
      {
        code: 'drained',
        text: expect.stringMatching(/its chain stands at block 800000, 2 behind the other nodes \(800002\)/),
      },
    ]);
    expect(eu.drains).toMatchObject([{ cause: 'rule', principal: null }]);
    expect(await payer(await pay())).not.toContain('eu');
    expect((await mine('eu')).body.node).not.toBe('eu');
    const quote = await fleet.call<{ plan: { candidates: { node: string; obstacle: string }[] } }>(
      'POST',
      '/v1/quotes',
      {
        invoice: await invoiceOfMerchant(),
      },
    );
    expect(quote.body.plan.candidates.find((each) => each.node === 'eu')?.obstacle).toBe('node_drained');
    fleet.network.faults('eu').stopBlocks(false);
    await isNow('eu', 'up');
    expect(await payer(await pay())).toEqual(['eu']);
    expect(await told('node.drained')).toMatchObject([{ subject: 'eu', cause: 'rule' }]);
    expect(await told('node.resumed')).toMatchObject([{ subject: 'eu', causes: ['rule'] }]);
    await expectAllWell(fleet);
  });

  it('stays drained over a restart, and while nobody is left who could bear it out', async () => {
    await start('stuck alone');
    fleet.network.faults('eu').stopBlocks(true);
    await mineOne();
    await mineOne();
    await isDrained('eu');
    fleet.network.faults('us').kill();
    fleet.network.faults('asia').kill();
    fleet = await fleet.restart();
    expect((await node('eu')).state).toBe('drained');
    await fleet.system.fleet.refresh(nodeId('eu'));
    expect((await node('eu')).drains).toHaveLength(1);
  });
});

describe('a node on another chain', () => {
  it('is drained when two others agree, and resumed by rule', async () => {
    await start('fork');
    fleet.network.faults('asia').forkChain(true);
    await mineOne();
    const asia = await isDrained('asia');
    expect(asia.problems[0]?.text).toMatch(/its block 80000\d is another than that of us and eu/);
    expect([(await node('us')).state, (await node('eu')).state]).toEqual(['up', 'up']);
    fleet.network.faults('asia').forkChain(false);
    await isNow('asia', 'up');
  });

  it('of two with one each: neither sends, both receive, and both are told', async () => {
    await start('tie', (own) => (own.id === 'asia' ? null : own));
    fleet.network.faults('eu').forkChain(true);
    await mineOne();
    await isNow('us', 'disputed');
    const eu = await isNow('eu', 'disputed');
    expect(eu.problems).toMatchObject([{ code: 'chain_disputed' }]);
    const quote = await fleet.call<{ payable: boolean; plan: { candidates: { obstacle: string }[] } }>(
      'POST',
      '/v1/quotes',
      {
        invoice: await invoiceOfMerchant(),
      },
    );
    expect(quote.body.payable).toBe(false);
    expect(quote.body.plan.candidates.map(({ obstacle }) => obstacle)).toEqual([
      'chain_disputed',
      'chain_disputed',
    ]);
    expect((await mine('eu')).body.node).toBe('eu');
    fleet.network.faults('eu').forkChain(false);
    await isNow('eu', 'up');
    await settled(fleet, await pay());
    await expectAllWell(fleet);
  });
});

describe('a node that is drained by hand', () => {
  it('starts nothing new, over a restart, and ends what is under way', async () => {
    await start('by hand');
    const issued = (await mine('eu')).body;
    expect(issued.node).toBe('eu');
    fleet.network.faults('merchant').holdPayments();
    const underWay = await pay();
    await eventually('in flight', async () => (await payment(fleet, underWay)).state === 'in_flight');
    const drained = await fleet.call<NodeBody>('POST', '/v1/nodes/eu/drain', { reason: 'kernel update' });
    expect(drained.body).toMatchObject({
      state: 'drained',
      problems: [
        { code: 'drained', text: expect.stringMatching(/^drained by owner for \d s: kernel update$/) },
      ],
    });
    fleet = await fleet.restart();
    expect((await node('eu')).state).toBe('drained');
    expect((await mine('eu')).body.node).not.toBe('eu');
    fleet.network.faults('merchant').releasePayments();
    expect(await payer(underWay)).toEqual(['eu']);
    await fleet.call('POST', '/v1/nodes/eu/resume', {});
    expect((await node('eu')).state).toBe('up');
    expect(await payer(await pay())).toEqual(['eu']);
    expect(await told('node.drained')).toMatchObject([
      { subject: 'eu', principal: 'owner', reason: 'kernel update' },
    ]);
    await expectAllWell(fleet);
  });

  it('sends no part that was planned before, and its payment goes on at another node', async () => {
    await start('planned');
    // The drain comes between the plan and the send.
    const drainFirst = fleet.db.tx(async (tx) => {
      await tx.query('lock table node_drain in access exclusive mode');
      const id = await pay();
      await tx.query(`insert into node_drain (node_id, cause, reason) values ('eu', 'hand', 'in between')`);
      return id;
    });
    const paid = await settled(fleet, await drainFirst);
    expect(paid.attempts.map((attempt) => attempt.node)).toEqual(['eu', expect.not.stringContaining('eu')]);
    expect(paid.attempts[0]?.parts).toMatchObject([{ state: 'failed', failure: 'node_down' }]);
    await expectAllWell(fleet);
  });

  it('must be one of the fleet', async () => {
    await start('nobody');
    expect(await fleet.call('POST', '/v1/nodes/mars/drain', {})).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
  });
});

describe('a node that dies and comes back', () => {
  it('is told of, both times', async () => {
    await start('dies');
    fleet.network.faults('asia').kill();
    const asia = await isNow('asia', 'down');
    expect(asia.problems).toMatchObject([
      { code: 'silent', text: expect.stringContaining('does not answer') },
    ]);
    await eventually('it is told', async () => (await told('node.down')).length === 1);
    fleet.network.faults('asia').start();
    await isNow('asia', 'up');
    await eventually('it is told', async () => (await told('node.up')).length === 1);
  });
});

describe('a node with a cap', () => {
  it('issues no invoice that would bring it above, says which node has how much room, and shows it', async () => {
    await start('cap', (own) => ({ ...own, exposureMsatMax: fromSat(10_500_000n) }));
    const { body: refused, status } = await mine('us', fromSat(600_000n).toString());
    expect([status, refused.code]).toEqual([409, 'exposure_cap']);
    expect(refused.detail).toContain('us has room for 500,000 sat');
    const issued = await mine('us', fromSat(500_000n).toString());
    expect(issued.body.node).toBe('us');
    expect(await node('us')).toMatchObject({
      state: 'up',
      exposure_msat: '10000000000',
      exposure_msat_max: '10500000000',
    });
  });

  it('that holds more already is used for sending, and told', async () => {
    await start('over', (own) => ({ ...own, exposureMsatMax: fromSat(1_000_000n) }));
    const eu = await node('eu');
    expect(eu.problems).toMatchObject([
      { code: 'over_exposure', text: expect.stringContaining('may hold 1,000,000') },
    ]);
    expect(await payer(await pay())).toEqual(['eu']);
    await expectAllWell(fleet);
  });
});
