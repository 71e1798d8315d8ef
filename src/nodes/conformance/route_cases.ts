/** The facet `routes`. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { nodePubkey } from '../../lightning/ids.ts';
import { deliveredMsat, feeMsat, type Route } from '../../lightning/route.ts';
import { larger, type Msat, msat, sum, ZERO_MSAT } from '../../money/msat.ts';
import type { LightningNode, RouteAnswer, RouteQuestion } from '../node.ts';
import { type Bill, bill, expectSettled, part, sat, sendAccepted, untilFree } from './payment.ts';
import { watching } from './watch.ts';
import type { Case, World } from './world.ts';

type Finder = (changes: Partial<RouteQuestion> & { amountMsat: Msat }) => Promise<RouteAnswer>;

/** Asks the node with everything as the bill says, but for the changes. */
function finder(node: LightningNode, owed: Bill): Finder {
  const { routes } = node.facets;
  assert(routes, 'declares no facet `routes`');
  const { payee, routeHints, features, finalCltvDelta } = owed;
  return (changes) =>
    routes.find({
      payee,
      hints: routeHints,
      features,
      finalCltvDelta,
      feeLimitMsat: sat(1_000),
      maxParts: 1,
      ...changes,
    });
}

async function expectWalkable(node: LightningNode, owed: Bill, route: Route): Promise<void> {
  const [first] = route.hops;
  const own = (await node.channels()).find((channel) => channel.scid === first.scid);
  assert(own, 'the first hop crosses an own channel');
  assert.equal(own.peer, first.pubkey);
  assert(first.amountMsat <= own.spendableMsat, 'more than the first channel can carry');
  const last = route.hops.at(-1);
  assert.equal(last?.pubkey, owed.payee);
  assert(last && last.cltvDelta >= owed.finalCltvDelta, 'the last delta is less than the payee asks for');
  const amounts = route.hops.map((hop) => hop.amountMsat);
  amounts.slice(1).forEach((amount, index) => {
    assert(amount <= (amounts[index] ?? ZERO_MSAT), 'a node is asked to send more than it receives');
  });
  for (const hop of route.hops) assert(Number.isInteger(hop.cltvDelta) && hop.cltvDelta >= 0);
}

async function spendable(node: LightningNode): Promise<{ all: Msat; largest: Msat }> {
  const amounts = (await node.channels()).filter((one) => one.active).map((one) => one.spendableMsat);
  const largest = amounts.reduce(larger, ZERO_MSAT);
  return { all: sum(amounts), largest };
}

const each = (world: World): readonly LightningNode[] => [world.sender, world.second];

export const routeCases: readonly Case[] = [
  {
    name: 'finds a route that delivers the amount to the payee, to the millisatoshi',
    async run(world) {
      for (const node of each(world)) {
        const owed = await bill(world, msat(12_345_678n));
        const answer = await finder(node, owed)({ amountMsat: msat(12_345_678n) });
        assert(answer.kind === 'routes', inspect(answer));
        assert.equal(answer.routes.length, 1);
        assert.equal(deliveredMsat(answer.routes[0]), 12_345_678n);
        await expectWalkable(node, owed, answer.routes[0]);
      }
    },
  },
  {
    name: 'finds routes whose fees are within the limit, and says fee_limit when none are',
    async run(world) {
      const owed = await bill(world, sat(10_000));
      const ask = finder(world.sender, owed);
      const free = await ask({ amountMsat: sat(10_000) });
      assert(free.kind === 'routes');
      const fee = feeMsat(free.routes[0]);
      const exact = await ask({ amountMsat: sat(10_000), feeLimitMsat: fee });
      assert(exact.kind === 'routes', 'a fee at the limit is within the limit');
      assert(feeMsat(exact.routes[0]) <= fee);
      const none = await ask({ amountMsat: sat(10_000), feeLimitMsat: ZERO_MSAT });
      assert.equal(none.kind, 'none', 'more than the fee limit');
    },
  },
  {
    name: 'finds no more routes than asked for, and their amounts add up',
    async run(world) {
      const { all, largest } = await spendable(world.sender);
      const owed = await bill(world, null);
      const ask = finder(world.sender, owed);
      const most = msat((largest * 9n) / 10n);
      const beyond = msat((largest + all) / 2n);
      for (const amountMsat of [sat(10), most, beyond]) {
        for (const maxParts of [1, 2, 4]) {
          const answer = await ask({ amountMsat, maxParts });
          if (answer.kind === 'none') continue;
          assert(answer.routes.length <= maxParts, `${answer.routes.length} routes instead of ${maxParts}`);
          assert.equal(sum(answer.routes.map(deliveredMsat)), amountMsat);
          assert(sum(answer.routes.map(feeMsat)) <= sat(1_000));
          for (const route of answer.routes) await expectWalkable(world.sender, owed, route);
        }
      }
    },
  },
  {
    name: 'finds none for more than the node has, and none to a stranger',
    async run(world) {
      const owed = await bill(world, null);
      const { all } = await spendable(world.sender);
      const ask = finder(world.sender, owed);
      assert.equal((await ask({ amountMsat: msat(all + 1n), maxParts: 8 })).kind, 'none');
      const stranger = nodePubkey(`02${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'}`);
      const answer = await ask({ amountMsat: sat(10), payee: stranger, hints: [] });
      assert.equal(answer.kind, 'none');
    },
  },
  {
    name: 'finds routes that carry what they say, when all parts of an answer are sent',
    run: (world) =>
      watching(world, async ({ sender, payee }) => {
        const total = sat(40_000);
        const owed = await bill(world, total);
        const answer = await finder(world.sender, owed)({ amountMsat: total, maxParts: 4 });
        assert(answer.kind === 'routes', inspect(answer));
        const orders = answer.routes.map((route) => part(owed, total, route));
        for (const order of orders) await sendAccepted(world.sender, order);
        for (const order of orders) await expectSettled(sender, order);
        await payee.until('the payee to be paid', 'invoice_settled', (event) => event.receivedMsat === total);
        await untilFree(world, owed.paymentHash);
      }),
  },
];
