/** What may happen when two transactions meet, each as a story of its own. */

import type { Effect } from '../../../src/kit/effect-store.ts';
import { BUSINESS, nodeAccounts } from '../../../src/ledger/account.ts';
import { nodeId, type PaymentHash } from '../../../src/lightning/ids.ts';
import type { Payment } from '../../../src/payments/payment.ts';
import type { NewPayment } from '../../../src/payments/store.ts';
import type { Operation } from './operation.ts';
import type { Step } from './play.ts';

const us = nodeId('us');
const HASH = '1'.repeat(64) as PaymentHash;
const { channels, inFlight } = nodeAccounts(us);

const step = (who: 0 | 1, text: string, run: Operation['run']): Step => ({
  who,
  what: { text, reads: false, run },
});
const commits = (who: 0 | 1): Step => ({ who, what: 'commit' });
const rollsBack = (who: 0 | 1): Step => ({ who, what: 'rollback' });

const adds = (who: 0 | 1, key = 'a'): Step =>
  step(who, `adds effect ${key}`, (s, tx) =>
    s.effects.addEffect(tx, { kind: 'part.send', key, payload: {}, nodeId: us }),
  );
const claims = (who: 0 | 1): Step =>
  step(who, 'claims effects', (s, tx) => s.effects.claimEffects(tx, ['part.send'], [us], 100));
const takesClaims = (who: 0 | 1): Step => step(who, 'takes claims', (s, tx) => s.effects.takeClaims(tx, us));
const finishes = (who: 0 | 1, claim: bigint): Step =>
  step(who, `finishes claim ${claim}`, (s, tx) => s.effects.finishEffect(tx, { id: 1n, claim } as Effect));
const hastens = (who: 0 | 1): Step =>
  step(who, 'hastens', (s, tx) => s.effects.hastenEffects(tx, 'part.send', us, [{ key: 'a', payload: {} }]));

const pays = (who: 0 | 1, id: string, source: string): Step =>
  step(who, `owes ${id} for ${source}`, (s, tx) =>
    s.payments.insertPayment(tx, {
      obligationId: `obl_${id}`,
      obligationSource: source,
      network: 'regtest',
      stored: {
        payment: { id, paymentHash: HASH, amountMsat: 5n, feeLimitMsat: 1n },
        accountId: BUSINESS.id,
        bolt11: 'lnbcrt1',
        paymentSecret: 'secret',
        paymentMetadata: null,
        internalInvoiceId: null,
        preferredRegion: null,
        deadlineAt: 0,
        createdAt: 0,
      },
      plan: null,
    } as unknown as NewPayment),
  );
const claimsHash = (who: 0 | 1, id: string): Step =>
  step(who, `claims the hash for ${id}`, (s, tx) => s.claims.claimHash(tx, 'regtest', HASH, id));
const releases = (who: 0 | 1, id: string): Step =>
  step(who, `releases the hash of ${id}`, (s, tx) =>
    s.claims.releaseHash(tx, { id, paymentHash: HASH } as Payment),
  );
const locks = (who: 0 | 1, id: string): Step =>
  step(who, `locks ${id}`, (s, tx) => s.payments.lockPayment(tx, id));
const keepsPlan = (who: 0 | 1, id: string): Step =>
  step(who, `keeps a plan of ${id}`, (s, tx) =>
    s.attempts.keepPlan(tx, {
      paymentId: id,
      attempt: 1,
      rounds: 1,
      plan: { chosen: null, why: null, candidates: [], plannedAt: 0 },
    }),
  );

const moves = (who: 0 | 1, out: boolean, source: string, amountMsat = 1_000n): Step =>
  step(who, `moves ${amountMsat} ${out ? 'out' : 'back'}`, async (s, tx) => {
    const books = { ...tx, due: [] };
    const [debit, credit] = out ? [inFlight, channels] : [channels, inFlight];
    s.ledger.post(books, [{ debit, credit, amountMsat, source, reason: 'sent' }]);
    await s.ledger.moveDue(books);
  });
const takesLease = (who: 0 | 1, owner: string): Step =>
  step(who, `takes the lease as ${owner}`, (s, tx) => s.fleet.takeLease(tx, us, owner, 3_600_000));
const locksSession = (who: 0 | 1, token: bigint): Step =>
  step(who, `locks the session under ${token}`, (s, tx) => s.fleet.lockSession(tx, us, token));
const drains = (who: 0 | 1): Step =>
  step(who, 'drains', (s, tx) =>
    s.switches.addDrain(tx, us, { cause: 'hand', reason: 'disk', principal: null }),
  );
const resumes = (who: 0 | 1): Step => step(who, 'resumes', (s, tx) => s.switches.endDrains(tx, us, ['hand']));
const announces = (who: 0 | 1): Step =>
  step(who, 'announces', (s, tx) => s.outbox.announce(tx, 'alarm', 'fleet', {}));
const numbers = (who: 0 | 1): Step => step(who, 'numbers', (s, tx) => s.outbox.numberEvents(tx, 100));
const looks = (who: 0 | 1): Step => step(who, 'looks', (s, tx) => s.payments.findPayment(tx, 'pay_0'));

/** Whether somebody waits in it, and what happens. */
export const ENCOUNTERS: Readonly<Record<string, readonly [waits: boolean, steps: readonly Step[]]>> = {
  'what another is claiming is passed over': [
    false,
    [adds(0), commits(0), claims(0), adds(1, 'b'), claims(1)],
  ],
  'what was added after the beginning is not due yet': [false, [looks(0), adds(1), commits(1), claims(0)]],
  'a claim taken away meanwhile ends nothing': [
    true,
    [adds(0), commits(0), claims(0), commits(0), takesClaims(0), finishes(1, 1n), commits(0)],
  ],
  'an effect that ends meanwhile is added anew': [
    true,
    [adds(0), commits(0), claims(0), commits(0), finishes(0, 1n), hastens(1), commits(0)],
  ],
  'an effect whose end is rolled back is only hastened': [
    true,
    [adds(0), commits(0), claims(0), commits(0), finishes(0, 1n), hastens(1), rollsBack(0)],
  ],
  'a debt that another owes is owed once': [
    true,
    [pays(0, 'pay_0', 'key'), pays(1, 'pay_1', 'key'), commits(0)],
  ],
  'a debt that another rolls back is free': [
    true,
    [pays(0, 'pay_0', 'key'), pays(1, 'pay_1', 'key'), rollsBack(0)],
  ],
  'a hash goes to the first': [
    true,
    [
      pays(0, 'pay_0', 'a'),
      pays(1, 'pay_1', 'b'),
      claimsHash(0, 'pay_0'),
      claimsHash(1, 'pay_1'),
      commits(0),
    ],
  ],
  'a hash goes to the second if the first rolls back': [
    true,
    [
      pays(0, 'pay_0', 'a'),
      pays(1, 'pay_1', 'b'),
      claimsHash(0, 'pay_0'),
      claimsHash(1, 'pay_1'),
      rollsBack(0),
    ],
  ],
  'a hash that is being released is waited for': [
    true,
    [
      ...[pays(0, 'pay_0', 'a'), claimsHash(0, 'pay_0'), commits(0), pays(1, 'pay_1', 'b')],
      ...[releases(0, 'pay_0'), claimsHash(1, 'pay_1'), commits(0)],
    ],
  ],
  'whoever refers to a locked payment waits': [
    true,
    [pays(0, 'pay_0', 'a'), commits(0), locks(0, 'pay_0'), keepsPlan(1, 'pay_0'), commits(0)],
  ],
  'a payment that is referred to is locked later': [
    true,
    [pays(0, 'pay_0', 'a'), commits(0), keepsPlan(0, 'pay_0'), locks(1, 'pay_0'), commits(0)],
  ],
  'a taken-back drain keeps its place until the end': [true, [drains(0), resumes(0), drains(1), commits(0)]],
  'funds that came meanwhile can be spent': [true, [moves(0, true, 'a'), moves(1, false, 'b'), commits(0)]],
  'funds that went meanwhile cannot': [true, [moves(0, true, 'a'), moves(1, true, 'b'), commits(0)]],
  'funds that stayed after all can': [true, [moves(0, true, 'a'), moves(1, true, 'b'), rollsBack(0)]],
  'the same transfer is made once': [true, [moves(0, true, 'a', 1n), moves(1, true, 'a', 1n), commits(0)]],
  'a lease goes to the first': [true, [takesLease(0, 'one'), takesLease(1, 'other'), commits(0)]],
  'a session whose lease goes to another is lost': [
    true,
    [takesLease(0, 'one'), commits(0), takesLease(0, 'one'), locksSession(1, 2n), commits(0)],
  ],
  'events are numbered by one at a time': [
    true,
    [announces(0), commits(0), announces(1), numbers(0), numbers(1), commits(0)],
  ],
  'each has what the other wants': [
    true,
    [
      ...[pays(0, 'pay_0', 'a'), commits(0), takesLease(0, 'one'), locks(1, 'pay_0')],
      ...[locks(0, 'pay_0'), takesLease(1, 'other')],
    ],
  ],
};
