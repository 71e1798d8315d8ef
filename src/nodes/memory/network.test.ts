import { beforeEach, describe, expect, it } from 'vitest';
import { type Bolt11, decodeBolt11 } from '../../lightning/bolt11.ts';
import { type PartToken, partToken } from '../../lightning/ids.ts';
import { deliveredMsat, type Route, totalCltvDelta } from '../../lightning/route.ts';
import { fromSat, type Msat, msat } from '../../money/msat.ts';
import type { LightningNode, NodeEvent, PartOrder } from '../node.ts';
import { ConnectionLost, type ManualTime, type MemoryNetwork, manualTime, memoryNetwork } from './network.ts';

const TOTAL = fromSat(10_000n);
const tokenOf = (number: number): PartToken => partToken(`${number}`.padStart(64, '0'));

describe('the memory network', () => {
  let time: ManualTime;
  let network: MemoryNetwork;
  let us: LightningNode;
  let shop: LightningNode;

  beforeEach(() => {
    time = manualTime();
    network = memoryNetwork({ seed: 'faults', time });
    for (const name of ['us', 'hub', 'shop']) network.addNode({ name, onchainMsat: fromSat(1_000_000n) });
    network.addChannel({ from: 'us', to: 'hub', capacityMsat: fromSat(1_000_000n) });
    network.addChannel({ from: 'hub', to: 'shop', capacityMsat: fromSat(1_000_000n) });
    us = network.open('us');
    shop = network.open('shop');
  });

  async function bill(amountMsat: Msat | null = TOTAL): Promise<Bolt11> {
    const { bolt11 } = await shop.invoice({ amountMsat, description: 'tea', expirySeconds: 600 });
    const decoded = decodeBolt11(bolt11);
    if (decoded.kind !== 'invoice') throw new Error(decoded.detail);
    return decoded.invoice;
  }

  async function routeTo(owed: Bolt11, amountMsat: Msat): Promise<Route> {
    const { payee, routeHints: hints, features, finalCltvDelta } = owed;
    const question = {
      payee,
      hints,
      features,
      finalCltvDelta,
      amountMsat,
      feeLimitMsat: fromSat(1_000n),
      maxParts: 1,
    };
    const answer = await us.facets.routes?.find(question);
    if (answer?.kind !== 'routes') throw new Error(answer?.reason);
    return answer.routes[0];
  }

  async function orderOf(owed: Bolt11, partMsat = TOTAL, totalMsat = TOTAL, number = 1): Promise<PartOrder> {
    const { paymentHash, paymentSecret, paymentMetadata } = owed;
    const route = await routeTo(owed, partMsat);
    const expiresAt = Number.POSITIVE_INFINITY;
    return {
      token: tokenOf(number),
      paymentHash,
      paymentSecret,
      paymentMetadata,
      totalMsat,
      route,
      expiresAt,
    };
  }

  const settled = { kind: 'settled' };

  it('carries out a call whose response is lost, and not one whose request is lost', async () => {
    const order = await orderOf(await bill());
    network.faults('us').loseRequests(1, 'sendPart');
    await expect(us.sendPart(order)).rejects.toThrow(ConnectionLost);
    expect(await us.lookup(order)).toEqual({ kind: 'not_found' });
    network.faults('us').dropResponses(1, 'sendPart');
    await expect(us.sendPart(order)).rejects.toThrow(ConnectionLost);
    expect(await us.lookup(order)).toMatchObject(settled);
    expect(await us.sendPart(order)).toEqual({ kind: 'duplicate' });
  });

  it('lets lost calls hang when told to', async () => {
    network.faults('us').hangLostCalls(true);
    network.faults('us').loseRequests(1);
    const outcome = await Promise.race([us.info(), Promise.resolve('silence')]);
    expect(outcome).toBe('silence');
  });

  it('delays answers by the injected clock', async () => {
    network.faults('us').delayAnswers(5_000);
    let answered = false;
    const asked = us.info().then(() => {
      answered = true;
    });
    time.advance(4_999);
    await Promise.resolve();
    expect(answered).toBe(false);
    time.advance(1);
    await asked;
    expect(answered).toBe(true);
  });

  it('keeps a part in flight through the death of its sender, and settles it after the restart', async () => {
    const owed = await bill();
    const order = await orderOf(owed);
    network.faults('shop').holdPayments();
    await us.sendPart(order);
    network.faults('us').kill();
    await expect(us.lookup(order)).rejects.toThrow(ConnectionLost);
    network.faults('shop').releasePayments();
    network.faults('us').start();
    expect(await us.lookup(order)).toMatchObject(settled);
    network.expectConserved();
  });

  it('shows the HTLC at the sender for as long as it has not heard of the end', async () => {
    const owed = await bill();
    const order = await orderOf(owed);
    network.faults('shop').holdPayments();
    await us.sendPart(order);
    network.unlink('us', 'hub');
    network.faults('shop').releasePayments();
    expect(await shop.lookupInvoice(owed.paymentHash)).toMatchObject(settled);
    expect(await us.lookup(order)).toEqual({ kind: 'in_flight' });
    expect(await us.pendingHtlcs()).toHaveLength(1);
    expect((await us.balances()).inFlight).toHaveLength(1);
    network.link('us', 'hub');
    expect(await us.lookup(order)).toMatchObject(settled);
    expect(await us.pendingHtlcs()).toEqual([]);
  });

  it('lets a stuck HTLC hang until it expires', async () => {
    const order = await orderOf(await bill());
    network.faults('hub').stickForwards();
    await us.sendPart(order);
    time.advance(3_600_000);
    network.mine(totalCltvDelta(order.route) - 1);
    expect(await us.lookup(order)).toEqual({ kind: 'in_flight' });
    network.mine(1);
    expect(await us.lookup(order)).toEqual({ kind: 'failed', reason: 'timeout' });
    network.expectConserved();
  });

  it('lets a stuck HTLC go on once it may', async () => {
    const order = await orderOf(await bill());
    network.faults('hub').stickForwards();
    await us.sendPart(order);
    expect((await us.balances()).inFlight).toHaveLength(1);
    network.faults('hub').unstickForwards();
    expect(await us.lookup(order)).toMatchObject(settled);
  });

  it('fails with node_down over a node that is away, and refuses over a peer that is', async () => {
    const owed = await bill();
    const order = await orderOf(owed);
    network.faults('shop').kill();
    await us.sendPart(order);
    expect(await us.lookup(order)).toEqual({ kind: 'failed', reason: 'node_down' });
    network.faults('hub').kill();
    expect(await us.sendPart({ ...order, token: tokenOf(2) })).toMatchObject({
      kind: 'refused',
      reason: 'node_down',
    });
  });

  it('fails with no_liquidity where a channel on the way has too little', async () => {
    network.addChannel({ from: 'us', to: 'hub', capacityMsat: fromSat(5_000_000n) });
    const owed = await bill(null);
    const order = await orderOf(owed, fromSat(995_000n), fromSat(995_000n));
    await us.sendPart(order);
    expect(await us.lookup(order)).toEqual({ kind: 'failed', reason: 'no_liquidity' });
  });

  it('hides the reason of a failure when told to', async () => {
    network.faults('shop').garbleFailures(true);
    const owed = await bill();
    const order = await orderOf(owed);
    await shop.cancelInvoice(owed.paymentHash);
    await us.sendPart(order);
    expect(await us.lookup(order)).toEqual({ kind: 'failed', reason: 'unattributable' });
  });

  it('sends again what it has forgotten: a deleted history refuses nothing', async () => {
    const owed = await bill();
    const order = await orderOf(owed);
    await us.sendPart(order);
    network.faults('us').deleteHistory();
    expect(await us.lookup(order)).toEqual({ kind: 'not_found' });
    expect(await us.sendPart(order)).toEqual({ kind: 'accepted' });
    expect(await us.lookup(order)).toEqual({ kind: 'failed', reason: 'payee_refused' });
  });

  it('takes an expired invoice only when told to', async () => {
    const owed = await bill();
    const order = await orderOf(owed);
    time.advance(600_000);
    expect(await shop.lookupInvoice(owed.paymentHash)).toEqual({ kind: 'expired' });
    await us.sendPart(order);
    expect(await us.lookup(order)).toEqual({ kind: 'failed', reason: 'payee_refused' });
    network.faults('shop').takeLatePayments(true);
    const late = { ...order, token: tokenOf(2) };
    await us.sendPart(late);
    expect(await us.lookup(late)).toMatchObject(settled);
  });

  it('gives back an incomplete total after the timeout, counted from its first part', async () => {
    const owed = await bill();
    const one = await orderOf(owed, fromSat(3_000n));
    const two = await orderOf(owed, fromSat(3_000n), TOTAL, 2);
    await us.sendPart(one);
    time.advance(40_000);
    await us.sendPart(two);
    time.advance(19_999);
    expect(await us.lookup(one)).toEqual({ kind: 'in_flight' });
    time.advance(1);
    expect(await us.lookup(one)).toEqual({ kind: 'failed', reason: 'timeout' });
    expect(await us.lookup(two)).toEqual({ kind: 'failed', reason: 'timeout' });
  });

  it('refuses what no payee would take: too little, another total, an HTLC that expires too soon', async () => {
    const owed = await bill();
    const little = await orderOf(owed, fromSat(9_999n), fromSat(9_999n), 1);
    await us.sendPart(little);
    const half = await orderOf(owed, fromSat(5_000n), TOTAL, 2);
    await us.sendPart(half);
    const other = await orderOf(owed, fromSat(5_000n), fromSat(11_000n), 3);
    await us.sendPart(other);
    const { route } = await orderOf(owed, fromSat(5_000n));
    const [first, second] = route.hops;
    if (second === undefined) throw new Error('two hops');
    const soon: PartOrder = {
      ...half,
      token: tokenOf(4),
      route: { hops: [first, { ...second, cltvDelta: 17 }] },
    };
    await us.sendPart(soon);
    for (const refused of [little, other, soon]) {
      expect(await us.lookup(refused)).toEqual({ kind: 'failed', reason: 'payee_refused' });
    }
    expect(await us.lookup(half)).toEqual({ kind: 'in_flight' });
  });

  it('forwards for no less than the fee and the blocks of the policy', async () => {
    const owed = await bill();
    const order = await orderOf(owed);
    const [first, second] = order.route.hops;
    if (second === undefined) throw new Error('two hops');
    const cheap = { hops: [{ ...first, amountMsat: msat(first.amountMsat - 1n) }, second] } as const;
    const short = { hops: [{ ...first, cltvDelta: first.cltvDelta - 1 }, second] } as const;
    for (const [index, route] of [cheap, short].entries()) {
      const mean = { ...order, token: tokenOf(10 + index), route };
      await us.sendPart(mean);
      expect(await us.lookup(mean)).toEqual({ kind: 'failed', reason: 'no_route' });
    }
    expect(await us.sendPart(order)).toEqual({ kind: 'accepted' });
    expect(await us.lookup(order)).toMatchObject(settled);
  });

  it('reaches a payee behind a private channel by the hint in its invoice only', async () => {
    network.addNode({ name: 'wallet' });
    network.addChannel({ from: 'hub', to: 'wallet', capacityMsat: fromSat(100_000n), private: true });
    shop = network.open('wallet');
    const owed = await bill();
    expect(owed.routeHints).toHaveLength(1);
    await expect(routeTo({ ...owed, routeHints: [] }, TOTAL)).rejects.toThrow('no_route');
    const order = await orderOf(owed);
    await us.sendPart(order);
    expect(await us.lookup(order)).toMatchObject(settled);
  });

  it('splits over own channels when none carries the whole', async () => {
    network.addChannel({ from: 'us', to: 'hub', capacityMsat: fromSat(500_000n) });
    network.addChannel({ from: 'hub', to: 'shop', capacityMsat: fromSat(2_000_000n) });
    const total = fromSat(1_300_000n);
    const owed = await bill(total);
    const { payee, features, finalCltvDelta } = owed;
    const question = {
      payee,
      features,
      finalCltvDelta,
      hints: [],
      amountMsat: total,
      feeLimitMsat: fromSat(1_000n),
    };
    expect(await us.facets.routes?.find({ ...question, maxParts: 1 })).toEqual({
      kind: 'none',
      reason: 'no_liquidity',
    });
    const answer = await us.facets.routes?.find({ ...question, maxParts: 2 });
    if (answer?.kind !== 'routes') throw new Error(answer?.reason);
    expect(answer.routes.reduce((sum, route) => sum + deliveredMsat(route), 0n)).toBe(total);
    for (const [index, route] of answer.routes.entries()) {
      const order = { ...(await orderOf(owed, fromSat(1n), total)), token: tokenOf(20 + index), route };
      expect(await us.sendPart(order)).toEqual({ kind: 'accepted' });
    }
    expect(await shop.lookupInvoice(owed.paymentHash)).toMatchObject({ ...settled, receivedMsat: total });
  });

  it('confirms an opened channel after three blocks', async () => {
    const peer = network.pubkey('shop');
    const amounts = { capacityMsat: fromSat(200_000n), pushMsat: fromSat(1_000n) };
    const order = { token: tokenOf(1), peer, ...amounts, private: false };
    const answer = await us.facets.open?.open(order);
    const id = answer?.kind === 'opened' ? answer.channel : null;
    const opened = async () => (await us.channels()).find((channel) => channel.id === id);
    network.mine(2);
    expect(await opened()).toMatchObject({ active: false, scid: null });
    network.mine(1);
    expect(await opened()).toMatchObject({ active: true, remoteMsat: fromSat(1_000n) });
    expect((await us.balances()).onchainMsat).toBe(fromSat(1_000_000n - 200_000n - 153n));
  });

  it('serves a new driver of the same node where the old one stopped', async () => {
    const order = await orderOf(await bill());
    await us.sendPart(order);
    const { cursor } = await us.balances();
    await us.stop();
    us = network.open('us');
    expect(await us.lookup(order)).toMatchObject(settled);
    const events: NodeEvent[] = [];
    const subscription = us.subscribe(cursor, async (batch) => {
      events.push(...batch);
    });
    network.mine(1);
    await new Promise<void>((resolve) => setImmediate(resolve));
    await subscription.stop();
    expect(events.map((event) => event.kind)).toEqual(['block']);
  });

  it('delivers nothing while the node is down, and all of it afterwards', async () => {
    const kinds: string[] = [];
    const subscription = us.subscribe((await us.balances()).cursor, async (batch) => {
      kinds.push(...batch.map((event) => event.kind));
    });
    network.faults('us').kill();
    network.mine(1);
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(kinds).toEqual([]);
    network.faults('us').start();
    await new Promise<void>((resolve) => setImmediate(resolve));
    await subscription.stop();
    expect(kinds).toEqual(['channel_changed', 'block', 'channel_changed']);
  });
});
