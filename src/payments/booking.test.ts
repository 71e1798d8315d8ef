import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Account,
  BUSINESS,
  deltas,
  heldAccount,
  nodeAccounts,
  type Transfer,
} from '../ledger/account.ts';
import { nodeId, nodePubkey, partToken, shortChannelId } from '../lightning/ids.ts';
import { msat } from '../money/msat.ts';
import { bookHold, bookPartReturned, bookPartSent, bookPartSettled, bookRelease } from './booking.ts';
import type { Part } from './payment.ts';

const pubkey = nodePubkey(`02${'ab'.repeat(32)}`);
const part = (amount: bigint, fee: bigint): Part => ({
  id: 'prt_1',
  attempt: 1,
  nodeId: nodeId('us'),
  token: partToken('0'.repeat(64)),
  route: {
    hops: [
      { pubkey, scid: shortChannelId('1x1x1'), amountMsat: msat(amount + fee), cltvDelta: 40 },
      { pubkey, scid: shortChannelId('2x1x1'), amountMsat: msat(amount), cltvDelta: 18 },
    ],
  },
  state: 'planned',
  failure: null,
  sendMs: null,
});
const us = nodeAccounts(nodeId('us'));
const change = (transfers: readonly Transfer[], account: Account): bigint =>
  deltas(transfers).find((delta) => delta.account.id === account.id)?.deltaMsat ?? 0n;

const amounts = fc.bigInt({ min: 1n, max: 10n ** 15n });
const fees = fc.bigInt({ min: 0n, max: 10n ** 9n });

describe('the books of a part', () => {
  it('are as before after it has been sent and has come back', () => {
    fc.assert(
      fc.property(amounts, fees, (amount, fee) => {
        const moved = [...bookPartSent(part(amount, fee)), ...bookPartReturned(part(amount, fee))];
        expect(deltas(moved).every((delta) => delta.deltaMsat === 0n)).toBe(true);
      }),
    );
  });

  it('leave nothing in flight or held once it has settled, whatever fee the node paid', () => {
    fc.assert(
      fc.property(amounts, fees, fees, fees, (amount, fee, spare, paid) => {
        const held = amount + fee + spare;
        const charged = paid < fee ? paid : fee;
        const moved = [
          ...bookHold('pay_1', BUSINESS, held),
          ...bookPartSent(part(amount, fee)),
          ...bookPartSettled(part(amount, fee), BUSINESS, msat(paid)),
          ...bookRelease('pay_1', BUSINESS, held - amount - charged),
        ];
        expect(change(moved, us.inFlight)).toBe(0n);
        expect(change(moved, heldAccount(BUSINESS))).toBe(0n);
        expect(change(moved, us.channels)).toBe(-(amount + paid));
        expect(change(moved, BUSINESS)).toBe(-(amount + charged));
        // What the business bore itself: fees paid - fees charged.
        expect(change(moved, us.feesPaid) - change(moved, us.feesCharged)).toBe(paid - charged);
      }),
    );
  });
});
