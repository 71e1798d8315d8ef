/** Payments, their parts and plans, and invoices. */
import fc from 'fast-check';
import type { Statements } from '../../../src/kit/db.ts';
import { BUSINESS } from '../../../src/ledger/account.ts';
import { nodeId, type PaymentHash, partToken } from '../../../src/lightning/ids.ts';
import { msat } from '../../../src/money/msat.ts';
import type { Part, PartState, Payment, PaymentState } from '../../../src/payments/payment.ts';
import type { MadePlan } from '../../../src/payments/plan.ts';
import type { NewPayment } from '../../../src/payments/store.ts';
import {
  atOnce,
  delay,
  FAR_AHEAD,
  hash,
  LONG_AGO,
  NETWORK,
  node,
  oneOf,
  paymentId,
  read,
  several,
  token,
  upTo,
  write,
} from './operation.ts';

const invoiceId = upTo(2).map((n) => `inv_${n}`);

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
export const paying = [
  write('insertPayment', newPayment, (s, tx, fresh) => s.payments.insertPayment(tx, fresh)),
  write('insertPayment', newPayment, (s, tx, fresh) => s.payments.insertPayment(tx, fresh)),
  write('claimHash', fc.tuple(hash, paymentId), (s, tx, [of, id]) => s.claims.claimHash(tx, NETWORK, of, id)),
  write(
    'claimHash at once',
    fc.uniqueArray(fc.tuple(hash, paymentId), { selector: ([, id]) => id, maxLength: 2 }),
    (s, tx, all) => atOnce(all.map(([of, id]) => s.claims.claimHash(tx, NETWORK, of, id))),
  ),
  write('lockPaymentOfPart at once', fc.uniqueArray(token, { maxLength: 2 }), (s, tx, all) =>
    atOnce(all.sort().map((of) => s.payments.lockPaymentOfPart(tx, of))),
  ),
  read('findClaim at once', several(0, 1, 2), (s, on, all) =>
    atOnce(all.map((n) => s.claims.findClaim(on, NETWORK, `${n}`.repeat(64) as PaymentHash))),
  ),
  write('releaseHash', fc.tuple(hash, paymentId), (s, tx, [paymentHash, id]) =>
    s.claims.releaseHash(tx, { paymentHash, id } as Payment),
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
  read('paymentIdsOfParts', fc.array(token, { maxLength: 2 }), (s, on, all) =>
    s.payments.paymentIdsOfParts(on, all),
  ),
  read('findClaim', hash, (s, on, of) => s.claims.findClaim(on, NETWORK, of)),
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

export const receiving = [
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
