/** Drains and the panic switch on real LDK nodes. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OwnNode } from '../../src/fleet/fleet.ts';
import { type PracticeFleet, startPracticeFleet } from '../support/practice-fleet.ts';
import { eventually } from '../support/well.ts';

let fleet: PracticeFleet;
/** Calls of `sendPart`. */
let sends = 0;
const counted = (own: OwnNode): OwnNode => {
  const sendPart: typeof own.node.sendPart = (order) => {
    sends += 1;
    return own.node.sendPart(order);
  };
  return { ...own, node: { ...own.node, sendPart } };
};
beforeAll(async () => {
  fleet = await startPracticeFleet(undefined, counted);
}, 60_000);
afterAll(() => fleet.stop());

interface NodeBody {
  readonly id: string;
  readonly state: string;
  readonly peers: number;
  readonly block_hash: string;
  readonly problems: readonly { readonly code: string }[];
}
const nodes = async () => (await fleet.call<{ data: NodeBody[] }>('GET', '/v1/nodes')).body.data;
const node = async (id: string) => (await nodes()).find((each) => each.id === id) ?? expect.unreachable(id);
const invoice = async (sat: number) =>
  (
    await fleet.call<{ invoice: string }>('POST', '/v1/practice/people/merchant/invoices', {
      amount_msat: `${sat}000`,
    })
  ).body.invoice;
const ask = async (sat: number) =>
  fleet.call<{ id: string; code: string }>('POST', '/v1/payments', { invoice: await invoice(sat) });
const ended = (id: string) =>
  eventually(`${id} ends`, async () => {
    const { body } = await fleet.call<{ state: string; attempts: { node: string }[] }>(
      'GET',
      `/v1/payments/${id}`,
    );
    return (body.state === 'settled' || body.state === 'failed') && body;
  });

it('all nodes name the same newest block, and count their peers', async () => {
  await eventually('one tip', async () => new Set((await nodes()).map((each) => each.block_hash)).size === 1);
  for (const { state, peers, problems } of await nodes()) {
    expect({ state, problems }).toEqual({ state: 'up', problems: [] });
    expect(peers).toBeGreaterThan(0);
  }
});

it('a drained node pays nothing, the others do, and resumed it pays again', async () => {
  const before = await ended((await ask(25_000)).body.id);
  const [{ node: best } = { node: '' }] = before.attempts;
  await fleet.call('POST', `/v1/nodes/${best}/drain`, { reason: 'rehearsal' });
  expect((await node(best)).state).toBe('drained');
  const meanwhile = await ended((await ask(25_000)).body.id);
  expect(meanwhile.state).toBe('settled');
  expect(meanwhile.attempts.map((attempt) => attempt.node)).not.toContain(best);
  await fleet.call('POST', `/v1/nodes/${best}/resume`, {});
  expect((await ended((await ask(25_000)).body.id)).attempts[0]?.node).toBe(best);
  await fleet.expectAllWell();
}, 60_000);

it('after the panic switch has answered no part leaves, and all that was asked for is paid once it is over', async () => {
  const asking = Array.from({ length: 12 }, (_, index) => ask(1_000 + index));
  await Promise.race(asking);
  const panic = await fleet.call<{ on: boolean; waiting_for: string[] }>('POST', '/v1/panic', { on: true });
  const sent = sends;
  expect(panic.body).toMatchObject({ on: true, waiting_for: [] });
  const answers = await Promise.all(asking);
  await eventually('what waits was taken up, and given back', async () => {
    const untouched = await fleet.db.read.query(
      `select id from effect where kind = 'part.send' and (claim = 0 or attempts > 0)`,
    );
    return untouched.length === 0;
  });
  expect(sends).toBe(sent);
  const again = await ask(2_000);
  expect([again.status, again.body.code]).toEqual([409, 'sending_stopped']);
  await fleet.call('POST', '/v1/panic', { on: false });
  for (const { status, body } of answers) {
    if (status === 202) expect(await ended(body.id)).toMatchObject({ state: 'settled' });
    else expect(body.code).toBe('sending_stopped');
  }
  await fleet.expectAllWell();
}, 60_000);
