import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bolt11, decodeBolt11 } from '../lightning/bolt11.ts';
import { partToken } from '../lightning/ids.ts';
import type { Route } from '../lightning/route.ts';
import { fromSat, type Msat, sum } from '../money/msat.ts';
import type { LightningNode, NodeBalances, NodeEvent, PartOrder } from '../nodes/node.ts';
import { type Person, startWorld, type World } from './world.ts';

type End = Extract<NodeEvent, { kind: 'part_settled' | 'part_failed' }>;

/** A node with its books: everything that its events say, and what it has sent. */
interface Party {
  readonly node: LightningNode;
  readonly events: readonly NodeEvent[];
  readonly snapshots: readonly NodeBalances[];
  snapshot(): Promise<NodeBalances>;
  route(invoice: Bolt11, amountMsat: Msat): Promise<Route>;
  /** Sends one part, and waits for its end. */
  send(invoice: Bolt11, totalMsat: Msat, route: Route): Promise<End>;
  pay(bolt11: string): Promise<End>;
  stop(): Promise<void>;
}

function createParty(node: LightningNode): Party {
  const events: NodeEvent[] = [];
  const snapshots: NodeBalances[] = [];
  const waiting = new Map<string, (end: End) => void>();
  const subscription = node.subscribe(null, async (batch) => {
    events.push(...batch);
    for (const event of batch)
      if (event.kind === 'part_settled' || event.kind === 'part_failed') waiting.get(event.token)?.(event);
  });
  const party: Party = {
    node,
    events,
    snapshots,
    async snapshot() {
      const balances = await node.balances();
      snapshots.push(balances);
      return balances;
    },
    async route(invoice, amountMsat) {
      const answer = await node.facets.routes?.find({
        payee: invoice.payee,
        hints: invoice.routeHints,
        features: invoice.features,
        amountMsat,
        finalCltvDelta: invoice.finalCltvDelta,
        feeLimitMsat: fromSat(1_000n),
        maxParts: 1,
      });
      if (answer?.kind !== 'routes') throw new Error(`no route: ${answer?.reason}`);
      return answer.routes[0];
    },
    async send(invoice, totalMsat, route) {
      const { paymentHash, paymentSecret, paymentMetadata } = invoice;
      const token = partToken(randomBytes(32).toString('hex'));
      const expiresAt = Number.POSITIVE_INFINITY;
      const order: PartOrder = {
        ...{ token, paymentHash, paymentSecret, paymentMetadata, totalMsat, route },
        expiresAt,
      };
      const end = new Promise<End>((resolve) => waiting.set(token, resolve));
      expect(await node.sendPart(order)).toEqual({ kind: 'accepted' });
      return end;
    },
    async pay(bolt11) {
      const invoice = read(bolt11);
      const amountMsat = invoice.amountMsat ?? fromSat(1_000n);
      return party.send(invoice, amountMsat, await party.route(invoice, amountMsat));
    },
    stop: () => subscription.stop(),
  };
  return party;
}

function read(bolt11: string): Bolt11 {
  const decoded = decodeBolt11(bolt11);
  if (decoded.kind !== 'invoice') throw new Error(`no invoice: ${bolt11}`);
  return decoded.invoice;
}

const holdings = ({ channelsMsat, inFlight }: NodeBalances): bigint =>
  channelsMsat + sum(inFlight.map(({ amountMsat }) => amountMsat));

/** opening + received - sent - fees + earned, event by event: what a ledger holds at each cursor. */
function ledgerOf(opening: bigint, events: readonly NodeEvent[], sentBy: Map<string, bigint>) {
  const at = new Map<string, bigint>([['0', opening]]);
  let held = opening;
  for (const event of events) {
    if (event.kind === 'invoice_settled') held += event.receivedMsat;
    if (event.kind === 'forwarded') held += event.feeMsat;
    if (event.kind === 'part_settled') held -= (sentBy.get(event.token) ?? 0n) + event.feeMsat;
    at.set(event.cursor, held);
  }
  return at;
}

describe('the practice world', () => {
  let world: World;
  let parties: ReadonlyMap<string, Party>;
  const openings = new Map<string, NodeBalances>();
  const amounts = new Map<string, bigint>();
  const party = (name: string): Party => {
    const found = parties.get(name);
    if (found === undefined) throw new Error(`nobody is called ${name}`);
    return found;
  };
  const invoice = (name: string, sat: bigint) =>
    party(name).node.invoice({ amountMsat: fromSat(sat), description: 'practice', expirySeconds: 600 });

  /** Pays, and remembers what the part delivered for the books. */
  async function pay(from: string, to: string, sat: bigint): Promise<End> {
    const end = await party(from).pay((await invoice(to, sat)).bolt11);
    amounts.set(end.token, fromSat(sat));
    return end;
  }

  beforeAll(async () => {
    world = await startWorld({ tickMs: 1_000 });
    const people = [...world.people].map(([name, node]): [Person | string, LightningNode] => [name, node]);
    const own = world.nodes.map(({ id, node }): [string, LightningNode] => [id, node]);
    parties = new Map([...own, ...people].map(([name, node]) => [name, createParty(node)]));
    for (const [name, { node }] of parties) openings.set(name, await node.balances());
  });
  afterAll(async () => {
    await Promise.all([...parties.values()].map((each) => each.stop()));
    await world.stop();
  });

  it('has three own nodes, in sync, with active channels that both ends see alike', async () => {
    expect(world.nodes.map(({ id, region }) => [id, region])).toEqual([
      ['us', 'us'],
      ['eu', 'eu'],
      ['asia', 'asia'],
    ]);
    const seen = new Map<string, bigint[]>();
    for (const { node } of parties.values()) {
      expect(await node.info()).toMatchObject({ network: 'regtest', synced: true });
      for (const channel of await node.channels()) {
        expect(channel.active).toBe(true);
        seen.set(channel.id, [...(seen.get(channel.id) ?? []), channel.localMsat]);
        expect(channel.localMsat + channel.remoteMsat).toBe(channel.capacityMsat);
        const total = (seen.get(channel.id) ?? []).reduce((all, local) => all + local, 0n);
        if (seen.get(channel.id)?.length === 2) expect(total).toBe(channel.capacityMsat);
      }
    }
  });

  it('has a wallet with one channel that nobody announces, and knows everybody else by alias', async () => {
    const contractor = party('contractor').node;
    const { pubkey } = await contractor.info();
    expect(await contractor.channels()).toMatchObject([{ private: true, peerAlias: 'Harbour LSP' }]);
    for (const { node } of parties.values()) {
      for (const { peer, peerAlias, private: hidden } of await node.channels()) {
        if (peer === pubkey) expect([peerAlias, hidden]).toEqual(['', true]);
        else if (node !== contractor) expect([peerAlias === '', hidden]).toEqual([false, false]);
      }
    }
  });

  it('lets every own node pay the contractor, over the hint in the invoice', async () => {
    const { bolt11 } = await invoice('contractor', 5_000n);
    const lsp = (await party('lsp').node.info()).pubkey;
    expect(read(bolt11).routeHints).toMatchObject([[{ pubkey: lsp, feeBaseMsat: 100, feePpm: 1_500 }]]);
    for (const name of ['us', 'eu', 'asia'])
      expect((await pay(name, 'contractor', 5_000n)).kind, name).toBe('part_settled');
    expect((await pay('contractor', 'asia', 5_000n)).kind).toBe('part_settled');
  });

  it("lets every own node pay the merchant's 25,000 sat, at a fee of its own", async () => {
    const fees: bigint[] = [];
    for (const name of ['eu', 'us', 'asia']) {
      const end = await pay(name, 'merchant', 25_000n);
      if (end.kind !== 'part_settled') throw new Error(`failed: ${end.reason}`);
      fees.push(end.feeMsat);
    }
    expect(fees[0]).toBe(0n);
    expect(fees[1]).toBeGreaterThan(10_000n);
    expect(fees[2]).toBeGreaterThan(fees[1] ?? 0n);
  });

  it('lets the exchange pay an invoice of asia', async () => {
    expect((await pay('exchange', 'asia', 40_000n)).kind).toBe('part_settled');
  });

  it('pays one invoice out of two own nodes: each a part, one payment at the merchant', async () => {
    const owed = read((await invoice('merchant', 30_000n)).bolt11);
    const total = fromSat(30_000n);
    const [us, eu] = [party('us'), party('eu')];
    const one = us.send(owed, total, await us.route(owed, fromSat(10_000n)));
    const other = eu.send(owed, total, await eu.route(owed, fromSat(20_000n)));
    const [first, second] = await Promise.all([one, other]);
    amounts.set(first.token, fromSat(10_000n));
    amounts.set(second.token, fromSat(20_000n));
    expect([first.kind, second.kind]).toEqual(['part_settled', 'part_settled']);
    const status = await party('merchant').node.lookupInvoice(owed.paymentHash);
    expect(status).toMatchObject({ kind: 'settled', receivedMsat: total });
  });

  it('settles 100 payments at once, in both directions, and every snapshot on the way is exact', async () => {
    const ways = [
      ['us', 'merchant'],
      ['eu', 'merchant'],
      ['asia', 'merchant'],
      ['exchange', 'asia'],
      ['hub', 'us'],
      ['merchant', 'eu'],
      ['asia', 'us'],
      ['exchange', 'merchant'],
      ['us', 'eu'],
      ['hub', 'asia'],
    ] as const;
    let paying = true;
    const watch = async ({ snapshot }: Party): Promise<void> => {
      while (paying) await snapshot();
    };
    const watching = Promise.all([...parties.values()].map(watch));
    // While the merchant holds what has arrived, the hub is in the middle of its forwards.
    await world.hold('merchant', true);
    const release = (async () => {
      const { node, snapshot } = party('hub');
      const forwards = async () => (await node.pendingHtlcs()).filter(({ origin }) => origin === 'forward');
      await expect.poll(async () => (await forwards()).length, { timeout: 20_000 }).toBeGreaterThan(1);
      await snapshot();
      await world.hold('merchant', false);
    })();
    const payments = Array.from({ length: 100 }, (_, at) => {
      const [from, to] = ways[at % ways.length] ?? ways[0];
      return pay(from, to, 1_000n + BigInt(at));
    });
    const ends = await Promise.all(payments).finally(() => {
      paying = false;
    });
    await Promise.all([watching, release]);
    expect(ends.filter(({ kind }) => kind !== 'part_settled')).toEqual([]);
  });

  it('ends with nothing in flight, no HTLC left, and books that balance', async () => {
    for (const [name, { node, events, snapshots, snapshot }] of parties) {
      await expect.poll(() => node.pendingHtlcs(), { timeout: 10_000 }).toEqual([]);
      const last = await snapshot();
      expect(last.inFlight).toEqual([]);
      await expect.poll(() => events.at(-1)?.cursor).toBe((await node.balances()).cursor);
      const opening = openings.get(name);
      if (opening === undefined) throw new Error(`${name} had no opening balance`);
      const after = events.filter(({ cursor }) => Number(cursor) > Number(opening.cursor));
      const ledger = ledgerOf(holdings(opening), after, amounts);
      for (const { cursor } of events) if (!ledger.has(cursor)) ledger.set(cursor, holdings(opening));
      for (const each of snapshots)
        expect([name, each.cursor, holdings(each)]).toEqual([name, each.cursor, ledger.get(each.cursor)]);
    }
    const held = (balances: Iterable<NodeBalances>) => sum([...balances].map(holdings));
    const now = await Promise.all([...parties.values()].map(({ node }) => node.balances()));
    expect(held(now)).toBe(held(openings.values()));
  });

  it('opens another channel out of coins, and announces it', async () => {
    const us = party('us').node;
    const { pubkey } = await party('hub').node.info();
    const before = (await us.channels()).length;
    const amounts = { capacityMsat: fromSat(500_000n), pushMsat: fromSat(0n) };
    const order = { token: '5e'.repeat(32), peer: pubkey, ...amounts, private: false };
    const answer = await us.facets.open?.open(order);
    const id = answer?.kind === 'opened' ? answer.channel : null;
    const opened = async () => (await us.channels()).find((channel) => channel.id === id);
    await expect.poll(opened, { timeout: 10_000 }).toMatchObject({ active: true });
    expect(await us.channels()).toHaveLength(before + 1);
  });

  it('sends what a faucet and a wallet have', async () => {
    const { node } = party('eu');
    const before = (await node.balances()).onchainMsat;
    await world.fund(await node.address(), 123_456n);
    expect((await node.balances()).onchainMsat).toBe(before + fromSat(123_456n));
  });
});
