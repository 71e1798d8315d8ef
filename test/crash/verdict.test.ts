/** The judge of the kills: a world that is well, and one with each thing wrong that may be. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Asked, Seen, SeenInvoice, SeenPayment } from './seen.ts';
import { judgeCrash } from './verdict.ts';

const preimageOf = (name: string): string => createHash('sha256').update(name).digest('hex');
const hashOf = (name: string): string => createHash('sha256').update(preimageOf(name), 'hex').digest('hex');

const payment = (name: string, some: Partial<SeenPayment> = {}): SeenPayment => ({
  id: `pay_${name}`,
  hash: hashOf(name),
  state: 'settled',
  amountMsat: 5_000n,
  feeMsat: 3n,
  preimage: preimageOf(name),
  ...some,
});
const invoice = (name: string, some: Partial<SeenInvoice> = {}): SeenInvoice => ({
  id: `inv_${name}`,
  hash: hashOf(name),
  state: 'settled',
  receivedMsat: 7_000n,
  ...some,
});
const receipt = (name: string, some: Partial<Seen['receipts'][number]> = {}) => ({
  hash: hashOf(name),
  person: 'merchant',
  state: 'settled',
  receivedMsat: 5_000n,
  ...some,
});
const errand = (name: string, direction: 'out' | 'in', some: Partial<Asked> = {}): Asked => ({
  number: 1,
  direction,
  person: 'merchant',
  account: 'own:business',
  amountMsat: direction === 'out' ? 5_000n : 7_000n,
  key: `crash-${name}`,
  invoice: 'lnbcrt...',
  hash: hashOf(name),
  ids: new Set([direction === 'out' ? `pay_${name}` : `inv_${name}`]),
  inDoubt: false,
  preimage: direction === 'out' ? null : preimageOf(name),
  end: 'settled',
  reason: null,
  ...some,
});

const FIRST: Seen = {
  nodes: [{ name: 'eu', pubkey: '02aa', state: 'up', channels: [{ id: 'c1', active: true }] }],
  people: [{ name: 'merchant', pubkey: '02bb', channels: 1 }],
  payments: [payment('tour')],
  invoices: [],
  receipts: [receipt('tour')],
  books: [{ node: 'eu', differenceMsat: 0n, inFlight: 0 }],
  accounts: [{ id: 'own:business', freeMsat: 1_000_000n, heldMsat: 0n }],
  database: { servers: [4711], strays: [] },
};
/** One payment out, one in. */
const NOW: Seen = {
  ...FIRST,
  payments: [payment('out'), payment('tour')],
  invoices: [invoice('in')],
  receipts: [receipt('out')],
  accounts: [{ id: 'own:business', freeMsat: 1_000_000n - 5_003n + 7_000n, heldMsat: 0n }],
};
const ASKED = [errand('out', 'out'), errand('in', 'in')];

const rules = (now: Partial<Seen>, asked: readonly Asked[] = ASKED, before: Seen = FIRST): string[] =>
  judgeCrash({ first: FIRST, before, now: { ...NOW, ...now }, asked, closing: null }).map(({ rule }) => rule);
const details = (now: Partial<Seen>, asked: readonly Asked[] = ASKED): string[] =>
  judgeCrash({ first: FIRST, before: FIRST, now: { ...NOW, ...now }, asked, closing: null }).map(
    ({ detail }) => detail,
  );

describe('after a kill, nothing is wrong', () => {
  it('when everything is as it was, and what was asked for is done once', () => {
    expect(judgeCrash({ first: FIRST, before: FIRST, now: NOW, asked: ASKED, closing: null })).toEqual([]);
    expect(judgeCrash({ first: FIRST, before: NOW, now: NOW, asked: ASKED, closing: null })).toEqual([]);
  });

  it('when a payment failed at both ends', () => {
    const now = {
      payments: [payment('out', { state: 'failed', feeMsat: null, preimage: null }), payment('tour')],
      receipts: [receipt('out', { state: 'pending', receivedMsat: null })],
      accounts: [{ id: 'own:business', freeMsat: 1_007_000n, heldMsat: 0n }],
    };
    expect(rules(now, [errand('out', 'out', { end: 'failed' }), errand('in', 'in')])).toEqual([]);
  });

  it('when a channel has come, and one is gone whose closing was asked for', () => {
    const [node] = NOW.nodes;
    if (node === undefined) throw new Error('there is a node');
    const now = { ...NOW, nodes: [{ ...node, channels: [{ id: 'c2', active: true }] }] };
    const judge = (closing: ReadonlySet<string>) =>
      judgeCrash({ first: FIRST, before: FIRST, now, asked: ASKED, closing }).map(({ detail }) => detail);
    expect(judge(new Set(['c1']))).toEqual([]);
    expect(judge(new Set())).toEqual(['eu c1 is gone']);
  });

  it('when an errand is refused that an earlier try in doubt had done', () => {
    const asked = [errand('out', 'out', { end: 'refused', inDoubt: true }), errand('in', 'in')];
    expect(rules({}, asked)).toEqual([]);
  });
});

describe('after a kill, it is wrong', () => {
  const [node] = FIRST.nodes;
  if (node === undefined) throw new Error('there is a node');

  it('when a node or a person is somebody else', () => {
    expect(rules({ nodes: [{ ...node, pubkey: '02cc' }] })).toEqual(['identities']);
    expect(rules({ people: [{ name: 'merchant', pubkey: '02cc', channels: 1 }] })).toEqual(['identities']);
  });

  it('when a channel is gone, new or idle, or a node not up', () => {
    const other = { id: 'c2', active: true };
    expect(details({ nodes: [{ ...node, channels: [other] }] })).toEqual(['eu c1 is gone', 'eu c2 is new']);
    expect(rules({ nodes: [{ ...node, channels: [{ id: 'c1', active: false }] }] })).toEqual(['channels']);
    expect(rules({ nodes: [{ ...node, state: 'lagging' }] })).toEqual(['channels']);
    expect(rules({ people: [{ name: 'merchant', pubkey: '02bb', channels: 0 }] })).toEqual(['channels']);
  });

  it('when something has no end', () => {
    const stuck = payment('more', { state: 'unknown', feeMsat: null, preimage: null });
    expect(rules({ payments: [...NOW.payments, stuck] })).toEqual(['ends']);
    expect(rules({}, [...ASKED, errand('more', 'out', { end: null })])).toEqual(['ends']);
  });

  it('when a preimage does not open its hash', () => {
    const wrong = payment('out', { preimage: preimageOf('other') });
    expect(rules({ payments: [wrong, payment('tour')] })).toEqual(['preimages']);
    expect(rules({}, [errand('out', 'out'), errand('in', 'in', { preimage: '00' })])).toEqual(['preimages']);
  });

  it('when the payee says something else', () => {
    const pending = receipt('out', { state: 'pending', receivedMsat: null });
    expect(rules({ receipts: [pending] })).toEqual(['payees', 'payees']);
    expect(rules({ receipts: [receipt('out', { receivedMsat: 4_999n })] })).toEqual(['payees', 'payees']);
    const failed = payment('out', { state: 'failed', feeMsat: null, preimage: null });
    const asked = [errand('out', 'out', { end: 'failed' }), errand('in', 'in')];
    const now = {
      payments: [failed, payment('tour')],
      accounts: [{ id: 'own:business', freeMsat: 1_007_000n, heldMsat: 0n }],
    };
    expect(rules(now, asked)).toEqual(['payees', 'payees']);
  });

  it('when a debt is paid twice, or its key was forgotten', () => {
    const twice = [...NOW.payments, payment('out', { id: 'pay_again' })];
    expect(rules({ payments: twice })).toEqual(['payees', 'once', 'business']);
    const forgotten = errand('out', 'out', { ids: new Set(['pay_out', 'pay_again']) });
    expect(rules({}, [forgotten, errand('in', 'in')])).toEqual(['once']);
  });

  it('when a client was told something else', () => {
    expect(rules({}, [errand('out', 'out', { end: 'failed' }), errand('in', 'in')])).toEqual(['clients']);
    expect(rules({}, [...ASKED, errand('lost', 'out')])).toEqual(['clients']);
    const unpaid = {
      invoices: [invoice('in', { state: 'new', receivedMsat: null })],
      accounts: [{ id: 'own:business', freeMsat: 1_000_000n - 5_003n, heldMsat: 0n }],
    };
    expect(rules(unpaid)).toEqual(['clients']);
  });

  it('when an invoice is credited with another amount', () => {
    const now = {
      invoices: [invoice('in', { receivedMsat: 14_000n })],
      accounts: [{ id: 'own:business', freeMsat: 1_000_000n - 5_003n + 14_000n, heldMsat: 0n }],
    };
    expect(rules(now)).toEqual(['credits']);
  });

  it('when what had ended is gone or otherwise', () => {
    const payments = [payment('out')];
    expect(rules({ payments })).toEqual(['history', 'business']);
    const dearer = [payment('out'), payment('tour', { feeMsat: 4n })];
    expect(rules({ payments: dearer })).toEqual(['history', 'business']);
    expect(rules({ invoices: [] }, [errand('out', 'out')], NOW)).toEqual(['history', 'business']);
    const unpaid = { ...NOW, invoices: [invoice('in', { state: 'new', receivedMsat: null })] };
    expect(rules({}, ASKED, unpaid)).toEqual([]);
  });

  it('when the books differ, are not proven, or hold something', () => {
    expect(rules({ books: [{ node: 'eu', differenceMsat: -1n, inFlight: 0 }] })).toEqual(['books']);
    expect(rules({ books: [{ node: 'eu', differenceMsat: 0n, inFlight: 1 }] })).toEqual(['books']);
    expect(rules({ books: [] })).toEqual(['books']);
    const held = NOW.accounts.map((account) => ({ ...account, heldMsat: 1n }));
    expect(rules({ accounts: held })).toEqual(['books']);
  });

  it('when the business has more or less than its payments say', () => {
    const accounts = [{ id: 'own:business', freeMsat: 1_000_000n, heldMsat: 0n }];
    expect(rules({ accounts })).toEqual(['business']);
  });

  it('when there is not one PostgreSQL, or a stranger in its folder', () => {
    expect(rules({ database: { servers: [4711, 4712], strays: [] } })).toEqual(['servers']);
    expect(rules({ database: { servers: [], strays: [] } })).toEqual(['servers']);
    expect(rules({ database: { servers: [4711], strays: [4712] } })).toEqual(['servers']);
  });
});
