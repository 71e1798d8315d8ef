/** Every function of the stores, with arguments of so few kinds that they often meet. */
import fc from 'fast-check';
import type { Principal } from '../../../src/access/permission.ts';
import type { Drain } from '../../../src/fleet/standing.ts';
import type { NodeRow } from '../../../src/fleet/store.ts';
import type { Db, Statements, Tx } from '../../../src/kit/db.ts';
import type { Effect } from '../../../src/kit/effect-store.ts';
import {
  type Account,
  BUSINESS,
  customerAccount,
  heldAccount,
  nodeAccounts,
  type Transfer,
} from '../../../src/ledger/account.ts';
import { type NodeId, nodeId, type PaymentHash, partToken } from '../../../src/lightning/ids.ts';
import { msat } from '../../../src/money/msat.ts';
import type { Cursor } from '../../../src/nodes/node.ts';
import type { Part, PartState, Payment, PaymentState } from '../../../src/payments/payment.ts';
import type { MadePlan } from '../../../src/payments/plan.ts';
import type { NewPayment } from '../../../src/payments/store.ts';
import type { Stores } from './stores.ts';

/** One call. Both sides do it; what it gives, or throws, must be the same. */
export interface Operation {
  readonly text: string;
  /** Needs no transaction. */
  readonly reads: boolean;
  run(stores: Stores, on: Tx, db: Db): Promise<unknown>;
}

type Run<A> = (stores: Stores, tx: Tx, args: A, db: Db) => Promise<unknown>;

const show = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each));

const operation =
  (reads: boolean) =>
  <A>(name: string, args: fc.Arbitrary<A>, run: Run<A>): fc.Arbitrary<Operation> =>
    args.map((given) => {
      const text = `${name} ${show(given)}`;
      return {
        text,
        reads,
        run: (stores, tx, db) => run(stores, tx, given, db),
        [fc.toStringMethod]: () => text,
      };
    });
const write = operation(false);
const read = operation(true);

const oneOf = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const several = <T>(...values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.uniqueArray(oneOf(...values), { minLength: 1, maxLength: values.length });
const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const big = (max: number): fc.Arbitrary<bigint> => upTo(max).map(BigInt);

/** Now, or so far ahead that no test lives to see it. ms. */
const delay = oneOf(0, 3_600_000);
/** Client's times: long past, or far ahead. ms since 1970. */
export const LONG_AGO = 1_000_000_000_000;
export const FAR_AHEAD = 4_000_000_000_000;

const node = oneOf(nodeId('us'), nodeId('eu'));
const NETWORK = 'regtest';
const hash = upTo(2).map((n) => `${n}`.repeat(64) as PaymentHash);
const token = upTo(4).map((n) => partToken(`${n}`.repeat(64)));
const paymentId = upTo(3).map((n) => `pay_${n}`);
const invoiceId = upTo(2).map((n) => `inv_${n}`);
const BOOKED: readonly Account[] = [
  BUSINESS,
  heldAccount(BUSINESS),
  nodeAccounts(nodeId('us')).channels,
  nodeAccounts(nodeId('us')).inFlight,
  nodeAccounts(nodeId('us')).settling,
];
const newAccount = oneOf(customerAccount('acme'), customerAccount('zoo'), BUSINESS);

const part: fc.Arbitrary<Part> = fc
  .record({
    number: upTo(4),
    attempt: fc.integer({ min: 1, max: 2 }),
    node,
    amount: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ number, attempt, node: nodeOf, amount }) => ({
    id: `prt_${number}`,
    attempt,
    nodeId: nodeOf,
    token: partToken(`${number}`.repeat(64)),
    route: {
      hops: [{ pubkey: '02', scid: '1x1x1', amountMsat: msat(BigInt(amount)), cltvDelta: 40 }],
    } as unknown as Part['route'],
    state: 'planned',
    failure: null,
    sendMs: null,
  }));

const plan: fc.Arbitrary<MadePlan> = oneOf('only_one' as const, 'cheapest' as const).map((why) => ({
  chosen: null,
  why,
  candidates: [],
  plannedAt: LONG_AGO,
}));

const newPayment: fc.Arbitrary<NewPayment> = fc
  .record({ id: upTo(3), source: upTo(3), hash, amount: upTo(9), plan: fc.option(plan) })
  .map(({ id, source, hash: paymentHash, amount, plan: made }) => ({
    obligationId: `obl_${id}`,
    obligationSource: `key_${source}`,
    network: NETWORK,
    stored: {
      payment: {
        id: `pay_${id}`,
        paymentHash,
        amountMsat: msat(BigInt(amount)),
        feeLimitMsat: msat(5n),
      } as Payment,
      accountId: BUSINESS.id,
      bolt11: 'lnbcrt1',
      paymentSecret: 'secret',
      paymentMetadata: null,
      internalInvoiceId: null,
      preferredRegion: null,
      deadlineAt: FAR_AHEAD,
      createdAt: LONG_AGO + id,
    } as unknown as NewPayment['stored'],
    plan: made,
  }));

const STATES: readonly PaymentState[] = ['pending', 'in_flight', 'unknown', 'settled', 'failed'];
const PART_STATES: readonly PartState[] = ['planned', 'in_flight', 'unknown', 'settled', 'failed'];

/** What becomes of a payment: mostly what may be, now and then what the checks refuse. */
const change = fc.record({
  state: oneOf(...STATES),
  partState: oneOf(...PART_STATES),
  isSound: fc.nat(9).map((n) => n > 0),
  more: fc.array(part, { maxLength: 1 }),
});
type Change = typeof change extends fc.Arbitrary<infer C> ? C : never;

function changed(before: Payment, { state, partState, isSound, more }: Change): Payment {
  const failed = (of: string): boolean => (of === 'failed') === isSound;
  const parts = before.parts.map(
    (each): Part => ({
      ...each,
      state: partState,
      failure: failed(partState) ? 'node_down' : null,
      sendMs: 7,
    }),
  );
  const failure = failed(state) ? 'NO_ROUTE' : null;
  const next = { ...before, state, failure, preimage: null, feeMsat: msat(3n), attempt: before.attempt + 1 };
  return { ...(next as Payment), parts: [...parts, ...more] };
}

const settled = { receivedMsat: 7n, paid: 'late', internal: false } as const;
const page = fc.record({
  before: fc.option(fc.record({ at: upTo(3).map((n) => LONG_AGO + n), id: paymentId })),
  limit: oneOf(2, 100),
});
const claimed = fc.record({ id: upTo(6).map((n) => BigInt(n + 1)), claim: big(3) }).map((of) => of as Effect);
const kind = oneOf('part.send', 'part.resolve');
const key = oneOf('a', 'b', 'c');
const lease = fc.record({ id: node, token: big(3), ttl: delay });
const principal = upTo(1).map((n): Principal => ({ id: `prn_${n}`, name: 'owner', permissions: ['*'] }));
const request = fc.record({ principalId: oneOf('prn_0', 'prn_9'), key, hash: oneOf('x', 'y') });

const effects = [
  write(
    'addEffect',
    fc.record({ kind, key, nodeId: node, runInMs: delay, payload: fc.record({ n: upTo(3) }) }),
    (s, tx, effect) => s.effects.addEffect(tx, effect),
  ),
  write('addEffect of nobody', fc.record({ kind, key, payload: fc.constant({}) }), (s, tx, effect) =>
    s.effects.addEffect(tx, effect),
  ),
  write('hastenEffects', fc.tuple(kind, node, several('c', 'a', 'b')), (s, tx, [of, at, keys]) =>
    s.effects.hastenEffects(
      tx,
      of,
      at,
      keys.map((each) => ({ key: each, payload: { each } })),
    ),
  ),
  write('takeClaims', node, (s, tx, at) => s.effects.takeClaims(tx, at)),
  write('finishEffect', claimed, (s, tx, of) => s.effects.finishEffect(tx, of)),
  write('postponeEffect', fc.tuple(claimed, delay), (s, tx, [of, ms]) =>
    s.effects.postponeEffect(tx, of, ms),
  ),
  write('returnEffect', fc.tuple(claimed, delay), (s, tx, [of, ms]) => s.effects.returnEffect(tx, of, ms)),
  write(
    'claimEffects',
    fc.tuple(several('part.send', 'part.resolve'), several<NodeId>(nodeId('us'), nodeId('eu'))),
    (s, tx, [kinds, nodes]) => s.effects.claimEffects(tx, kinds, nodes, 100),
  ),
];

const events = [
  write('announce', fc.tuple(oneOf('payment.settled', 'alarm'), upTo(3)), (s, tx, [type, n]) =>
    s.outbox.announce(tx, type, `pay_${n}`, { n }),
  ),
  write('numberEvents', oneOf(1, 2, 100), (s, tx, limit) => s.outbox.numberEvents(tx, limit)),
  read('readEvents', fc.tuple(big(3), oneOf(2, 100)), (s, _tx, [after, limit], db) =>
    s.outbox.readEvents(db, after, limit),
  ),
  read('lastEventId', fc.constant(null), (s, _tx, _none, db) => s.outbox.lastEventId(db)),
  write('takeKey', request, (s, tx, of) => s.answered.takeKey(tx, of)),
  write('storeResponse', fc.tuple(request, upTo(3)), (s, tx, [of, n]) =>
    s.answered.storeResponse(tx, of, { status: 200 + n, body: { n } }),
  ),
  read('findAnswered', request, (s, on, of) => s.answered.findAnswered(on, of)),
  write('insertPrincipal', principal, (s, tx, of) => s.access.insertPrincipal(tx, of)),
  write('insertKey', fc.tuple(principal, upTo(2), upTo(1)), (s, tx, [of, id, secret]) =>
    s.access.insertKey(tx, of, `key_${id}_${secret}`, `secret_${secret}`),
  ),
  read('findPrincipal', upTo(1), (s, on, secret) => s.access.findPrincipal(on, `secret_${secret}`)),
];

const transfer: fc.Arbitrary<Transfer> = fc
  .record({
    accounts: fc.shuffledSubarray([...BOOKED], { minLength: 2, maxLength: 2 }),
    amount: big(400),
    source: upTo(4).map((n) => `prt_${n}`),
    reason: oneOf('hold', 'sent'),
  })
  .map(({ accounts, amount, source, reason }) => {
    const [debit = BUSINESS, credit = BUSINESS] = accounts;
    return { debit, credit, amountMsat: amount, source, reason };
  });

const money = [
  write('openAccounts', fc.array(newAccount, { minLength: 1, maxLength: 2 }), (s, tx, accounts) =>
    s.ledger.openAccounts(tx, accounts),
  ),
  write('openClaim', newAccount, (s, tx, account) => s.ledger.openClaim(tx, account)),
  write('moveDue', fc.array(transfer, { minLength: 1, maxLength: 3 }), async (s, tx, transfers) => {
    const books = { ...tx, due: [] };
    s.ledger.post(books, transfers);
    await s.ledger.moveDue(books);
  }),
  read('readBalances', several(...BOOKED.map(({ id }) => id)), (s, on, ids) =>
    s.ledger.readBalances(on, ids),
  ),
  read('readClaims', fc.constant(null), (s, on) => s.ledger.readClaims(on, { after: null, limit: 200 })),
  read('readTransfers', several('prt_0', 'prt_1', 'opening'), (s, on, sources) =>
    s.ledger.readTransfers(on, sources),
  ),
];

const drain = fc.record({
  cause: oneOf<Drain['cause']>('hand', 'rule'),
  reason: fc.constant('disk'),
  principal: fc.constant(null),
});

const fleet = [
  write('insertNode', upTo(2), (s, tx, n) => {
    const row = { id: `n${n}`, region: 'r', driver: oneOfTwo(n), pubkey: `02${n % 2}`, network: NETWORK };
    return s.fleet.insertNode(tx, row as unknown as NodeRow);
  }),
  write('takeLease', fc.tuple(node, oneOf('one', 'other'), delay), (s, tx, [id, owner, ttl]) =>
    s.fleet.takeLease(tx, id, owner, ttl),
  ),
  write('renewLease', lease, (s, tx, { id, token: of, ttl }) => s.fleet.renewLease(tx, id, of, ttl)),
  write('releaseLease', lease, (s, tx, { id, token: of }) => s.fleet.releaseLease(tx, id, of)),
  write('lockSession', lease, (s, tx, { id, token: of }) => s.fleet.lockSession(tx, id, of)),
  write('moveCursor', fc.tuple(node, upTo(9)), (s, tx, [id, n]) =>
    s.fleet.moveCursor(tx, id, `${n}` as Cursor),
  ),
  read('findNode', node, (s, on, id) => s.fleet.findNode(on, id)),
  read('findNodeByPubkey', upTo(1), (s, on, n) =>
    s.fleet.findNodeByPubkey(on, `02${n}` as NodeRow['pubkey']),
  ),
  read('countOpenParts', node, (s, on, id) => s.fleet.countOpenParts(on, id)),
  read('readNodeBooks', node, (s, on, id) => {
    const { channels, inFlight, onchain } = nodeAccounts(id);
    return s.fleet.readNodeBooks(on, id, {
      channels: channels.id,
      inFlight: inFlight.id,
      onchain: onchain.id,
    });
  }),
  read('readExposures', several(nodeId('us'), nodeId('eu')), async (s, on, ids) => {
    const exposures = await s.fleet.readExposures(on, ids);
    return ids.map((id) => exposures.get(id));
  }),
  read('hasPracticeNodes', fc.constant(null), (s, on) => s.fleet.hasPracticeNodes(on)),
  read('readPanic', fc.constant(null), (s, on) => s.switches.readPanic(on)),
  read('readDrains', fc.constant(null), (s, on) => s.switches.readDrains(on)),
  read('unconfirmed', big(2), (s, on, epoch) => s.switches.unconfirmed(on, epoch)),
  read('readClearance', token, (s, on, of) => s.switches.readClearance(on, of)),
  write('addDrain', fc.tuple(node, drain), (s, tx, [id, of]) => s.switches.addDrain(tx, id, of)),
  write('endDrains', fc.tuple(node, several<Drain['cause']>('hand', 'rule')), (s, tx, [id, causes]) =>
    s.switches.endDrains(tx, id, causes),
  ),
  write('switchPanic', fc.boolean(), (s, tx, on) =>
    s.switches.switchPanic(tx, { on, reason: 'fire', principal: 'prn_0' }),
  ),
  write('confirmPanic', fc.tuple(lease, big(2)), (s, tx, [{ id, token: of }, epoch]) =>
    s.switches.confirmPanic(tx, id, of, epoch),
  ),
];

const oneOfTwo = (n: number): string => (n === 0 ? 'ldk' : 'lnd');

const paying = [
  write('insertPayment', newPayment, (s, tx, fresh) => s.payments.insertPayment(tx, fresh)),
  write('insertPayment', newPayment, (s, tx, fresh) => s.payments.insertPayment(tx, fresh)),
  write('claimHash', fc.tuple(hash, paymentId), (s, tx, [of, id]) =>
    s.payments.claimHash(tx, NETWORK, of, id),
  ),
  write('releaseHash', fc.tuple(hash, paymentId), (s, tx, [paymentHash, id]) =>
    s.payments.releaseHash(tx, { paymentHash, id } as Payment),
  ),
  write('lockPayment', paymentId, (s, tx, id) => s.payments.lockPayment(tx, id)),
  write('lockPaymentOfPart', token, (s, tx, of) => s.payments.lockPaymentOfPart(tx, of)),
  write('savePayment', fc.tuple(paymentId, change), async (s, tx, [id, to]) => {
    const stored = await s.payments.lockPayment(tx, id);
    if (stored !== null) await s.payments.savePayment(tx, stored.payment, changed(stored.payment, to));
  }),
  write('savePayment without a lock', fc.tuple(paymentId, change), async (s, tx, [id, to]) => {
    const stored = await s.payments.findPayment(tx, id);
    if (stored !== null) await s.payments.savePayment(tx, stored.payment, changed(stored.payment, to));
  }),
  write('takeStaleParts', fc.tuple(several(nodeId('us'), nodeId('eu')), delay), (s, tx, [nodes, ms]) =>
    s.payments.takeStaleParts(tx, nodes, ms, 100),
  ),
  write('keepPlan', fc.tuple(paymentId, upTo(2), plan), (s, tx, [id, attempt, made]) =>
    s.attempts.keepPlan(tx, { paymentId: id, attempt: attempt + 1, plan: made, rounds: 2 }),
  ),
  read('findClaim', hash, (s, on, of) => s.payments.findClaim(on, NETWORK, of)),
  read('findPayment', paymentId, (s, on, id) => s.payments.findPayment(on, id)),
  read('findPaymentOfPart', token, (s, on, of) => s.payments.findPaymentOfPart(on, of)),
  read('listPayments', page, (s, on, of) => s.payments.listPayments(on, of)),
  read('openPartsOf', node, (s, on, id) => s.payments.openPartsOf(on, id, 100)),
  read('hasOpenParts', fc.constant(null), (s, on) => s.payments.hasOpenParts(on)),
  read('timeSinceSend', token, async (s, on: Statements, of) =>
    Math.sign(await s.payments.timeSinceSend(on, of)),
  ),
  read('readAttempts', paymentId, (s, on, id) => s.attempts.readAttempts(on, id)),
  read('readPartTimes', paymentId, (s, on, id) => s.attempts.readPartTimes(on, id)),
];

const receiving = [
  write(
    'insertInvoice',
    fc.record({
      id: upTo(2),
      node: oneOf(nodeId('us'), nodeId('nobody')),
      hash,
      expires: oneOf(LONG_AGO, FAR_AHEAD),
    }),
    (s, tx, { id, node: node_id, hash: payment_hash, expires }) =>
      s.invoices.insertInvoice(tx, {
        id: `inv_${id}`,
        node_id,
        account_id: BUSINESS.id,
        network: NETWORK,
        payment_hash,
        bolt11: 'lnbcrt1',
        amount_msat: null,
        description: 'tea',
        expires_at: expires,
        created_at: LONG_AGO + id,
      }),
  ),
  write('lockInvoice', invoiceId, (s, tx, id) => s.invoices.lockInvoice(tx, id)),
  write('lockInvoiceOfNode', fc.tuple(node, hash), (s, tx, [id, of]) =>
    s.invoices.lockInvoiceOfNode(tx, id, of),
  ),
  write('settleInvoice', invoiceId, (s, tx, id) => s.invoices.settleInvoice(tx, id, settled)),
  write('expireInvoice', invoiceId, (s, tx, id) => s.invoices.expireInvoice(tx, id)),
  write('takeStaleInvoices', fc.tuple(several(nodeId('us'), nodeId('eu')), delay), (s, tx, [nodes, ms]) =>
    s.invoices.takeStaleInvoices(tx, nodes, ms, 100),
  ),
  read('findInvoice', invoiceId, (s, on, id) => s.invoices.findInvoice(on, id)),
  read('findInvoiceByHash', hash, (s, on, of) => s.invoices.findInvoiceByHash(on, NETWORK, of)),
  read('listInvoices', page, (s, on, of) => s.invoices.listInvoices(on, of)),
  read('openInvoicesOf', node, (s, on, id) => s.invoices.openInvoicesOf(on, id, 100)),
];

/** By subject, so that a test can have those meet that have to do with each other. */
export const OPERATIONS: Readonly<Record<string, readonly fc.Arbitrary<Operation>[]>> = {
  effects,
  events,
  money,
  fleet,
  paying,
  receiving,
};

/** What there is before every story. */
export async function prologue(stores: Stores, tx: Tx): Promise<void> {
  const { ledger, access } = stores;
  await access.insertPrincipal(tx, { id: 'prn_0', name: 'first', permissions: [] });
  await ledger.openClaim(tx, BUSINESS);
  for (const id of [nodeId('us'), nodeId('eu')]) {
    await ledger.openAccounts(tx, Object.values(nodeAccounts(id)));
    const row = { id, region: id, driver: 'memory', pubkey: `03${id}`, network: NETWORK };
    await stores.fleet.insertNode(tx, row as unknown as NodeRow);
  }
  const books = { ...tx, due: [] };
  const { channels } = nodeAccounts(nodeId('us'));
  ledger.post(books, [
    { debit: channels, credit: BUSINESS, amountMsat: 1_000n, source: 'opening', reason: 'opened' },
  ]);
  await ledger.moveDue(books);
}
