import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeId, nodePubkey, partToken, paymentHash, preimage, shortChannelId } from '../lightning/ids.ts';
import { msat } from '../money/msat.ts';
import { decide, type Part, type Payment, type PaymentEffect, type PaymentEvent } from './payment.ts';

const SECRET = preimage('11'.repeat(32));
const HASH = paymentHash(bytesToHex(sha256(hexToBytes(SECRET))));
const PUBKEY = nodePubkey(`02${'ab'.repeat(32)}`);
const token = (n: number) => partToken(n.toString(16).padStart(64, '0'));

const part = (n: number, attempt = 1, amount = 1000n): Part => ({
  id: `prt_${n}`,
  attempt,
  nodeId: nodeId('us'),
  token: token(n),
  route: {
    hops: [
      { pubkey: PUBKEY, scid: shortChannelId('1x1x1'), amountMsat: msat(amount + 1n), cltvDelta: 40 },
      { pubkey: PUBKEY, scid: shortChannelId('2x1x1'), amountMsat: msat(amount), cltvDelta: 18 },
    ],
  },
  state: 'planned',
  failure: null,
  sendMs: null,
});

const fresh: Payment = {
  id: 'pay_1',
  paymentHash: HASH,
  amountMsat: msat(1000n),
  feeLimitMsat: msat(100n),
  state: 'pending',
  failure: null,
  preimage: null,
  feeMsat: msat(0n),
  attempt: 0,
  parts: [],
};

const settle = (n: number): PaymentEvent => ({
  kind: 'settled',
  token: token(n),
  preimage: SECRET,
  feeMsat: msat(1n),
});
const fail = (n: number, reason: 'no_liquidity' | 'payee_refused' = 'no_liquidity'): PaymentEvent => ({
  kind: 'failed',
  token: token(n),
  reason,
});
const plan = (...parts: Part[]): PaymentEvent => ({ kind: 'replanned', parts });

/** Applies events in turn; gives the last state and all effects. */
function play(...events: PaymentEvent[]): readonly [Payment, readonly PaymentEffect[]] {
  return events.reduce<readonly [Payment, readonly PaymentEffect[]]>(
    ([payment, effects], event) => {
      const [next, more] = decide(payment, event);
      return [next, [...effects, ...more]];
    },
    [fresh, []],
  );
}
const kinds = (effects: readonly PaymentEffect[]) => effects.map((effect) => effect.kind);

describe('a payment', () => {
  it('books a part before it is sent', () => {
    expect(kinds(play(plan(part(1)))[1])).toEqual(['book_part_sent', 'send']);
  });

  it('settles with the preimage and frees the rest of the hold', () => {
    const [payment, effects] = play(plan(part(1)), { kind: 'accepted', token: token(1) }, settle(1));
    expect(payment).toMatchObject({ state: 'settled', preimage: SECRET, feeMsat: 1n });
    expect(kinds(effects).slice(2)).toEqual(['book_part_settled', 'release_hold']);
  });

  it('settles although the acceptance was never heard', () => {
    expect(play(plan(part(1)), settle(1))[0].state).toBe('settled');
  });

  it('waits for every part, and is settled though a sibling failed', () => {
    const [waiting] = play(plan(part(1, 1, 500n), part(2, 1, 500n)), settle(1));
    expect(waiting.state).toBe('in_flight');
    expect(decide(waiting, fail(2))[0].state).toBe('settled');
  });

  it('is unknown while one part is unknown, and keeps the hold', () => {
    const [payment, effects] = play(plan(part(1)), { kind: 'unanswered', token: token(1) });
    expect(payment.state).toBe('unknown');
    expect(kinds(effects)).not.toContain('release_hold');
    expect(kinds(effects)).toContain('resolve');
  });

  it('plans again after a proven failure, and refuses a plan while a part is open', () => {
    const [failed, effects] = play(plan(part(1)), fail(1));
    expect(kinds(effects).slice(2)).toEqual(['book_part_returned', 'plan_again']);
    expect(failed.state).toBe('pending');
    const [open] = play(plan(part(1)));
    expect(decide(open, plan(part(2, 2)))).toEqual([open, []]);
  });

  it('ends at once when the payee refuses', () => {
    const [payment, effects] = play(plan(part(1)), fail(1, 'payee_refused'));
    expect(payment).toMatchObject({ state: 'failed', failure: 'REFUSED_BY_PAYEE' });
    expect(kinds(effects).slice(-2)).toEqual(['release_hold', 'release_hash']);
  });

  it('cannot be given up while a part is open or after the preimage', () => {
    const [open] = play(plan(part(1)), { kind: 'unanswered', token: token(1) });
    expect(decide(open, { kind: 'given_up', failure: 'TIMEOUT' })).toEqual([open, []]);
  });

  it('does not believe a preimage that does not match', () => {
    const lie: PaymentEvent = {
      kind: 'settled',
      token: token(1),
      preimage: preimage('22'.repeat(32)),
      feeMsat: msat(0n),
    };
    const [payment, effects] = play(plan(part(1)), lie);
    expect(payment.state).toBe('pending');
    expect(kinds(effects)).toContain('alarm');
  });

  it('charges no more fee than its route asked for, and raises an alarm', () => {
    const dear: PaymentEvent = { kind: 'settled', token: token(1), preimage: SECRET, feeMsat: msat(500n) };
    const [payment, effects] = play(plan(part(1)), dear);
    expect(payment).toMatchObject({ state: 'settled', feeMsat: 1n });
    expect(kinds(effects).slice(2)).toEqual(['book_part_settled', 'alarm', 'release_hold']);
  });

  it('keeps how long a send took, also when the end was told before the answer, and then changes nothing else', () => {
    const accepted: PaymentEvent = { kind: 'accepted', token: token(1), sendMs: 7 };
    expect(play(plan(part(1)), accepted)[0].parts[0]).toMatchObject({ state: 'in_flight', sendMs: 7 });
    const [settled] = play(plan(part(1)), settle(1));
    const [after, effects] = decide(settled, accepted);
    expect(after).toEqual({ ...settled, parts: [{ ...settled.parts[0], sendMs: 7 }] });
    expect(effects).toEqual([]);
    expect(decide(after, { ...accepted, sendMs: 9 })).toEqual([after, []]);
  });

  it('ignores what it has heard before', () => {
    const [settled] = play(plan(part(1)), settle(1));
    expect(decide(settled, settle(1))).toEqual([settled, []]);
    expect(decide(settled, fail(1))).toEqual([settled, []]);
  });

  it('raises an alarm when a part settles that was reported failed', () => {
    const [failed] = play(plan(part(1)), fail(1, 'payee_refused'));
    const [after, effects] = decide(failed, settle(1));
    expect(after).toEqual(failed);
    expect(kinds(effects)).toEqual(['alarm']);
  });
});

describe('whatever happens in whatever order', () => {
  const events = fc.array(
    fc.oneof(
      fc.integer({ min: 1, max: 4 }).map((n): PaymentEvent => plan(part(n, n))),
      fc.integer({ min: 1, max: 4 }).map((n): PaymentEvent => ({ kind: 'accepted', token: token(n) })),
      fc.integer({ min: 1, max: 4 }).map((n): PaymentEvent => ({ kind: 'unanswered', token: token(n) })),
      fc.integer({ min: 1, max: 4 }).map(settle),
      fc.integer({ min: 1, max: 4 }).map((n) => fail(n)),
      fc.constant<PaymentEvent>({ kind: 'given_up', failure: 'NO_ROUTE' }),
    ),
    { maxLength: 30 },
  );

  it('never has two attempts open, never ends with an open part, frees the hold exactly once at the end', () => {
    fc.assert(
      fc.property(events, (sequence) => {
        let payment = fresh;
        const all: string[] = [];
        for (const event of sequence) {
          // A plan's tokens are fresh in the product; the property must not reuse them either.
          if (event.kind === 'replanned' && payment.parts.some((p) => p.token === event.parts[0]?.token))
            continue;
          const [next, effects] = decide(payment, event);
          payment = next;
          all.push(...kinds(effects));
          const open = payment.parts.filter((p) => p.state !== 'settled' && p.state !== 'failed');
          expect(new Set(open.map((p) => p.attempt)).size).toBeLessThanOrEqual(1);
          const over = payment.state === 'settled' || payment.state === 'failed';
          if (over) expect(open).toEqual([]);
          expect(all.filter((kind) => kind === 'release_hold')).toHaveLength(over ? 1 : 0);
          expect(all.filter((kind) => kind === 'release_hash')).toHaveLength(
            payment.state === 'failed' ? 1 : 0,
          );
          if (payment.state === 'unknown') expect(open.some((p) => p.state === 'unknown')).toBe(true);
        }
        const sent = all.filter((kind) => kind === 'book_part_sent').length;
        const ended = all.filter(
          (kind) => kind === 'book_part_returned' || kind === 'book_part_settled',
        ).length;
        const open = payment.parts.filter((p) => p.state !== 'settled' && p.state !== 'failed').length;
        expect(sent - ended).toBe(open);
      }),
      { numRuns: 500 },
    );
  });
});
