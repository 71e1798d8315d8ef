/** The auditor of a struck fleet: books that are those of the nodes, and each way in which they may not be. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Asked } from '../seen.ts';
import { type Audit, audit } from './audit.ts';
import type { BookedPayment, Books, NodeHistory, SentHtlc, Sight } from './evidence.ts';

const preimageOf = (name: string): string => createHash('sha256').update(name).digest('hex');
const hashOf = (name: string): string => createHash('sha256').update(preimageOf(name), 'hex').digest('hex');

const node = (name: string, own: boolean, some: Partial<NodeHistory> = {}): NodeHistory => ({
  name,
  own,
  sent: [],
  issued: [],
  forwardsMsat: 0n,
  channelsMsat: 1_000_000n,
  coinsMsat: 500_000n,
  hanging: 0,
  channels: 2,
  activeChannels: 2,
  ...some,
});
const htlc = (
  name: string,
  deliveredMsat: bigint,
  feeMsat: bigint,
  some: Partial<SentHtlc> = {},
): SentHtlc => ({
  hash: hashOf(name),
  state: 'settled',
  leftMsat: deliveredMsat + feeMsat,
  feeMsat,
  preimage: preimageOf(name),
  ...some,
});
const issued = (name: string, msat: bigint, paid = true) => ({
  hash: hashOf(name),
  isSettled: paid,
  askedMsat: msat,
  paidMsat: paid ? msat : 0n,
});
const payment = (name: string, some: Partial<BookedPayment> = {}): BookedPayment => ({
  id: `pay_${name}`,
  obligation: `obl_${name}`,
  hash: hashOf(name),
  state: 'settled',
  amountMsat: 5_000n,
  feeMsat: 3n,
  preimage: preimageOf(name),
  internal: false,
  ...some,
});
const part = (name: string, at: string, leftMsat: bigint, state = 'settled') => ({
  payment: `pay_${name}`,
  hash: hashOf(name),
  node: at,
  state,
  leftMsat,
});
const accounts = (some: Record<string, bigint> = {}): Books['accounts'] =>
  new Map(
    Object.entries({
      'node:us:channels': 1_000_000n,
      'node:us:in_flight': 0n,
      'node:us:onchain': 500_000n,
      'node:eu:channels': 1_000_000n,
      'node:eu:onchain': 500_000n,
      'own:business': 3_000_000n,
      'own:business:held': 0n,
      'customer:till': 0n,
      ...some,
    }),
  );

const FIRST: Sight = {
  nodes: [node('us', true), node('eu', true), node('merchant', false)],
  books: { accounts: accounts(), payments: [], parts: [], invoices: [] },
  checked: ['us', 'eu'].map((name) => ({ node: name, differenceMsat: 0n })),
};

/** One payment in two parts by us, one payment received at eu, and one between own accounts. */
const US = node('us', true, {
  sent: [
    htlc('out', 2_000n, 1n),
    htlc('out', 3_000n, 2n),
    htlc('lost', 9n, 0n, { state: 'failed', preimage: null }),
  ],
  channelsMsat: 1_000_000n - 5_003n,
});
const EU = node('eu', true, {
  issued: [issued('in', 7_000n), issued('own', 400n, false)],
  channelsMsat: 1_000_000n + 7_000n,
});
const MERCHANT = node('merchant', false, { issued: [issued('out', 5_000n), issued('open', 1n, false)] });
const NOW: Sight = {
  nodes: [US, EU, MERCHANT],
  books: {
    accounts: accounts({
      'node:us:channels': 1_000_000n - 5_003n,
      'node:eu:channels': 1_000_000n + 7_000n,
      'own:business': 3_000_000n - 5_003n + 7_000n - 400n,
      'customer:till': 400n,
    }),
    payments: [
      payment('out'),
      payment('own', { amountMsat: 400n, feeMsat: 0n, internal: true, preimage: null }),
      payment('lost', { state: 'failed', feeMsat: null, preimage: null }),
    ],
    parts: [part('out', 'us', 2_001n), part('out', 'us', 3_002n), part('lost', 'us', 9n, 'failed')],
    invoices: [
      {
        id: 'inv_in',
        node: 'eu',
        hash: hashOf('in'),
        state: 'settled',
        receivedMsat: 7_000n,
        internal: false,
      },
      {
        id: 'inv_own',
        node: 'eu',
        hash: hashOf('own'),
        state: 'settled',
        receivedMsat: 400n,
        internal: true,
      },
    ],
  },
  checked: FIRST.checked,
};
const errand = (direction: Asked['direction'], id: string, some: Partial<Asked> = {}): Asked => ({
  number: 1,
  direction,
  person: 'merchant',
  account: 'own:business',
  amountMsat: 5_000n,
  key: 'crash-1',
  invoice: 'lnbcrt...',
  hash: null,
  ids: new Set([id]),
  inDoubt: false,
  preimage: null,
  end: 'settled',
  reason: null,
  ...some,
});
const ASKED = [errand('out', 'pay_out'), errand('in', 'inv_in'), errand('own', 'pay_own')];

const at = (...nodes: readonly NodeHistory[]): Sight => ({
  ...NOW,
  nodes: NOW.nodes.map((known) => nodes.find(({ name }) => name === known.name) ?? known),
});
const booked = (some: Partial<Books>): Sight => ({ ...NOW, books: { ...NOW.books, ...some } });
const judge = (now: Sight, asked: readonly Asked[] = ASKED): Audit => audit({ first: FIRST, now, asked });
const rules = (now: Sight, asked?: readonly Asked[]): string[] =>
  [...new Set(judge(now, asked).violations.map(({ rule }) => rule))].toSorted();

describe('after the strikes, nothing is wrong', () => {
  it('when the books are those of the nodes', () => {
    const nothing = { doublePayments: 0, lostMsat: 0n, ledgerDiffMsat: 0n, violations: [] };
    expect(judge(NOW)).toEqual(nothing);
    expect(judge(FIRST, [])).toEqual(nothing);
  });

  it('when a stranger has forgotten what it earned', () => {
    expect(judge(at({ ...MERCHANT, channelsMsat: 1_000_777n })).violations).toEqual([]);
  });
});

describe('what an own node has earned by forwarding', () => {
  const earned = new Map(NOW.books.accounts)
    .set('node:eu:fees_earned', 9n)
    .set('node:eu:channels', 1_000_000n + 7_009n);
  const eu = { ...EU, channelsMsat: EU.channelsMsat + 9n };

  it('may be forgotten by its LND, and not by the books', () => {
    const now = at(eu);
    expect(rules({ ...now, books: { ...now.books, accounts: earned } })).toEqual([]);
    expect(rules(at({ ...eu, forwardsMsat: 9n }))).toEqual(['histories', 'ledger']);
  });
});

describe('a double payment is found', () => {
  it('of one invoice by two nodes', () => {
    const eu = { ...EU, sent: [htlc('out', 5_000n, 3n)], channelsMsat: EU.channelsMsat - 5_003n };
    const found = judge(at(eu));
    expect(found.doublePayments).toBe(1);
    expect(found.violations[0]).toMatchObject({ rule: 'once', detail: expect.stringContaining('us and eu') });
  });

  it('of one invoice by one node, beyond what it asked for', () => {
    const sent = [...US.sent, htlc('out', 2_000n, 1n)];
    expect(judge(at({ ...US, sent, channelsMsat: US.channelsMsat - 2_001n })).doublePayments).toBe(1);
  });

  it('of one debt by two payments, of one hash or of two', () => {
    const payments = [...NOW.books.payments, payment('again', { obligation: 'obl_out' })];
    expect(judge(booked({ payments })).doublePayments).toBe(1);
    const same = [...NOW.books.payments, payment('out', { id: 'pay_second', obligation: 'obl_second' })];
    expect(judge(booked({ payments: same })).doublePayments).toBe(1);
  });

  it('where one key was answered as two payments', () => {
    const asked = [errand('out', 'pay_out', { ids: new Set(['pay_out', 'pay_other']) })];
    expect(judge(NOW, asked).doublePayments).toBe(1);
  });
});

describe('a loss is found, and how much', () => {
  it('of an HTLC that a node has settled and the books have not', () => {
    const parts = NOW.books.parts.filter(({ leftMsat }) => leftMsat !== 3_002n);
    expect(judge(booked({ parts }))).toMatchObject({ lostMsat: 3_002n, doublePayments: 0 });
  });

  it('of a part that is settled in the books alone', () => {
    expect(judge(booked({ parts: [...NOW.books.parts, part('ghost', 'eu', 11n)] })).lostMsat).toBe(11n);
  });

  it('of a payment that its payee has, and that is booked as failed', () => {
    const payments = [payment('out', { state: 'failed', feeMsat: null, preimage: null })];
    expect(rules(booked({ payments }))).toContain('payees');
    expect(judge(booked({ payments })).lostMsat).toBeGreaterThanOrEqual(5_000n);
  });

  it('of what came to an own node and is credited to nobody, or twice as much', () => {
    const invoices = NOW.books.invoices.filter(({ id }) => id !== 'inv_in');
    expect(rules(booked({ invoices }))).toEqual(['claims', 'clients', 'credits']);
    const twice = NOW.books.invoices.map((it) => (it.internal ? it : { ...it, receivedMsat: 14_000n }));
    expect(rules(booked({ invoices: twice }))).toEqual(['claims', 'credits']);
  });

  it('of a wrong preimage, amount or fee', () => {
    for (const wrong of [{ preimage: preimageOf('x') }, { amountMsat: 4_999n }, { feeMsat: 4n }]) {
      const [, ...others] = NOW.books.payments;
      expect(rules(booked({ payments: [payment('out', wrong), ...others] }))).toContain('payees');
    }
  });

  it('of what is taken from an account without a reason', () => {
    const less = new Map(NOW.books.accounts).set('own:business', 3_000_000n);
    expect(judge(booked({ accounts: less }))).toMatchObject({ lostMsat: 1_597n });
  });
});

describe('the ledger', () => {
  it('differs where a node holds less or more, in channels or coins: both are counted', () => {
    const found = judge(at({ ...US, channelsMsat: US.channelsMsat - 1n }, { ...EU, coinsMsat: 500_002n }));
    expect(found.ledgerDiffMsat).toBe(3n);
    expect(found.violations.map(({ rule }) => rule).toSorted()).toEqual(['histories', 'ledger', 'ledger']);
  });

  it('is not proven where Argosy finds a difference, or has not looked', () => {
    expect(rules({ ...NOW, checked: [{ node: 'us', differenceMsat: 1n }] })).toEqual(['proof']);
  });
});

describe('what has no end is found', () => {
  it('of payments, parts, errands, holds and HTLCs', () => {
    expect(rules(booked({ payments: [...NOW.books.payments, payment('x', { state: 'unknown' })] }))).toEqual([
      'ends',
    ]);
    expect(rules(booked({ parts: [...NOW.books.parts, part('x', 'us', 1n, 'in_flight')] }))).toEqual([
      'ends',
    ]);
    expect(rules(NOW, [...ASKED, errand('out', 'pay_out', { end: null })])).toContain('ends');
    const held = new Map(NOW.books.accounts)
      .set('own:business:held', 5n)
      .set('own:business', 3_000_000n - 5_003n + 7_000n - 405n);
    expect(rules(booked({ accounts: held }))).toEqual(['ends']);
    expect(rules(at({ ...EU, hanging: 1 }))).toEqual(['ends']);
  });

  it('and channels that are gone or do not carry', () => {
    expect(rules(at({ ...EU, channels: 1, activeChannels: 1 }))).toEqual(['histories']);
    expect(rules(at({ ...MERCHANT, activeChannels: 1 }))).toEqual(['histories']);
  });
});

describe('what clients were told', () => {
  it('is so', () => {
    expect(rules(NOW, [errand('out', 'pay_out', { end: 'failed' })])).toEqual(['clients']);
    expect(rules(NOW, [errand('out', 'pay_lost')])).toEqual(['clients']);
    expect(rules(NOW, [errand('in', 'inv_unheard')])).toEqual(['clients']);
    expect(rules(NOW, [errand('in', 'inv_in', { end: 'failed', inDoubt: true })])).toEqual([]);
  });
});
