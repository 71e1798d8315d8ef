/** People of the practice world: outside nodes that invoice and pay, without Argosy in between. */
import type { Clock } from '../kit/clock.ts';
import { randomHex } from '../kit/ids.ts';
import { Problem } from '../kit/problems.ts';
import { type Bolt11, FEATURE, offers } from '../lightning/bolt11.ts';
import { type Preimage, partToken } from '../lightning/ids.ts';
import type { Route } from '../lightning/route.ts';
import type { Msat } from '../money/msat.ts';
import { ppmOf } from '../money/ppm.ts';
import type { LightningNode, PartOrder, PartStatus } from '../nodes/node.ts';
import type { Breakable } from './faults.ts';

/** Their nodes, by their names. */
export type People = ReadonlyMap<string, LightningNode>;

/** What the API needs of the practice world. */
export interface Practice {
  readonly people: People;
  /** The own nodes, these two. */
  readonly nodes: readonly { readonly id: string; readonly node: LightningNode }[];
  readonly breakable: Breakable;
  mine(blocks: number): Promise<void>;
  height(): number;
}

/** @param field the one that names him */
export const nobody = (field: string, name: string, names: Iterable<string>): Problem =>
  new Problem(
    'practice_person_unknown',
    `${field}: there is no ${JSON.stringify(name)}; there are ${[...names].join(', ')}.`,
    { field },
  );

/** @throws Problem practice_person_unknown */
export function findPerson(people: People, name: string): LightningNode {
  const found = people.get(name);
  if (found === undefined) throw nobody('name', name, people.keys());
  return found;
}

export type PersonPayment =
  | {
      readonly kind: 'settled';
      readonly preimage: Preimage;
      readonly feeMsat: bigint;
      /** Those that were sent; some of their parts may have failed. */
      readonly routes: readonly Route[];
    }
  | { readonly kind: 'failed'; readonly reason: string };

const TRIES = 3;
const LOOK_MS = 20;
const PATIENCE_MS = 60_000;

/** Has a person pay an invoice; another try takes another route. */
export async function payAsPerson(
  node: LightningNode,
  clock: Clock,
  invoice: Bolt11,
  amountMsat: Msat,
): Promise<PersonPayment> {
  let last: PersonPayment = { kind: 'failed', reason: 'no_route' };
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const answer = await node.facets.routes?.find({
      payee: invoice.payee,
      hints: invoice.routeHints,
      features: invoice.features,
      amountMsat,
      finalCltvDelta: invoice.finalCltvDelta,
      feeLimitMsat: ppmOf(amountMsat, 50_000n),
      maxParts: offers(invoice.features, FEATURE.basicMpp) ? 4 : 1,
    });
    if (answer?.kind !== 'routes') return { kind: 'failed', reason: answer?.reason ?? 'no_route' };
    last = await sendAll(node, clock, invoice, amountMsat, answer.routes);
    if (last.kind === 'settled' || last.reason === 'payee_refused') return last;
  }
  return last;
}

async function sendAll(
  node: LightningNode,
  clock: Clock,
  invoice: Bolt11,
  totalMsat: Msat,
  routes: readonly Route[],
): Promise<PersonPayment> {
  const orders: PartOrder[] = routes.map((route) => ({
    token: partToken(randomHex(32)),
    paymentHash: invoice.paymentHash,
    paymentSecret: invoice.paymentSecret,
    paymentMetadata: invoice.paymentMetadata,
    totalMsat,
    route,
    expiresAt: Number.POSITIVE_INFINITY,
  }));
  const ends = await Promise.all(
    orders.map(async (order) => {
      const answer = await node.sendPart(order);
      return answer.kind === 'refused' ? answer : waitForEnd(node, clock, order);
    }),
  );
  const fees = ends.reduce((total, end) => total + (end.kind === 'settled' ? end.feeMsat : 0n), 0n);
  const paid = ends.find((end) => end.kind === 'settled');
  if (paid?.kind === 'settled') return { kind: 'settled', preimage: paid.preimage, feeMsat: fees, routes };
  const failed = ends.find((end) => 'reason' in end);
  return { kind: 'failed', reason: failed !== undefined && 'reason' in failed ? failed.reason : 'timeout' };
}

async function waitForEnd(node: LightningNode, clock: Clock, order: PartOrder): Promise<PartStatus> {
  const until = clock.now() + PATIENCE_MS;
  for (;;) {
    const status = await node.lookup(order);
    if (status.kind !== 'in_flight' || clock.now() > until) return status;
    await clock.sleep(LOOK_MS);
  }
}
