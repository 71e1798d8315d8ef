/** Is all well? What the database says against what the nodes say, once all is quiet. */
import { readNodeBooks } from '../src/fleet/store.ts';
import { type PublicEvent, readEvents } from '../src/kit/outbox-store.ts';
import { nodeAccounts } from '../src/ledger/account.ts';
import { readClaims } from '../src/ledger/store.ts';
import { nodeId } from '../src/lightning/ids.ts';
import { deliveredMsat, sentMsat } from '../src/lightning/route.ts';
import { listInvoices } from '../src/payments/invoice-store.ts';
import { listPayments, type StoredPayment } from '../src/payments/store.ts';
import type { Clients } from './clients.ts';
import type { Truth } from './truth.ts';
import type { World } from './world.ts';

export type Oracle =
  | 'double_payment'
  | 'resent'
  | 'lost'
  | 'ledger_diff'
  | 'unrecorded'
  | 'hold_leaked'
  | 'no_end'
  | 'negative'
  | 'credit'
  | 'events'
  | 'replay'
  | 'two_owners'
  | 'unproven';

export interface Violation {
  readonly oracle: Oracle;
  readonly detail: string;
  readonly msat: bigint;
}

const MANY = 1_000;
const abs = (amount: bigint): bigint => (amount < 0n ? -amount : amount);

export interface Case {
  readonly world: World;
  readonly clients: Clients;
  readonly truth: Truth;
  /** What the own nodes held in all before anything happened. msat. */
  readonly openingMsat: bigint;
}

interface Found extends Case {
  readonly payments: readonly StoredPayment[];
  readonly events: readonly PublicEvent[];
  add(oracle: Oracle, detail: string, msat?: bigint): void;
}

export async function judge(of: Case): Promise<Violation[]> {
  const violations: Violation[] = [];
  const { auditor } = of.world.store;
  const found: Found = {
    ...of,
    payments: await listPayments(auditor.read, { before: null, limit: MANY }),
    events: await readEvents(auditor, 0n, MANY),
    add: (oracle, detail, msat = 0n) => violations.push({ oracle, detail, msat }),
  };
  judgeSends(found);
  await judgeNodes(found);
  // What a database that was put back has lost is in the books of the nodes as suspense: no payment or invoice has it.
  if (of.world.plan.faults.some(({ name }) => name === 'stale_restore')) judgeEnds(found);
  else {
    judgePayments(found);
    judgeReplays(found);
    judgeEvents(found);
    await judgeInvoices(found);
    await judgeClaims(found);
  }
  return violations;
}

/** No hash may have cost more than was asked for, and no part may be handed over twice. */
function judgeSends({ world, truth, add }: Found): void {
  const spent = new Map<string, { msat: bigint; totalMsat: bigint }>();
  for (const [token, { hash }] of truth.settled) {
    const order = world.orders.get(token)?.order;
    if (order === undefined) continue;
    const before = spent.get(hash)?.msat ?? 0n;
    spent.set(hash, { msat: before + deliveredMsat(order.route), totalMsat: order.totalMsat });
  }
  for (const [hash, { msat, totalMsat }] of spent) {
    if (msat > totalMsat)
      add('double_payment', `${hash.slice(0, 8)} cost ${msat} msat of ${totalMsat}`, msat - totalMsat);
  }
  for (const [token, { times }] of world.orders) {
    if (times > 1) add('resent', `part ${token.slice(0, 8)} was handed over ${times} times`);
  }
}

const isOver = ({ payment }: StoredPayment): boolean =>
  payment.state === 'settled' || payment.state === 'failed';

/** A node that was made to forget leaves parts of which nothing can be proven: these are told, and held. */
function isExcused({ world, events }: Found, { payment }: StoredPayment): boolean {
  const forgot = new Set(
    world.plan.faults.filter(({ name }) => name.startsWith('history_')).map(({ node }) => node),
  );
  const open = payment.parts.filter(({ state }) => state === 'in_flight' || state === 'unknown');
  return (
    open.length > 0 &&
    open.every((part) => forgot.has(part.nodeId)) &&
    events.some(({ type, subject }) => type === 'alarm' && subject === payment.id)
  );
}

function judgeEnds(found: Found): void {
  for (const stored of found.payments) {
    const { id, state } = stored.payment;
    if (!isOver(stored) && !isExcused(found, stored)) found.add('no_end', `${id} is ${state}`);
  }
}

function judgePayments(found: Found): void {
  const { payments, truth, add } = found;
  judgeEnds(found);
  for (const stored of payments) {
    const { payment } = stored;
    for (const part of payment.parts) {
      const isPaid = truth.settled.has(part.token);
      if (isPaid && part.state !== 'settled' && !isExcused(found, stored))
        add(
          'unrecorded',
          `part ${part.token.slice(0, 8)} is settled at ${part.nodeId}, and ${part.state} here`,
        );
      if (!isPaid && part.state === 'settled')
        add('unproven', `part ${part.token.slice(0, 8)} is settled here alone`);
      if (isPaid && payment.state === 'failed')
        add('lost', `${payment.id} has failed, and was paid`, payment.amountMsat);
    }
  }
  const known = new Set(payments.flatMap(({ payment }) => payment.parts.map(({ token }) => token as string)));
  for (const token of truth.settled.keys()) {
    if (!known.has(token)) add('unrecorded', `nobody knows the settled part ${token.slice(0, 8)}`);
  }
}

/** A key that was answered once is answered alike ever after; another request under it is none of its affair. */
function judgeReplays({ clients, truth, payments, add }: Found): void {
  const byKey = Map.groupBy(clients.asked, ({ payment, ask }) => `payment-${payment}-${ask.key}`);
  for (const [key, asked] of byKey) {
    const ids = new Set(asked.flatMap(({ id }) => (id === null ? [] : [id])));
    if (ids.size > 1) add('replay', `${key} was answered ${[...ids].join(' and ')}`);
    for (const { id, invoice, endedAt } of asked) {
      const later = asked.filter((each) => each.beganAt > endedAt && each.invoice === invoice);
      if (id !== null && later.some(({ refused }) => refused !== null))
        add('replay', `${key} was refused after ${id}`);
    }
    const paid = payments.filter(
      ({ payment }) => ids.has(payment.id) && payment.parts.some(({ token }) => truth.settled.has(token)),
    );
    if (paid.length > 1)
      add('double_payment', `${key} was paid ${paid.length} times`, paid[1]?.payment.amountMsat ?? 0n);
  }
}

const ONCE = new Set(['payment.settled', 'payment.failed', 'invoice.settled', 'invoice.created']);

/** Gapless, and each end told once. */
function judgeEvents({ events, payments, add }: Found): void {
  const told = new Map<string, number>();
  for (const [index, { id, type, subject }] of events.entries()) {
    if (id !== BigInt(index + 1)) add('events', `event ${index + 1} has the id ${id}`);
    if (ONCE.has(type)) told.set(`${type} ${subject}`, (told.get(`${type} ${subject}`) ?? 0) + 1);
  }
  for (const [what, times] of told) if (times > 1) add('events', `${what} was told ${times} times`);
  for (const stored of payments) {
    const { id, state } = stored.payment;
    if (isOver(stored) && !told.has(`payment.${state} ${id}`))
      add('events', `payment.${state} ${id} was not told`);
  }
}

/** Credited once if paid, and not otherwise. */
async function judgeInvoices({ world, truth, add }: Found): Promise<void> {
  for (const row of await listInvoices(world.store.auditor.read, { before: null, limit: MANY })) {
    const paid = truth.received.get(row.payment_hash);
    if (row.internal && paid !== undefined) add('credit', `${row.id} was paid inside and outside`, paid.msat);
    if (row.internal) continue;
    if (paid !== undefined && row.state !== 'settled')
      add('lost', `${row.id} was paid, and is ${row.state}`, paid.msat);
    if (paid === undefined && row.state === 'settled')
      add('credit', `${row.id} is credited, and was not paid`);
    if (paid !== undefined && row.received_msat !== null && row.received_msat !== paid.msat)
      add('credit', `${row.id} got ${paid.msat} msat, credited are ${row.received_msat}`);
  }
}

/** The ledger against each node, to the msat. */
async function judgeNodes(found: Found): Promise<void> {
  const { world, truth, payments, add } = found;
  /** In flight for the ledger, paid by the node, and nobody can tell. */
  const forgottenMsat = (name: string): bigint =>
    payments
      .filter((stored) => !isOver(stored) && isExcused(found, stored))
      .flatMap(({ payment }) => payment.parts)
      .filter(
        ({ nodeId: at, state, token }) => at === name && state !== 'settled' && truth.settled.has(token),
      )
      .reduce((total, { route }) => total + sentMsat(route), 0n);
  world.network.expectConserved();
  for (const name of world.plan.nodes) {
    const { channels, inFlight, onchain } = nodeAccounts(nodeId(name));
    const accounts = { channels: channels.id, inFlight: inFlight.id, onchain: onchain.id };
    const books = await readNodeBooks(world.store.auditor.read, nodeId(name), accounts);
    const holds = balancesOf(await world.network.open(name).balances());
    const ledger = books.channels_msat + books.in_flight_msat + books.onchain_msat - forgottenMsat(name);
    if (ledger !== holds)
      add('ledger_diff', `${name}: the ledger says ${ledger}, the node ${holds}`, abs(ledger - holds));
  }
}

export const balancesOf = (node: {
  readonly channelsMsat: bigint;
  readonly onchainMsat: bigint;
  readonly inFlight: readonly { readonly amountMsat: bigint }[];
}): bigint =>
  node.inFlight.reduce((total, { amountMsat }) => total + amountMsat, node.channelsMsat + node.onchainMsat);

/** What the business and its customers own is what came in less what went out; nothing is held for what has ended. */
async function judgeClaims(found: Found): Promise<void> {
  const { world, truth, payments, openingMsat, add } = found;
  const claims = await readClaims(world.store.auditor.read, { after: null, limit: 200 });
  const held = claims.reduce((total, { held_msat }) => total + held_msat, 0n);
  const open = payments.filter((stored) => !isOver(stored));
  if (open.length === 0 && held !== 0n) add('hold_leaked', `${held} msat are held for nothing`, held);

  let expected = openingMsat;
  for (const { msat } of truth.received.values()) expected += msat;
  for (const { payment } of payments) {
    for (const part of payment.parts) {
      if (part.state !== 'settled') continue;
      const { feeMsat } = truth.settled.get(part.token) ?? { feeMsat: 0n };
      expected -= deliveredMsat(part.route) + feeMsat;
    }
  }
  const owned = claims.reduce((total, { free_msat, held_msat }) => total + free_msat + held_msat, 0n);
  if (owned !== expected)
    add('lost', `claims are ${owned} msat, and should be ${expected}`, abs(owned - expected));
}
