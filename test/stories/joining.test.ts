/** Nodes come and go while the fleet runs. */
import { afterEach, expect, it } from 'vitest';
import { Problem } from '../../src/kit/problems.ts';
import { nodeId } from '../../src/lightning/ids.ts';
import { fromSat } from '../../src/money/msat.ts';
import { type MemoryFleet, memoryWorld, ownNodes, startMemoryFleet } from '../support/memory-fleet.ts';
import { eventually, expectAllWell, payment, settled } from '../support/well.ts';

let fleet: MemoryFleet;
afterEach(() => fleet.stop());

const ASIA = nodeId('asia');
const EU = nodeId('eu');
const only = (network: ReturnType<typeof memoryWorld>, ...names: string[]) =>
  ownNodes(network).filter(({ id }) => names.includes(id));
const own = (name: string) => only(fleet.network, name)[0] ?? expect.unreachable();
const stateOf = (name: string) => fleet.system.fleet.health(nodeId(name)).state;

const pay = async (): Promise<string> => {
  const invoice = await fleet.network
    .open('merchant')
    .invoice({ amountMsat: fromSat(25_000n), description: '', expirySeconds: 3600 });
  const asked = await fleet.call('POST', '/v1/payments', { invoice: invoice.bolt11 });
  expect(asked, JSON.stringify(asked.body)).toMatchObject({ status: 202 });
  return String(asked.body.id);
};

it('a new node that is down at the start keeps nobody waiting, says why, and joins when it answers', async () => {
  const network = memoryWorld('late');
  network.faults('asia').kill();
  fleet = await startMemoryFleet(network);
  expect(fleet.system.fleet.nodes.map(({ id }) => id)).toEqual(['us', 'eu', 'asia']);
  expect(fleet.system.fleet.joining(ASIA)).toMatchObject({
    kind: 'waiting',
    reason: expect.stringContaining('does not answer'),
  });
  await settled(fleet, await pay());
  const books = await fleet.call<{ nodes: { node: string }[] }>('GET', '/v1/books/check');
  expect(books.body.nodes.map((each) => each.node)).toEqual(['us', 'eu']);
  network.faults('asia').start();
  await eventually('asia has joined', async () => fleet.system.fleet.joining(ASIA).kind === 'joined');
  expect(stateOf('asia')).toBe('up');
  await expectAllWell(fleet);
});

it('a node of another network is never taken in, and the reason is told', async () => {
  const network = memoryWorld('foreign');
  const driven = () =>
    ownNodes(network).map((each) =>
      each.id === ASIA
        ? {
            ...each,
            node: {
              ...each.node,
              info: async () => ({ ...(await each.node.info()), network: 'signet' as const }),
            },
          }
        : each,
    );
  fleet = await startMemoryFleet(network, { driven });
  expect(fleet.system.fleet.joining(ASIA)).toEqual({
    kind: 'waiting',
    reason: 'it is on signet, the fleet on regtest',
  });
  expect(await fleet.db.read.query(`select id from node where id = 'asia'`)).toEqual([]);
});

it('a node joins a fleet that runs, and its payments with it', async () => {
  const network = memoryWorld('join');
  fleet = await startMemoryFleet(network, { driven: () => only(network, 'us') });
  expect(await fleet.system.fleet.join(own('eu'))).toEqual({ kind: 'joined' });
  const paid = await settled(fleet, await pay());
  expect(paid.attempts.map(({ node }) => node)).toEqual(['eu']);
  await expect(fleet.system.fleet.join(own('eu'))).rejects.toThrow(Problem);
  await expectAllWell(fleet);
});

it('a node that leaves with a part held lets it wait, and ends it once when it joins again', async () => {
  fleet = await startMemoryFleet(memoryWorld('leave'));
  fleet.network.faults('merchant').holdPayments();
  const id = await pay();
  await eventually('in flight', async () => (await payment(fleet, id)).state === 'in_flight');
  await fleet.system.fleet.leave(EU);
  expect(fleet.system.fleet.nodes.map((each) => each.id)).toEqual(['us', 'asia']);
  expect(() => fleet.system.fleet.get(EU)).toThrow(Problem);
  const [lease] = await fleet.db.read.query(
    `select expires_at <= now() as free from node_session where node_id = 'eu'`,
  );
  expect(lease).toEqual({ free: true });
  fleet.network.faults('merchant').releasePayments();
  expect((await payment(fleet, id)).state).toBe('in_flight');
  expect(await fleet.system.fleet.join(own('eu'))).toEqual({ kind: 'joined' });
  expect((await settled(fleet, id)).attempts).toHaveLength(1);
  await expectAllWell(fleet);
});

it('an event stream that ends for good is taken up again, and no event is lost or booked twice', async () => {
  const network = memoryWorld('stream');
  const cursors: (string | null)[] = [];
  const driven = () =>
    ownNodes(network).map((each) => {
      const subscribe: typeof each.node.subscribe = (after, deliver) => {
        if (each.id === EU) cursors.push(after);
        return each.node.subscribe(after, deliver);
      };
      return { ...each, node: { ...each.node, subscribe } };
    });
  fleet = await startMemoryFleet(network, { driven });
  await settled(fleet, await pay());
  fleet.network.faults('merchant').holdPayments();
  const id = await pay();
  await eventually('in flight', async () => (await payment(fleet, id)).state === 'in_flight');
  fleet.network.faults('eu').endStreams('the connection was reset');
  await eventually('eu is not used', async () => stateOf('eu') === 'down');
  fleet.network.faults('merchant').releasePayments();
  await settled(fleet, id);
  await eventually('eu is used again', async () => stateOf('eu') === 'up');
  expect(cursors).toHaveLength(2);
  expect(Number(cursors[1]), 'it goes on where the books are').toBeGreaterThan(Number(cursors[0]));
  await expectAllWell(fleet);
});
