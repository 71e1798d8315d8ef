/** Do the books say what the nodes' own histories say, to the msat? Pure: the same evidence gives the same verdict. */
import { createHash } from 'node:crypto';
import type { Asked } from '../seen.ts';
import { nameOf, type Violation } from '../verdict.ts';
import type { BookedPayment, IssuedInvoice, NodeHistory, SentHtlc, Sight } from './evidence.ts';

export interface Audit {
  /** Debts that were paid more than once. */
  readonly doublePayments: number;
  /** Left a node or came to one, and is not in the books; or is in the books alone. */
  readonly lostMsat: bigint;
  /** Between what the ledger says that the nodes hold and what they do, added up without signs. */
  readonly ledgerDiffMsat: bigint;
  /** Everything that is wrong, those included. */
  readonly violations: readonly Violation[];
}

interface Evidence {
  /** As it was before the first payment. */
  readonly first: Sight;
  readonly now: Sight;
  readonly asked: readonly Asked[];
}

/** What one rule found; `msat` is what is lost by it. */
interface Finding {
  readonly detail: string;
  readonly msat?: bigint;
}
type Rule = (evidence: Evidence) => Finding[];

/** What time does not heal. */
export const cannotHeal = ({ rule }: Violation): boolean => rule === 'once';

export function audit(evidence: Evidence): Audit {
  const found = Object.entries(RULES).flatMap(([rule, find]) =>
    find(evidence).map((it) => ({ rule, ...it })),
  );
  const of = (rule: string) => found.filter((each) => each.rule === rule);
  const msatOf = (findings: readonly Finding[]): bigint => sum(findings, ({ msat = 0n }) => absolute(msat));
  return {
    doublePayments: of('once').length,
    lostMsat: msatOf(found.filter(({ rule }) => rule !== 'ledger')),
    ledgerDiffMsat: msatOf(of('ledger')),
    violations: found.map(({ rule, detail }) => ({ rule, detail })),
  };
}

const absolute = (value: bigint): bigint => (value < 0n ? -value : value);
const sum = <T>(items: readonly T[], pick: (item: T) => bigint): bigint =>
  items.reduce((total, item) => total + pick(item), 0n);
const isSettled = ({ state }: { readonly state: string }): boolean => state === 'settled';
const opens = (preimage: string | null, hash: string): boolean =>
  preimage !== null && createHash('sha256').update(preimage, 'hex').digest('hex') === hash;
const own = ({ nodes }: Sight): NodeHistory[] => nodes.filter((node) => node.own);
const issuedBy = (nodes: readonly NodeHistory[]): Map<string, IssuedInvoice> =>
  new Map(nodes.flatMap(({ issued }) => issued.map((invoice) => [invoice.hash, invoice])));
const delivered = ({ leftMsat, feeMsat }: SentHtlc): bigint => leftMsat - feeMsat;

/** What own nodes have paid by their own histories, by hash. */
const paidByNodes = (sight: Sight): Map<string, (SentHtlc & { readonly node: string })[]> =>
  Map.groupBy(
    own(sight).flatMap(({ name, sent }) => sent.filter(isSettled).map((htlc) => ({ ...htlc, node: name }))),
    ({ hash }) => hash,
  );

/** No debt was paid twice: no invoice over several nodes or beyond its amount, no obligation by several payments. */
const once: Rule = ({ now, asked }) => {
  const asking = issuedBy(now.nodes);
  const hashes = [...paidByNodes(now)].flatMap(([hash, htlcs]) => {
    const nodes = new Set(htlcs.map(({ node }) => node));
    const paid = sum(htlcs, delivered);
    const asks = asking.get(hash)?.askedMsat ?? 0n;
    if (nodes.size === 1 && paid <= asks) return [];
    return [{ detail: `${hash} asked for ${asks} msat, and ${[...nodes].join(' and ')} paid ${paid}` }];
  });
  const several = (key: (payment: BookedPayment) => string): Finding[] =>
    [...Map.groupBy(now.books.payments.filter(isSettled), key)]
      .filter(([, payments]) => payments.length > 1)
      .map(([it, payments]) => ({ detail: `${payments.map(({ id }) => id).join(' and ')} both paid ${it}` }));
  const forgotten = asked
    .filter(({ direction, ids }) => direction !== 'in' && ids.size > 1)
    .map((each) => ({ detail: `${nameOf(each)} was answered as ${[...each.ids].join(' and ')}` }));
  return [
    ...hashes,
    ...several(({ hash }) => hash),
    ...several(({ obligation }) => obligation),
    ...forgotten,
  ];
};

/** Every HTLC that a node has settled is a settled part of the books, and the other way round. */
const parts: Rule = ({ now }) => {
  const key = (node: string, hash: string, msat: bigint): string => `${node} ${hash} ${msat}`;
  const count = (keys: readonly string[]): Map<string, number> =>
    keys.reduce((all, each) => all.set(each, (all.get(each) ?? 0) + 1), new Map<string, number>());
  const sent = own(now).flatMap(({ name, sent }) =>
    sent.filter(isSettled).map((htlc) => ({ name, ...htlc })),
  );
  const atNodes = count(sent.map(({ name, hash, leftMsat }) => key(name, hash, leftMsat)));
  const inBooks = count(
    now.books.parts.filter(isSettled).map(({ node, hash, leftMsat }) => key(node, hash, leftMsat)),
  );
  return [...new Set([...atNodes.keys(), ...inBooks.keys()])].flatMap((each) => {
    const [there, here] = [atNodes.get(each) ?? 0, inBooks.get(each) ?? 0];
    if (there === here) return [];
    const msat = BigInt(each.split(' ')[2] ?? 0) * BigInt(there - here);
    return [{ detail: `${each}: ${there} HTLCs at the node, ${here} parts in the books`, msat }];
  });
};

/** A payment is settled exactly where its payee says so, of the whole amount, by the preimage, and at the fee that was paid. */
const payees: Rule = ({ now }) => {
  const strangers = issuedBy(now.nodes.filter((node) => !node.own));
  const paid = paidByNodes(now);
  const settled = now.books.payments.filter((payment) => isSettled(payment) && !payment.internal);
  const booked = new Map(settled.map((payment) => [payment.hash, payment]));
  const unbooked = [...strangers.values()]
    .filter(({ isSettled, hash }) => isSettled && !booked.has(hash) && paid.has(hash))
    .map(({ hash, paidMsat }) => ({
      detail: `${hash} is paid with ${paidMsat}, and not settled`,
      msat: paidMsat,
    }));
  const wrong = settled.flatMap(({ id, hash, amountMsat, feeMsat, preimage }) => {
    const received = strangers.get(hash)?.paidMsat ?? 0n;
    const fees = sum(paid.get(hash) ?? [], (htlc) => htlc.feeMsat);
    return [
      ...(received === amountMsat
        ? []
        : [
            {
              detail: `${id} paid ${amountMsat}, and the payee has ${received}`,
              msat: amountMsat - received,
            },
          ]),
      ...(fees === feeMsat
        ? []
        : [{ detail: `${id} books a fee of ${feeMsat}, and the nodes paid ${fees}` }]),
      ...(opens(preimage, hash) ? [] : [{ detail: `${id} is settled by ${preimage}` }]),
    ];
  });
  return [...unbooked, ...wrong];
};

/** What came to an own node is credited once, in full. */
const credits: Rule = ({ now }) => {
  const booked = new Map(now.books.invoices.map((invoice) => [invoice.hash, invoice]));
  const atNodes = issuedBy(own(now));
  const uncredited = [...atNodes.values()].flatMap(({ hash, paidMsat }) => {
    const invoice = booked.get(hash);
    const credited = invoice?.internal === true ? 0n : (invoice?.receivedMsat ?? 0n);
    if (credited === paidMsat) return [];
    return [
      { detail: `${hash} received ${paidMsat} and is credited ${credited}`, msat: paidMsat - credited },
    ];
  });
  const alone = now.books.invoices
    .filter(({ hash, receivedMsat }) => receivedMsat !== null && !atNodes.has(hash))
    .map(({ id }) => ({ detail: `${id} is credited, and no node knows it` }));
  const inside = now.books.payments.filter((payment) => payment.internal && isSettled(payment));
  const unpaid = inside
    .filter(({ hash, amountMsat }) => booked.get(hash)?.receivedMsat !== amountMsat)
    .map(({ id, amountMsat }) => ({ detail: `${id} paid inside, and nobody is credited`, msat: amountMsat }));
  return [...uncredited, ...alone, ...unpaid];
};

/** Everything has ended: payments, parts, errands, holds, HTLCs. */
const ends: Rule = ({ now, asked }) => [
  ...now.books.payments
    .filter(({ state }) => state !== 'settled' && state !== 'failed')
    .map(({ id, state }) => ({ detail: `${id} is ${state}` })),
  ...now.books.parts
    .filter(({ state }) => state !== 'settled' && state !== 'failed')
    .map(({ payment, node, state }) => ({ detail: `a part of ${payment} at ${node} is ${state}` })),
  ...asked.filter(({ end }) => end === null).map((each) => ({ detail: `${nameOf(each)} has no end` })),
  ...[...now.books.accounts]
    .filter(([id, msat]) => /:(held|in_flight)$/.test(id) && msat !== 0n)
    .map(([id, msat]) => ({ detail: `${id} is ${msat} msat` })),
  ...now.nodes
    .filter(({ hanging }) => hanging > 0)
    .map(({ name, hanging }) => ({ detail: `${hanging} HTLCs hang at ${name}` })),
];

/** What the ledger says that each own node holds is what it holds. */
const ledger: Rule = ({ now }) => {
  const at = (id: string): bigint => now.books.accounts.get(id) ?? 0n;
  const differs = (what: string, books: bigint, node: bigint): Finding[] =>
    books === node
      ? []
      : [{ detail: `${what}: ${books} msat in the books, ${node} at the node`, msat: books - node }];
  return own(now).flatMap(({ name, channelsMsat, coinsMsat }) => [
    ...differs(
      `${name}'s channels`,
      at(`node:${name}:channels`) + at(`node:${name}:in_flight`),
      channelsMsat,
    ),
    ...differs(`${name}'s coins`, at(`node:${name}:onchain`), coinsMsat),
  ]);
};

/** Argosy finds the same of itself, and has looked at every node. */
const proof: Rule = ({ now }) =>
  own(now).flatMap(({ name }) => {
    const checked = now.checked.find(({ node }) => node === name);
    if (checked === undefined) return [{ detail: `${name} is not proven` }];
    if (checked.differenceMsat === 0n) return [];
    return [{ detail: `${name} differs by ${checked.differenceMsat} msat by Argosy's own proof` }];
  });

/**
 * The history of each own node explains what it holds, so that nothing is missing in what the other rules rest on; no
 * channel is lost. An LND that is killed forgets the forwards of its last 15 s: of own nodes the books know them.
 */
const histories: Rule = ({ first, now }) =>
  now.nodes.flatMap((node) => {
    const then = first.nodes.find(({ name }) => name === node.name);
    if (then === undefined) return [{ detail: `${node.name} is new` }];
    const moved = (it: NodeHistory): bigint =>
      sum(it.issued, ({ paidMsat }) => paidMsat) - sum(it.sent.filter(isSettled), ({ leftMsat }) => leftMsat);
    const earned = now.books.accounts.get(`node:${node.name}:fees_earned`) ?? 0n;
    const gap = node.channelsMsat - then.channelsMsat - (moved(node) - moved(then)) - earned;
    return [
      ...(gap === 0n || !node.own
        ? []
        : [{ detail: `${node.name} holds ${gap} msat more than its history says` }]),
      ...(node.own && node.forwardsMsat > earned
        ? [{ detail: `${node.name} earned ${node.forwardsMsat} msat, and ${earned} are in the books` }]
        : []),
      ...(node.channels === then.channels ? [] : [{ detail: `${node.name} has ${node.channels} channels` }]),
      ...(node.activeChannels === node.channels
        ? []
        : [{ detail: `${node.name}: ${node.channels - node.activeChannels} channels are not active` }]),
    ];
  });

/** Without what was received and with what was paid, own funds and customers' are what they were. */
const claims: Rule = ({ first, now }) => {
  const CLAIM = /^(own:business|customer:[a-z0-9-]+)(:held)?$/;
  const opening = ({ books }: Sight): bigint =>
    sum(
      [...books.accounts].filter(([id]) => CLAIM.test(id)),
      ([, msat]) => msat,
    ) -
    sum(
      books.invoices.filter((it) => isSettled(it) && !it.internal),
      ({ receivedMsat }) => receivedMsat ?? 0n,
    ) +
    sum(
      books.payments.filter((it) => isSettled(it) && !it.internal),
      (it) => it.amountMsat + (it.feeMsat ?? 0n),
    );
  const gap = opening(now) - opening(first);
  return gap === 0n ? [] : [{ detail: `the accounts began with ${gap} msat more than they had`, msat: gap }];
};

/** What a client was told of its errand is so. */
const clients: Rule = ({ now, asked }) => {
  const payments = new Map(now.books.payments.map(({ id, state }) => [id, state]));
  const invoices = new Map(now.books.invoices.map(({ id, state }) => [id, state]));
  return asked.flatMap((each) => {
    const told = `${nameOf(each)} was told ${each.end}`;
    const states = [...each.ids].map((id) => (each.direction === 'in' ? invoices : payments).get(id));
    const settled = states.includes('settled');
    if (states.includes(undefined)) return [{ detail: `${told}, and is not known any more` }];
    if (each.end === 'settled' && !settled) return [{ detail: `${told}, and is ${states.join(' ')}` }];
    // A person's try that nobody heard the end of may have paid what a later one was refused for.
    const doubtful = each.direction === 'in' && each.inDoubt;
    return each.end !== 'settled' && settled && !doubtful ? [{ detail: `${told}, and is settled` }] : [];
  });
};

const RULES: Readonly<Record<string, Rule>> = {
  once,
  parts,
  payees,
  credits,
  ends,
  ledger,
  proof,
  histories,
  claims,
  clients,
};
