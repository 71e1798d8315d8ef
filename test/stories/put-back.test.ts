/** A node that was put back to an earlier state: it shows channels that are older than they were. */
import { afterEach, expect, it } from 'vitest';
import type { OwnNode } from '../../src/fleet/fleet.ts';
import { type MemoryFleet, memoryWorld, ownNodes, startMemoryFleet } from '../support/memory-fleet.ts';
import { eventually, expectAllWell } from '../support/well.ts';

let fleet: MemoryFleet;
let updates = 57n;
afterEach(() => fleet.stop());

const told = (own: OwnNode): OwnNode => {
  if (own.id !== 'eu') return own;
  const channels = async () => (await own.node.channels()).map((channel) => ({ ...channel, updates }));
  return { ...own, node: { ...own.node, channels } };
};

interface NodeBody {
  readonly id: string;
  readonly state: string;
  readonly problems: readonly { readonly code: string; readonly text: string }[];
}
const eu = async () => {
  const { body } = await fleet.call<{ data: NodeBody[] }>('GET', '/v1/nodes');
  return body.data.find(({ id }) => id === 'eu') ?? expect.unreachable('eu');
};
const isDrained = () => eventually('eu is drained', async () => (await eu()).state === 'drained' && eu());

it('is found, also by the next process, drained, shown, and used again only when somebody says so', async () => {
  const network = memoryWorld('put back');
  fleet = await startMemoryFleet(network, { driven: () => ownNodes(network).map(told) });
  await eventually(
    'what it shows is kept',
    async () =>
      (await fleet.db.read.query(`select channel from channel_witness where updates = 57`)).length > 0,
  );
  expect((await eu()).state).toBe('up');

  updates = 41n;
  fleet = await fleet.restart();
  const { problems } = await isDrained();
  expect(problems[0]).toMatchObject({ code: 'put_back' });
  expect(problems[0]?.text).toMatch(/at update 41, seen at 57/);

  fleet = await fleet.restart();
  await isDrained();
  await fleet.call('POST', '/v1/nodes/eu/resume', {});
  await eventually('eu is up', async () => (await eu()).state === 'up');
  updates = 42n;
  await fleet.system.fleet.refresh('eu' as never);
  await eventually(
    'what it shows from then on is kept',
    async () =>
      (await fleet.db.read.query(`select channel from channel_witness where updates = 42`)).length > 0,
  );
  expect((await eu()).state).toBe('up');
  await expectAllWell(fleet);
});
