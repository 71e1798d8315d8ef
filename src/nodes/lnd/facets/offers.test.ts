import { describe, expect, it } from 'vitest';
import type { Channel, HTLC } from '../proto/lightning.ts';
import { isOpen, makeOffers } from './offers.ts';

const key = (htlc: number, channel = '7') => ({ chan_id: channel, htlc_id: String(htlc) });
const resume = { kind: 'resume' } as const;
const channels = (htlc: Partial<HTLC>) =>
  [
    { chan_id: '7', pending_htlcs: [{ incoming: true, htlc_index: '4', forwarding_channel: '0', ...htlc }] },
  ] as unknown as Channel[];

describe('an HTLC that LND offers', () => {
  it('is open when it is newer than all before in its channel', () => {
    const offers = makeOffers();
    offers.see(key(4));
    expect(offers.see(key(5))).toEqual({ kind: 'open' });
    expect(offers.see(key(9))).toEqual({ kind: 'open' });
  });

  it('is unsure when it is the first of its channel, or older than the newest, or comes again unasked', () => {
    const offers = makeOffers();
    expect(offers.see(key(4))).toEqual({ kind: 'unsure' });
    expect(offers.see(key(3))).toEqual({ kind: 'unsure' });
    expect(offers.see(key(4))).toEqual({ kind: 'unsure' });
    expect(offers.see(key(8, '9'))).toEqual({ kind: 'unsure' });
  });

  it('stays open until it has its verdict, and keeps that', () => {
    const offers = makeOffers();
    offers.see(key(1));
    expect(offers.see(key(2))).toEqual({ kind: 'open' });
    expect(offers.see(key(2))).toEqual({ kind: 'open' });
    offers.decide(key(2), resume);
    expect(offers.see(key(2))).toEqual({ kind: 'decided', verdict: resume });
  });

  it('is forgotten after very many others, and unsure then', () => {
    const offers = makeOffers();
    for (let index = 0; index <= 50_001; index += 1) {
      offers.see(key(index));
      offers.decide(key(index), resume);
    }
    expect(offers.see(key(1))).toEqual({ kind: 'unsure' });
    expect(offers.see(key(50_001))).toEqual({ kind: 'decided', verdict: resume });
  });

  it('hangs in its channel without having gone out, or is not open any more', () => {
    expect(isOpen(key(4), channels({}))).toBe(true);
    expect(isOpen(key(4), channels({ forwarding_channel: '8' }))).toBe(false);
    expect(isOpen(key(4), channels({ incoming: false }))).toBe(false);
    expect(isOpen(key(5), channels({}))).toBe(false);
    expect(isOpen(key(4, '8'), channels({}))).toBe(false);
  });
});
