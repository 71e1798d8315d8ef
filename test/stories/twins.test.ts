/** Routes as another daemon may find them: of the very same amount. A part is known by its amount. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fromSat, msat } from '../../src/money/msat.ts';
import type { LightningNode, RouteAnswer, RouteQuestion } from '../../src/nodes/node.ts';
import { type MemoryFleet, memoryWorld, ownNodes, startMemoryFleet } from '../support/memory-fleet.ts';
import { eventually, expectAllWell, payment, settled } from '../support/well.ts';

let fleet: MemoryFleet;
beforeAll(async () => {
  const network = memoryWorld('twins');
  const driven = () => ownNodes(network).map((own) => ({ ...own, node: halving(own.node) }));
  fleet = await startMemoryFleet(network, { driven });
});
afterAll(() => fleet.stop());

/** Finds two routes of half the amount each. */
function halving(node: LightningNode): LightningNode {
  const find = async (question: RouteQuestion): Promise<RouteAnswer> => {
    const half = { ...question, amountMsat: msat(question.amountMsat / 2n) };
    const answer = await node.facets.routes?.find(half);
    if (answer?.kind !== 'routes') return answer ?? { kind: 'none', reason: 'no_route' };
    return { kind: 'routes', routes: [answer.routes[0], answer.routes[0]] };
  };
  return { ...node, facets: { ...node.facets, routes: { find } } };
}

const pay = async (): Promise<string> => {
  const invoice = await fleet.network
    .open('merchant')
    .invoice({ amountMsat: fromSat(50_000n), description: '', expirySeconds: 3600 });
  const asked = await fleet.call('POST', '/v1/payments', { invoice: invoice.bolt11 });
  expect(asked, JSON.stringify(asked.body)).toMatchObject({ status: 202 });
  return String(asked.body.id);
};

it('two routes of one amount are told apart by a millisatoshi, and paid', async () => {
  const paid = await settled(fleet, await pay());
  expect(paid).toMatchObject({ state: 'settled', amount_msat: '50000000' });
  const amounts = await fleet.db.read.query('select amount_msat from part order by amount_msat');
  expect(amounts).toEqual([{ amount_msat: 24_999_999n }, { amount_msat: 25_000_001n }]);
  expect((await fleet.network.open('merchant').balances()).channelsMsat).toBe(fromSat(50_000n));
  await expectAllWell(fleet);
});

it('one of them unanswered is found again, and not sent twice', async () => {
  fleet.network.faults('merchant').holdPayments();
  fleet.network.faults('eu').dropResponses(1, 'sendPart');
  const id = await pay();
  await eventually('both are under way', async () => {
    const parts = (await payment(fleet, id)).attempts.flatMap((attempt) => attempt.parts);
    return parts.length === 2 && parts.every((part) => part.state === 'in_flight');
  });
  fleet.network.faults('merchant').releasePayments();
  expect(await settled(fleet, id)).toMatchObject({ state: 'settled' });
  await expectAllWell(fleet);
});
