import { describe, expect, it } from 'vitest';
import { nodeId, nodePubkey, shortChannelId } from '../lightning/ids.ts';
import { deliveredMsat, type Route } from '../lightning/route.ts';
import { fromSat, msat } from '../money/msat.ts';
import {
  cappedReceivers,
  choosePayer,
  chooseReceiver,
  type PayerFacts,
  type ReceiverFacts,
  routeKey,
} from './plan.ts';

const KEY = nodePubkey(`02${'ab'.repeat(32)}`);
const route = (fee: bigint, scid = '1x1x1'): Route => ({
  hops: [
    { pubkey: KEY, scid: shortChannelId(scid), amountMsat: msat(1000n + fee), cltvDelta: 40 },
    { pubkey: KEY, scid: shortChannelId('2x1x1'), amountMsat: msat(1000n), cltvDelta: 18 },
  ],
});
const able = (node: string, fee: bigint, change: Partial<PayerFacts> = {}): PayerFacts => ({
  node: nodeId(node),
  region: node,
  health: 'up',
  spendableMsat: fromSat(10n),
  answer: { kind: 'routes', routes: [route(fee)] },
  answerMs: 3,
  ...change,
});
const question = {
  amountMsat: msat(1000n),
  feeLimitMsat: msat(50n),
  preferredRegion: null,
  failedRoutes: new Set<string>(),
};
const chosen = (...facts: PayerFacts[]) => choosePayer(question, facts).chosen?.node;
const obstacles = (...facts: PayerFacts[]) =>
  choosePayer(question, facts).candidates.map((candidate) => [candidate.node, candidate.obstacle]);

describe('choosing who pays', () => {
  it('takes the cheapest', () => expect(chosen(able('us', 20n), able('eu', 10n))).toBe('eu'));
  it.each([2, 3, 8])('tells %i routes of the same amount apart, and keeps sum and fees', (count) => {
    const same = { kind: 'routes', routes: Array.from({ length: count }, () => route(10n)) } as unknown;
    const facts = able('eu', 0n, { answer: same as PayerFacts['answer'] });
    const { routes, feeMsat } = choosePayer({ ...question, feeLimitMsat: msat(500n) }, [facts]).chosen ?? {};
    const amounts = (routes ?? []).map(deliveredMsat);
    expect(new Set(amounts).size).toBe(count);
    expect(amounts.reduce((total: bigint, amount) => total + amount, 0n)).toBe(1000n * BigInt(count));
    expect(feeMsat).toBe(10n * BigInt(count));
  });
  it('takes the preferred region among equals', () => {
    const facts = [able('us', 10n), able('eu', 10n)];
    expect(choosePayer({ ...question, preferredRegion: 'eu' }, facts).chosen?.node).toBe('eu');
    expect(choosePayer({ ...question, preferredRegion: 'us' }, facts).chosen?.node).toBe('us');
  });
  it('takes the one with more to spend among equals', () => {
    expect(chosen(able('us', 10n), able('eu', 10n, { spendableMsat: fromSat(11n) }))).toBe('eu');
  });
  it.each([
    ['only_one', [able('us', 10n), able('eu', 99n)]],
    ['cheapest', [able('us', 10n), able('eu', 11n)]],
    ['preferred_region', [able('us', 10n), able('asia', 10n, { spendableMsat: fromSat(11n) })]],
    ['most_spendable', [able('eu', 10n, { spendableMsat: fromSat(11n) }), able('asia', 10n)]],
    ['none', [able('eu', 10n), able('asia', 10n)]],
    [null, [able('us', 99n)]],
  ] as const)('says why: %s', (why, facts) =>
    expect(choosePayer({ ...question, preferredRegion: 'us' }, facts).why).toBe(why),
  );
  it('passes over nodes that are down, lagging, poor, cut off or too dear, and says so', () => {
    expect(
      obstacles(
        able('down', 0n, { health: 'down' }),
        able('lagging', 0n, { health: 'lagging' }),
        able('drained', 0n, { health: 'drained', answer: null }),
        able('disputed', 0n, { health: 'disputed' }),
        able('poor', 0n, { answer: { kind: 'none', reason: 'no_liquidity' } }),
        able('silent', 0n, { answer: null }),
        able('dear', 51n),
        able('good', 50n),
      ).sort(),
    ).toEqual([
      ['dear', 'fee_limit'],
      ['disputed', 'chain_disputed'],
      ['down', 'node_down'],
      ['drained', 'node_drained'],
      ['good', null],
      ['lagging', 'node_lagging'],
      ['poor', 'no_liquidity'],
      ['silent', 'node_down'],
    ]);
  });
  it('does not take a route again that failed for this payment', () => {
    const failedRoutes = new Set([routeKey(nodeId('eu'), route(10n))]);
    const plan = choosePayer({ ...question, failedRoutes }, [able('eu', 10n), able('us', 20n)]);
    expect(plan.chosen?.node).toBe('us');
    expect(plan.candidates[1]?.obstacle).toBe('route_failed_before');
  });
  it('chooses nobody when nobody can', () => expect(chosen(able('us', 99n))).toBeUndefined());
});

describe('choosing who receives', () => {
  const room = (
    node: string,
    sat: bigint,
    health: ReceiverFacts['health'] = 'up',
    roomSat: bigint | null = null,
  ): ReceiverFacts => ({
    node: nodeId(node),
    region: node,
    health,
    receivableMsat: fromSat(sat),
    roomMsat: roomSat === null ? null : fromSat(roomSat),
  });
  const receiver = (amount: bigint | null, region: string | null, ...facts: ReceiverFacts[]) =>
    chooseReceiver({ amountMsat: amount === null ? null : fromSat(amount), preferredRegion: region }, facts)
      ?.node;

  it('takes the preferred region when it has the room', () =>
    expect(receiver(5n, 'eu', room('us', 100n), room('eu', 10n))).toBe('eu'));
  it('takes the most room when the preferred region lacks it', () =>
    expect(receiver(50n, 'eu', room('us', 100n), room('asia', 90n), room('eu', 10n))).toBe('us'));
  it('takes no node that is down', () =>
    expect(receiver(5n, null, room('us', 100n, 'down'))).toBeUndefined());
  it('takes no node that is drained, and one whose chain is disputed', () => {
    expect(receiver(5n, null, room('us', 100n, 'drained'))).toBeUndefined();
    expect(receiver(5n, null, room('us', 100n, 'disputed'))).toBe('us');
  });
  it('takes no node that would hold more than it may, and one that would hold just as much', () => {
    expect(receiver(6n, null, room('us', 100n, 'up', 5n), room('eu', 10n))).toBe('eu');
    expect(receiver(5n, null, room('us', 100n, 'up', 5n), room('eu', 10n))).toBe('us');
    expect(receiver(null, null, room('us', 100n, 'up', 0n))).toBeUndefined();
  });
  it('tells who could receive, were it not for its cap', () => {
    const facts = [room('us', 100n, 'up', 5n), room('eu', 5n, 'up', 5n), room('asia', 100n, 'down', 5n)];
    expect(cappedReceivers(fromSat(6n), facts).map(({ node }) => node)).toEqual(['us']);
  });
  it('takes no node without room, even for an open amount', () =>
    expect(receiver(null, null, room('us', 0n))).toBeUndefined());
});
