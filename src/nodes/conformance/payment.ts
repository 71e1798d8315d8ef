/** Invoices, routes and parts, as every case needs them. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { Bolt11 } from '../../lightning/bolt11.ts';
import {
  type PartToken,
  type PaymentHash,
  type Preimage,
  partToken,
  paymentHash,
  preimage,
} from '../../lightning/ids.ts';
import { deliveredMsat, feeMsat, type Route, sentMsat } from '../../lightning/route.ts';
import { larger, type Msat, msat } from '../../money/msat.ts';
import type { CreatedInvoice, LightningNode, PartOrder, PendingHtlc } from '../node.ts';
import { readInvoice } from './invoice.ts';
import type { Watch } from './watch.ts';
import type { World } from './world.ts';

export const sat = (amount: number): Msat => msat(BigInt(amount) * 1000n);
export const freshToken = (): PartToken => partToken(randomBytes(32).toString('hex'));
export const freshHash = (): PaymentHash => paymentHash(randomBytes(32).toString('hex'));
export function freshSecret(): { readonly preimage: Preimage; readonly paymentHash: PaymentHash } {
  const secret = preimage(randomBytes(32).toString('hex'));
  return { preimage: secret, paymentHash: paymentHash(sha256(secret)) };
}
export const sha256 = (hex: string): string =>
  createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');

/** An invoice of the payee, with what its payers read in it. */
export type Bill = Bolt11 & CreatedInvoice;

export async function bill(
  world: Pick<World, 'payee'>,
  amountMsat: Msat | null,
  expirySeconds = 3600,
): Promise<Bill> {
  const created = await world.payee.invoice({ amountMsat, description: 'conformance', expirySeconds });
  return { ...created, ...readInvoice(created.bolt11) };
}

/** The cheapest route by which `from` delivers the amount to the payee of the bill, or null when it knows none. */
export async function findRouteTo(
  world: Pick<World, 'route'>,
  from: LightningNode,
  owed: Bill,
  amountMsat: Msat,
): Promise<Route | null> {
  if (from.facets.routes === undefined) {
    assert(world.route, 'a driver without the facet `routes` needs World.route');
    return world.route(from, owed.payee, amountMsat);
  }
  const answer = await from.facets.routes.find({
    payee: owed.payee,
    hints: owed.routeHints,
    features: owed.features,
    amountMsat,
    finalCltvDelta: owed.finalCltvDelta,
    feeLimitMsat: larger(amountMsat, sat(100)),
    maxParts: 1,
  });
  if (answer.kind === 'none') return null;
  assert.equal(answer.routes.length, 1, 'asked for one part');
  return answer.routes[0];
}

export async function routeTo(
  world: Pick<World, 'route'>,
  from: LightningNode,
  owed: Bill,
  amountMsat: Msat,
): Promise<Route> {
  const route = await findRouteTo(world, from, owed, amountMsat);
  assert(route, `no route for ${amountMsat} msat`);
  return route;
}

export const part = (owed: Bill, totalMsat: Msat, route: Route): PartOrder => ({
  token: freshToken(),
  paymentHash: owed.paymentHash,
  paymentSecret: owed.paymentSecret,
  paymentMetadata: owed.paymentMetadata,
  totalMsat,
  route,
  expiresAt: Date.now() + 3_600_000,
});

/** An order of one part of a total; without `totalMsat`, of the whole. */
export async function orderOf(
  world: Pick<World, 'route'>,
  from: LightningNode,
  owed: Bill,
  amountMsat: Msat,
  totalMsat = amountMsat,
): Promise<PartOrder> {
  return part(owed, totalMsat, await routeTo(world, from, owed, amountMsat));
}

export async function sendAccepted(node: LightningNode, order: PartOrder): Promise<void> {
  assert.deepEqual(await node.sendPart(order), { kind: 'accepted' });
}

/** What tells the end of a part. */
type Sent = Pick<PartOrder, 'token' | 'paymentHash' | 'route'>;

/** Waits for the end of a part that must settle, and checks all that its event says. */
export async function expectSettled(watch: Watch, order: Sent): Promise<void> {
  const settled = await watch.until(
    'the end of the part',
    'part_settled',
    (event) => event.token === order.token,
  );
  assert.equal(settled.paymentHash, order.paymentHash);
  assert.equal(sha256(settled.preimage), order.paymentHash, 'the preimage is not that of the hash');
  assert.equal(settled.feeMsat, feeMsat(order.route), 'the fee is not that of the route');
}

/** Waits for the end of a part that must fail, and gives the reason. */
export async function expectFailed(watch: Watch, order: Sent): Promise<string> {
  const failed = await watch.until(
    'the failure of the part',
    'part_failed',
    (event) => event.token === order.token,
  );
  assert.equal(failed.paymentHash, order.paymentHash);
  return failed.reason;
}

export const ends = (watch: Watch, order: PartOrder): readonly string[] =>
  watch.events
    .filter((event) => event.kind === 'part_settled' || event.kind === 'part_failed')
    .filter((event) => event.token === order.token)
    .map((event) => event.kind);

/** Every end must come exactly once; a repeated delivery carries the same cursor. */
export function expectOneEnd(watch: Watch, order: PartOrder, end: 'part_settled' | 'part_failed'): void {
  assert.deepEqual(ends(watch, order), [end], 'a part has one end');
}

/** Pays the whole bill from one node and waits for both ends to know. */
export async function payWhole(
  world: World,
  from: LightningNode,
  watches: { readonly from: Watch; readonly payee: Watch },
  amountMsat: Msat,
): Promise<{ readonly owed: Bill; readonly order: PartOrder }> {
  const owed = await bill(world, amountMsat);
  const order = await orderOf(world, from, owed, amountMsat);
  await sendAccepted(from, order);
  await expectSettled(watches.from, order);
  await expectReceived(watches.payee, owed, amountMsat);
  return { owed, order };
}

export async function expectReceived(watch: Watch, owed: Bill, amountMsat: Msat): Promise<void> {
  const settled = await watch.until(
    'the payee to be paid',
    'invoice_settled',
    (event) => event.paymentHash === owed.paymentHash,
  );
  assert.equal(settled.receivedMsat, amountMsat, 'the payee received another amount');
  assert.equal(sha256(settled.preimage), owed.paymentHash);
}

export const htlcsOf = async (node: LightningNode, hash: PaymentHash): Promise<readonly PendingHtlc[]> =>
  (await node.pendingHtlcs()).filter((htlc) => htlc.paymentHash === hash);

/** Waits until no HTLC of this hash is left at either end: by then everything is free again. */
export async function untilFree(world: World, hash: PaymentHash): Promise<void> {
  const nodes = [world.sender, world.second, world.payee, ...(world.forwarder ? [world.forwarder] : [])];
  await world.eventually('no HTLC of the payment to be left', async () => {
    const left = await Promise.all(nodes.map((node) => htlcsOf(node, hash)));
    return left.every((htlcs) => htlcs.length === 0);
  });
}

/** Waits until the part hangs at the payee, incomplete or held, and stays there. */
export async function untilHeld(world: World, order: PartOrder): Promise<void> {
  const delivered = deliveredMsat(order.route);
  await world.eventually('the part to arrive at the payee', async () =>
    (await htlcsOf(world.payee, order.paymentHash)).some(
      (htlc) => htlc.direction === 'in' && htlc.amountMsat === delivered,
    ),
  );
}

export const leavesMsat = (order: PartOrder): Msat => sentMsat(order.route);

/** All that a node has in channels, with what is in flight: only payments and fees change it. */
export async function holdings(node: LightningNode): Promise<bigint> {
  const { channelsMsat, inFlight } = await node.balances();
  return inFlight.reduce((total, htlc) => total + htlc.amountMsat, channelsMsat as bigint);
}
