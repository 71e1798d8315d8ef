import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bolt11, decodeBolt11 } from '../../lightning/bolt11.ts';
import { partToken, paymentSecret } from '../../lightning/ids.ts';
import { deliveredMsat } from '../../lightning/route.ts';
import { fromSat, type Msat, msat } from '../../money/msat.ts';
import type { LightningNode, NodeEvent, PartOrder } from '../node.ts';
import { type MemoryNetwork, manualTime, memoryNetwork } from './network.ts';
import { seeded } from './seeded.ts';

const NAMES = ['us', 'eu', 'hub', 'rival', 'shop'] as const;
type Name = (typeof NAMES)[number];

const name = fc.constantFrom(...NAMES);
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      amount: fc.integer({ min: 1, max: 90_000_000 }),
      parts: fc.integer({ min: 1, max: 3 }),
      spoil: fc.constantFrom('', '', '', 'short', 'secret'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('kill', 'start', 'hold', 'release', 'stick', 'unstick', 'garble'),
      name,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('unlink', 'link'), one: name, other: name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('mine' as const), blocks: fc.integer({ min: 1, max: 60 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function newNetwork(latency: number): MemoryNetwork & { advance(ms: number): void } {
  const time = manualTime();
  const random = seeded('latency');
  let drawn = 0;
  const latencyMs = () =>
    latency === 0 ? 0 : Number.parseInt(random(`${drawn++}`).slice(0, 4), 16) % latency;
  const network = memoryNetwork({ seed: 'traffic', time, latencyMs });
  for (const each of NAMES) network.addNode({ name: each });
  const channel = (from: Name, to: Name, sat: bigint) =>
    network.addChannel({ from, to, capacityMsat: fromSat(sat), pushMsat: fromSat(sat / 4n) });
  channel('us', 'hub', 200_000n);
  channel('us', 'rival', 100_000n);
  channel('eu', 'hub', 200_000n);
  channel('hub', 'shop', 150_000n);
  channel('rival', 'shop', 80_000n);
  return { ...network, advance: time.advance };
}

/** One run: what was done, and what came of it. */
interface Run {
  readonly network: ReturnType<typeof newNetwork>;
  readonly nodes: Record<Name, LightningNode>;
  readonly invoices: Bolt11[];
  readonly orders: { readonly from: Name; readonly order: PartOrder }[];
}

const open = (network: MemoryNetwork): Record<Name, LightningNode> => ({
  us: network.open('us'),
  eu: network.open('eu'),
  hub: network.open('hub'),
  rival: network.open('rival'),
  shop: network.open('shop'),
});

async function pay(run: Run, plan: Extract<Step, { do: 'pay' }>): Promise<void> {
  const { nodes, invoices, orders } = run;
  const total = msat(BigInt(plan.amount));
  const made = await nodes.shop.invoice({ amountMsat: total, description: '', expirySeconds: 3_600 });
  const read = decodeBolt11(made.bolt11);
  if (read.kind !== 'invoice') throw new Error(read.detail);
  invoices.push(read.invoice);
  const shares = split(total, plan.parts);
  if (plan.spoil === 'short') shares.pop();
  for (const [index, amountMsat] of shares.entries()) {
    const from: Name = index % 2 === 0 ? 'us' : 'eu';
    const { payee, routeHints: hints, features, finalCltvDelta, paymentHash } = read.invoice;
    const question = {
      payee,
      hints,
      features,
      finalCltvDelta,
      amountMsat,
      feeLimitMsat: fromSat(10_000n),
      maxParts: 2,
    };
    const found = await nodes[from].facets.routes?.find(question);
    for (const route of found?.kind === 'routes' ? found.routes : []) {
      const secret = plan.spoil === 'secret' ? paymentSecret('00'.repeat(32)) : read.invoice.paymentSecret;
      const token = partToken(seeded('token')(`${orders.length}`));
      const order = {
        token,
        paymentHash,
        paymentSecret: secret,
        paymentMetadata: null,
        totalMsat: total,
        route,
        expiresAt: Number.POSITIVE_INFINITY,
      };
      orders.push({ from, order });
      await nodes[from].sendPart(order);
    }
  }
}

function split(total: Msat, parts: number): Msat[] {
  const share = total / BigInt(parts);
  const shares = Array.from({ length: parts }, (_, index) =>
    msat(index === 0 ? total - share * BigInt(parts - 1) : share),
  );
  return shares.filter((amount) => amount > 0n);
}

async function take(run: Run, next: Step): Promise<void> {
  const { network, nodes, invoices } = run;
  if (next.do === 'pay')
    await pay(run, next).catch(() => {}); // a node may be down
  else if (next.do === 'cancel') {
    const invoice = invoices[next.which];
    if (invoice) await nodes.shop.cancelInvoice(invoice.paymentHash).catch(() => {});
  } else if (next.do === 'mine') network.mine(next.blocks);
  else if (next.do === 'wait') network.advance(next.ms);
  else if ('one' in next) {
    if (next.one !== next.other) network[next.do](next.one, next.other);
  } else turn(network, next.do, next.name);
  network.expectConserved();
}

type Switch = Extract<Step, { name: Name }>['do'];
function turn(network: MemoryNetwork, what: Switch, of: Name): void {
  const faults = network.faults(of);
  const turns: Record<Switch, () => void> = {
    kill: faults.kill,
    start: faults.start,
    hold: faults.holdPayments,
    release: faults.releasePayments,
    stick: faults.stickForwards,
    unstick: faults.unstickForwards,
    garble: () => faults.garbleFailures(true),
  };
  turns[what]();
}

/** Everything works again, and so much time and so many blocks pass that nothing can be under way. */
function heal({ network }: Run): void {
  for (const one of NAMES) {
    network.faults(one).start();
    network.faults(one).releasePayments();
    network.faults(one).unstickForwards();
    for (const other of NAMES) if (one < other) network.link(one, other);
  }
  for (let round = 0; round < 10; round += 1) {
    network.advance(100_000);
    network.mine(40);
  }
}

async function all(node: LightningNode): Promise<NodeEvent[]> {
  const events: NodeEvent[] = [];
  const subscription = node.subscribe(null, async (batch) => {
    events.push(...batch);
  });
  const { cursor } = await node.balances();
  for (let turns = 0; events.at(-1)?.cursor !== cursor && turns < 10_000; turns += 1) await null;
  await subscription.stop();
  return events;
}

async function play(steps: readonly Step[], latency: number): Promise<Run> {
  const network = newNetwork(latency);
  const run: Run = { network, nodes: open(network), invoices: [], orders: [] };
  for (const next of steps) await take(run, next);
  heal(run);
  network.expectConserved();
  return run;
}

/** Every part has one end, the one that `lookup` tells, and every invoice got what its parts delivered. */
async function expectOneEndEach({ nodes, orders, invoices }: Run): Promise<void> {
  const paid = new Map<string, bigint>();
  for (const { from, order } of orders) {
    const status = await nodes[from].lookup(order);
    const ends = (await all(nodes[from])).filter(
      (event) => event.kind !== 'part_found' && 'token' in event && event.token === order.token,
    );
    expect(status.kind).not.toBe('in_flight');
    expect(ends.map((event) => event.kind)).toEqual(
      status.kind === 'not_found' ? [] : [status.kind === 'settled' ? 'part_settled' : 'part_failed'],
    );
    if (status.kind !== 'settled') continue;
    paid.set(order.paymentHash, (paid.get(order.paymentHash) ?? 0n) + deliveredMsat(order.route));
  }
  for (const { paymentHash, amountMsat } of invoices) {
    const status = await nodes.shop.lookupInvoice(paymentHash);
    const received = status.kind === 'settled' ? status.receivedMsat : undefined;
    expect(received).toBe(paid.get(paymentHash));
    if (received !== undefined) expect(received >= (amountMsat ?? 0n)).toBe(true);
  }
}

/** What a node holds is what it held at first and what its events say. */
async function expectBooked(run: Run, start: Record<Name, bigint>): Promise<void> {
  for (const each of NAMES) {
    const node = run.nodes[each];
    let held = start[each];
    for (const event of await all(node)) {
      if (event.kind === 'invoice_settled') held += event.receivedMsat;
      if (event.kind === 'forwarded') held += event.feeMsat;
      if (event.kind !== 'part_settled') continue;
      const sent = run.orders.find(({ order }) => order.token === event.token);
      if (sent) held -= deliveredMsat(sent.order.route) + event.feeMsat;
    }
    const { channelsMsat, inFlight } = await node.balances();
    expect([each, channelsMsat]).toEqual([each, held]);
    expect(inFlight).toEqual([]);
    expect(await node.pendingHtlcs()).toEqual([]);
  }
}

async function holdings(nodes: Record<Name, LightningNode>): Promise<Record<Name, bigint>> {
  const held = { us: 0n, eu: 0n, hub: 0n, rival: 0n, shop: 0n };
  for (const each of NAMES) held[each] = (await nodes[each].balances()).channelsMsat;
  return held;
}

describe('traffic with faults in the memory network', () => {
  it('ends every part once, loses no millisatoshi and explains every balance by events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.constantFrom(0, 400), async (steps, latency) => {
        const start = await holdings(open(newNetwork(0)));
        const run = await play(steps, latency);
        await expectOneEndEach(run);
        await expectBooked(run, start);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same again from the same seed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const [one, two] = [await play(steps, 300), await play(steps, 300)];
        for (const each of NAMES) expect(await all(one.nodes[each])).toEqual(await all(two.nodes[each]));
      }),
      { numRuns: 15 },
    );
  });
});
