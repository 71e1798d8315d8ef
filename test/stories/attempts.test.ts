/** What one payment tells about itself: who could pay at each attempt, why this node did, and where the time went. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OwnNode } from '../../src/fleet/fleet.ts';
import type { Untrusted } from '../../src/lightning/ids.ts';
import { fromSat } from '../../src/money/msat.ts';
import type { LightningNode } from '../../src/nodes/node.ts';
import type { Payment } from '../../src/sdk/index.ts';
import { type MemoryFleet, memoryWorld, ownNodes, startMemoryFleet } from '../support/memory-fleet.ts';
import { eventually, expectAllWell, settled } from '../support/well.ts';

let fleet: MemoryFleet;
/** So many sends of eu are refused from now on. */
let refusals = 0;
beforeEach(async () => {
  refusals = 0;
  const network = memoryWorld('attempts');
  const driven = () => ownNodes(network).map(disturbed);
  fleet = await startMemoryFleet(network, { driven });
});
afterEach(() => fleet.stop());

const SLOW_MS = 120;
/** Of timers, and of times in whole milliseconds. */
const TOLERANCE_MS = 5;

/** asia finds its routes later than the others; eu refuses what it is told to. */
function disturbed(own: OwnNode): OwnNode {
  const { node } = own;
  const { routes } = node.facets;
  if (routes === undefined) throw new Error(`${own.id} finds no routes`);
  const find: typeof routes.find = async (question) => {
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    return routes.find(question);
  };
  const sendPart: LightningNode['sendPart'] = async (order) => {
    if (refusals === 0) return node.sendPart(order);
    refusals -= 1;
    return { kind: 'refused', reason: 'no_liquidity', detail: '' as Untrusted };
  };
  if (own.id === 'asia') return { ...own, node: { ...node, facets: { ...node.facets, routes: { find } } } };
  return own.id === 'eu' ? { ...own, node: { ...node, sendPart } } : own;
}

async function payMerchant(more: Record<string, unknown> = {}): Promise<Payment> {
  const { bolt11 } = await fleet.network
    .open('merchant')
    .invoice({ amountMsat: fromSat(25_000n), description: 'coffee', expirySeconds: 3600 });
  const asked = await fleet.call('POST', '/v1/payments', { invoice: bolt11, ...more });
  expect(asked, JSON.stringify(asked.body)).toMatchObject({ status: 202 });
  const { id } = await settled(fleet, String(asked.body.id));
  return (await fleet.call<Payment>('GET', `/v1/payments/${id}`)).body;
}

const ms = (iso: string | null | undefined): number => Date.parse(iso ?? '');

describe('one payment', () => {
  it('tells who could pay, at what fee, and why this node did', async () => {
    const { attempts } = await payMerchant();
    expect(attempts).toHaveLength(1);
    expect(attempts[0]).toMatchObject({
      node: 'eu',
      plan: { chosen: 'eu', why: 'cheapest', rounds: 1 },
    });
    const shown = attempts[0]?.plan?.candidates.map(({ node, obstacle }) => [node, obstacle]);
    expect(shown?.toSorted()).toEqual([
      ['asia', null],
      ['eu', null],
      ['us', null],
    ]);
    await expectAllWell(fleet);
  });

  it('tells where the time went, step by step', async () => {
    const { attempts, created_at, ended_at, transfers } = await payMerchant();
    const { plan, parts } = attempts[0] ?? {};
    const timings = parts?.[0]?.timings;
    const steps = [plan?.asked_at, plan?.planned_at, timings?.sent_at, timings?.answered_at];
    expect(steps.map(ms)).toEqual(steps.map(ms).toSorted((a, b) => a - b));
    const answerMs = plan?.candidates.find(({ node }) => node === 'asia')?.answer_ms;
    expect(answerMs).toBeGreaterThanOrEqual(SLOW_MS - TOLERANCE_MS);
    expect(ms(plan?.planned_at) - ms(plan?.asked_at)).toBe(answerMs);
    expect(ms(timings?.ended_at)).toBeGreaterThanOrEqual(ms(timings?.sent_at));
    expect(ms(ended_at)).toBeGreaterThanOrEqual(ms(created_at));
    expect(transfers?.every(({ at }) => ms(at) >= ms(created_at) - 1_000)).toBe(true);
  });

  it('keeps the candidates of each attempt, also after a restart', async () => {
    refusals = 1;
    const paid = await payMerchant();
    expect(paid.attempts.map(({ node, plan }) => [node, plan?.chosen])).toEqual([
      ['eu', 'eu'],
      ['us', 'us'],
    ]);
    const [first, second] = paid.attempts;
    expect(first?.parts[0]).toMatchObject({ state: 'failed', failure: 'no_liquidity' });
    expect(second?.plan?.candidates.find(({ node }) => node === 'eu')?.obstacle).toBe('route_failed_before');
    expect(ms(second?.plan?.asked_at)).toBeGreaterThanOrEqual(ms(first?.parts[0]?.timings?.ended_at));
    const read = async () => (await fleet.call<Payment>('GET', `/v1/payments/${paid.id}`)).body;
    // The part may have ended before its send was answered.
    const whole = await eventually('every send is answered', async () => {
      const now = await read();
      return now.attempts.every(({ parts }) => parts.every(({ timings }) => timings?.answered_at)) && now;
    });
    fleet = await fleet.restart();
    expect(await read()).toEqual(whole);
    await expectAllWell(fleet);
  });

  it('is told with all of this where it is asked for alone, and without it in lists', async () => {
    const { id } = await payMerchant();
    const { body } = await fleet.call<{ data: Payment[] }>('GET', '/v1/payments');
    const listed = body.data.find((payment) => payment.id === id);
    expect(listed).not.toHaveProperty('transfers');
    expect(listed?.attempts[0]).not.toHaveProperty('plan');
    expect(listed?.attempts[0]?.parts[0]).not.toHaveProperty('timings');
  });
});

describe('an attempt that finds nobody to pay', () => {
  it('tells what stood in the way of each, and how often they were asked', async () => {
    fleet.network.unlink('eu', 'merchant');
    fleet.network.unlink('hub', 'merchant');
    const failed = await payMerchant();
    expect(failed.state).toBe('failed');
    const last = failed.attempts.at(-1);
    expect(last).toMatchObject({ node: null, parts: [], plan: { chosen: null, why: null } });
    expect(last?.plan?.rounds).toBeGreaterThanOrEqual(1);
    expect(last?.plan?.candidates.every(({ obstacle }) => obstacle !== null)).toBe(true);
    await expectAllWell(fleet);
  });
});

describe('the preferred region', () => {
  it('counts in later attempts, too', async () => {
    refusals = 1;
    const { region, attempts } = await payMerchant({ region: 'asia' });
    expect(region).toBe('asia');
    expect(attempts[1]).toMatchObject({ node: 'asia', plan: { why: 'preferred_region' } });
  });
});
