/** What is wrong with what is seen after a kill. Pure: the same snapshots give the same verdict. */
import { createHash } from 'node:crypto';
import type { Asked, Seen, SeenInvoice, SeenPayment } from './seen.ts';

export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

export interface Evidence {
  /** The world as it was when it was first well. */
  readonly first: Seen;
  /** The last time that it was well. */
  readonly before: Seen;
  readonly now: Seen;
  readonly asked: readonly Asked[];
  /** Channels whose closing was asked for. Null: none was to come or to go. */
  readonly closing: ReadonlySet<string> | null;
}

/** What time does not heal: there is no use in waiting. */
export const isFinal = ({ rule }: Violation): boolean => FINAL.has(rule);

type Rule = (evidence: Evidence) => string[];

export const judgeCrash = (evidence: Evidence): Violation[] =>
  Object.entries(RULES).flatMap(([rule, find]) => find(evidence).map((detail) => ({ rule, detail })));

const sum = <T>(of: readonly T[], pick: (item: T) => bigint): bigint =>
  of.reduce((total, item) => total + pick(item), 0n);
const isSettled = ({ state }: { readonly state: string }): boolean => state === 'settled';
const byHash = <T extends { readonly hash: string }>(items: readonly T[]): ReadonlyMap<string, T> =>
  new Map(items.map((item) => [item.hash, item]));

/** The same nodes under the same keys, people's as well. */
const identities: Rule = ({ first, now }) => {
  const keys = ({ nodes, people }: Seen) => new Map([...nodes, ...people].map((it) => [it.name, it.pubkey]));
  const known = keys(now);
  return [...keys(first)]
    .filter(([name, pubkey]) => known.get(name) !== pubkey)
    .map(([name, pubkey]) => `${name} was ${pubkey} and is ${known.get(name)}`);
};

/** None is gone that nobody closed, none came unless some were to come, all carry. */
const channels: Rule = ({ first, before, now, closing }) => {
  const of = ({ nodes }: Seen) =>
    nodes.flatMap(({ name, channels }) => channels.map((each) => ({ name, ...each })));
  const [then, today] = [new Set(of(before).map(({ id }) => id)), new Set(of(now).map(({ id }) => id))];
  const isClosing = (id: string): boolean => closing?.has(id) === true;
  const gone = of(before).filter(({ id }) => !today.has(id) && !isClosing(id));
  const came = of(now).filter(({ id }) => closing === null && !then.has(id));
  const idle = of(now).filter(({ id, active }) => !active && !isClosing(id));
  const people = (closing === null ? first.people : []).flatMap(({ name, channels }) => {
    const active = now.people.find((person) => person.name === name)?.channels ?? 0;
    return active === channels ? [] : [`${name} had ${channels} active channels and has ${active}`];
  });
  return [
    ...gone.map(({ name, id }) => `${name} ${id} is gone`),
    ...came.map(({ name, id }) => `${name} ${id} is new`),
    ...idle.map(({ name, id }) => `${name} ${id} is not active`),
    ...people,
    ...now.nodes.filter(({ state }) => state !== 'up').map(({ name, state }) => `${name} is ${state}`),
  ];
};

/** Whatever was asked for has come to an end, and its client has heard of it. */
const ends: Rule = ({ now, asked }) => [
  ...now.payments
    .filter(({ state }) => state !== 'settled' && state !== 'failed')
    .map(({ id, state }) => `${id} is ${state}`),
  ...asked.filter(({ end }) => end === null).map((each) => `${nameOf(each)} has no end`),
];

const preimages: Rule = ({ now, asked }) => {
  const settled = now.payments
    .filter((payment) => isSettled(payment) && !opens(payment.preimage, payment.hash))
    .map(({ id, preimage }) => `${id} is settled by ${preimage}`);
  const paid = asked
    .filter(({ preimage, hash }) => preimage !== null && !opens(preimage, hash))
    .map((each) => `${nameOf(each)} was paid by ${each.preimage}`);
  return [...settled, ...paid];
};

const opens = (preimage: string | null, hash: string | null): boolean =>
  preimage !== null && createHash('sha256').update(preimage, 'hex').digest('hex') === hash;

/** The payee's node says settled exactly when we do, and of the same amount. */
const payees: Rule = ({ now }) => {
  const payments = byHash(now.payments.filter(isSettled));
  const each = now.receipts.flatMap(({ hash, person, state, receivedMsat }) => {
    const amount = payments.get(hash)?.amountMsat ?? null;
    const received = state === 'settled' ? receivedMsat : null;
    if (amount === received) return [];
    return [`${person} has ${received} msat (${state}) for ${hash}, and we paid ${amount}`];
  });
  const hashes = new Set(now.receipts.map(({ hash }) => hash));
  const paid = sum(
    now.payments.filter((payment) => isSettled(payment) && hashes.has(payment.hash)),
    ({ amountMsat }) => amountMsat,
  );
  const received = sum(now.receipts, ({ receivedMsat }) => receivedMsat ?? 0n);
  return paid === received ? each : [...each, `people received ${received} msat, and we paid ${paid}`];
};

/** One debt is paid by one payment at most, however often its client asked. */
const once: Rule = ({ now, asked }) => {
  const hashes = new Map<string, SeenPayment[]>();
  for (const payment of now.payments.filter(isSettled))
    hashes.set(payment.hash, [...(hashes.get(payment.hash) ?? []), payment]);
  const twice = [...hashes].filter(([, payments]) => payments.length > 1);
  const forgotten = asked.filter(({ ids }) => ids.size > 1);
  return [
    ...twice.map(([hash, payments]) => `${payments.map(({ id }) => id).join(' and ')} both paid ${hash}`),
    ...forgotten.map((each) => `${nameOf(each)} was answered as ${[...each.ids].join(' and ')}`),
  ];
};

/** What a client was told of its errand is so. */
const clients: Rule = ({ now, asked }) => {
  const payments = byHash(now.payments);
  const invoices = byHash(now.invoices);
  return asked.flatMap((each) => {
    if (each.hash === null || each.end === null) return [];
    const known = each.direction === 'out' ? payments.get(each.hash) : invoices.get(each.hash);
    const told = `${nameOf(each)} was told ${each.end}`;
    if (each.ids.size > 0 && known === undefined) return [`${told}, and is not known any more`];
    const settled = known !== undefined && isSettled(known);
    if (each.end === 'settled' && !settled) return [`${told}, and is ${known?.state}`];
    // A try that nobody heard the end of may have paid what a later one was refused for.
    if (each.end !== 'settled' && settled && !each.inDoubt) return [`${told}, and is settled`];
    return [];
  });
};

/** Our invoices are credited with what was asked, or not at all. */
const credits: Rule = ({ now, asked }) => {
  const wanted = new Map(
    asked.filter(({ direction }) => direction === 'in').map(({ hash, amountMsat }) => [hash, amountMsat]),
  );
  return now.invoices.flatMap(({ id, hash, state, receivedMsat }) => {
    const amount = wanted.get(hash);
    const should = state === 'settled' ? amount : null;
    if (amount === undefined || receivedMsat === should) return [];
    return [`${id} is ${state} with ${receivedMsat} msat of ${amount}`];
  });
};

/** What had ended stays as it was. */
const history: Rule = ({ before, now }) => {
  const payments = byHash(now.payments);
  const invoices = byHash(now.invoices);
  return [
    ...before.payments
      .filter((payment) => !isSamePayment(payment, payments.get(payment.hash)))
      .map(({ id, hash, state }) => `${id} was ${state} and is ${payments.get(hash)?.state ?? 'gone'}`),
    ...before.invoices
      .filter((invoice) => !isSameInvoice(invoice, invoices.get(invoice.hash)))
      .map(({ id, hash, state }) => `${id} was ${state} and is ${invoices.get(hash)?.state ?? 'gone'}`),
  ];
};

const isSamePayment = (then: SeenPayment, now: SeenPayment | undefined): boolean =>
  now !== undefined &&
  now.id === then.id &&
  now.state === then.state &&
  now.feeMsat === then.feeMsat &&
  now.preimage === then.preimage;

/** An invoice that was not paid yet may be by now. */
const isSameInvoice = (then: SeenInvoice, now: SeenInvoice | undefined): boolean =>
  now !== undefined &&
  now.id === then.id &&
  (then.state !== 'settled' || (now.state === 'settled' && now.receivedMsat === then.receivedMsat));

/** The ledger agrees with every node, and nothing is set aside or under way. */
const books: Rule = ({ first, now }) => [
  ...first.nodes
    .filter(({ name }) => !now.books.some(({ node }) => node === name))
    .map(({ name }) => `${name} is not proven`),
  ...now.books.flatMap(({ node, differenceMsat, inFlight }) => [
    ...(differenceMsat === 0n ? [] : [`${node} differs by ${differenceMsat} msat`]),
    ...(inFlight === 0 ? [] : [`${node} has ${inFlight} HTLCs in flight`]),
  ]),
  ...now.accounts
    .filter(({ heldMsat }) => heldMsat !== 0n)
    .map(({ id, heldMsat }) => `${id} holds ${heldMsat} msat`),
];

const BUSINESS = 'own:business';

/** Without what was received and with what was paid, the business has what it had. */
const business: Rule = ({ first, now }) => {
  const [then, today] = [opening(first), opening(now)];
  return then === today ? [] : [`${BUSINESS} began with ${then} msat, and by now that would be ${today}`];
};

const opening = ({ accounts, invoices, payments }: Seen): bigint =>
  (accounts.find(({ id }) => id === BUSINESS)?.freeMsat ?? 0n) -
  sum(invoices.filter(isSettled), ({ receivedMsat }) => receivedMsat ?? 0n) +
  sum(payments.filter(isSettled), ({ amountMsat, feeMsat }) => amountMsat + (feeMsat ?? 0n));

const servers: Rule = ({ now: { database } }) => [
  ...(database.servers.length === 1
    ? []
    : [`PostgreSQL runs as ${database.servers.join(', ') || 'nothing'}`]),
  ...database.strays.map((pid) => `process ${pid} works in the database of another server`),
];

const RULES: Readonly<Record<string, Rule>> = {
  identities,
  channels,
  ends,
  preimages,
  payees,
  once,
  clients,
  credits,
  history,
  books,
  business,
  servers,
};

const FINAL: ReadonlySet<string> = new Set(['identities', 'once', 'history']);

export const nameOf = ({ number, direction, person }: Asked): string =>
  `errand ${number} (${direction === 'in' ? `from ${person}` : `to ${person}`})`;
