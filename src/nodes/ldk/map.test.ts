import { describe, expect, it } from 'vitest';
import { untrusted } from '../../lightning/ids.ts';
import type { ChannelFacts, HtlcFacts, IncomingState, OutgoingState } from './facts.ts';
import { bookedChannelsMsat, localMsat, toChannel, toPartFailure, toPendingHtlcs } from './map.ts';

const HASH = 'aa'.repeat(32);
const CAPACITY = 1_000_000_000n;
const RESERVE = 10_000_000n;

const htlc = <State extends IncomingState | OutgoingState>(
  amountMsat: bigint,
  state: State,
): HtlcFacts<State> => ({ paymentHash: HASH, amountMsat, cltvExpiry: 500, state });

const atLeastZero = (amount: bigint): bigint => (amount < 0n ? 0n : amount);
const total = (htlcs: readonly HtlcFacts<unknown>[]): bigint =>
  htlcs.reduce((sum, { amountMsat }) => sum + amountMsat, 0n);

/** What LDK says of a channel in which `toSelf` is ours, HTLCs that we sent included. */
function facts(
  toSelf: bigint,
  incoming: readonly HtlcFacts<IncomingState>[] = [],
  outgoing: readonly HtlcFacts<OutgoingState>[] = [],
): ChannelFacts {
  return {
    id: 'c1',
    scid: (120n << 40n) | (1n << 16n),
    peer: `02${'11'.repeat(32)}`,
    capacityMsat: CAPACITY,
    ownReserveMsat: RESERVE,
    peerReserveMsat: RESERVE,
    outboundCapacityMsat: atLeastZero(toSelf - total(outgoing) - RESERVE),
    inboundCapacityMsat: atLeastZero(CAPACITY - toSelf - total(incoming) - RESERVE),
    nextHtlcLimitMsat: 0n,
    opener: true,
    feeratePerKw: 253,
    confirmed: true,
    usable: true,
    announced: true,
    incoming,
    outgoing,
  };
}

describe('the local balance of a channel', () => {
  const incoming = [htlc(30_000_001n, 'committed')];
  const outgoing = [htlc(5_000_003n, 'committed')];

  for (const toSelf of [0n, 1n, RESERVE, RESERVE + 1n, 500_000_123n, CAPACITY - RESERVE - 1n, CAPACITY]) {
    it(`is exact without HTLCs when ${toSelf} msat are ours`, () => {
      expect(localMsat(facts(toSelf))).toBe(toSelf);
    });
  }

  for (const toSelf of [6_000_000n, 15_000_003n, 15_000_004n, 500_000_123n, CAPACITY - 30_000_001n]) {
    it(`is exact without the HTLCs in flight when ${toSelf} msat are ours`, () => {
      expect(localMsat(facts(toSelf, incoming, outgoing))).toBe(toSelf - 5_000_003n);
    });
  }

  it('and the remote one make the capacity, with what is in flight', () => {
    const channel = toChannel(facts(500_000_123n, incoming, outgoing), untrusted('peer'));
    expect(channel.localMsat + channel.remoteMsat + 35_000_004n).toBe(CAPACITY);
  });

  it('is not guessed when LDK tells nothing', () => {
    const jammed = { ...facts(500_000_000n), outboundCapacityMsat: 0n, inboundCapacityMsat: 0n };
    expect(() => localMsat(jammed)).toThrow(/no balance/);
  });
});

describe('what a ledger has booked of the channels', () => {
  const own = { channel: 'c1', paymentHash: HASH, amountMsat: 7_000n };
  const base = 500_000_000n;

  it('is without own HTLCs in flight, which are itemised', () => {
    const channel = facts(base, [], [htlc(7_000n, 'committed')]);
    expect(bookedChannelsMsat([channel], [own])).toBe(base - 7_000n);
  });

  it('counts what is being claimed as ours', () => {
    expect(bookedChannelsMsat([facts(base, [htlc(9_000n, 'fulfilling')])], [])).toBe(base + 9_000n);
    expect(bookedChannelsMsat([facts(base, [htlc(9_000n, 'committed')])], [])).toBe(base);
  });

  it('counts a forward as ours until it is through, and the fee from then on', () => {
    const out = facts(base, [], [htlc(7_000n, 'committed')]);
    const through = facts(base, [], [htlc(7_000n, 'fulfilled')]);
    const waiting = { ...facts(base, [htlc(7_100n, 'committed')]), id: 'c2' };
    const claiming = { ...facts(base, [htlc(7_100n, 'fulfilling')]), id: 'c2' };
    expect(bookedChannelsMsat([out, waiting], [])).toBe(2n * base);
    expect(bookedChannelsMsat([through, claiming], [])).toBe(2n * base + 100n);
  });

  it('tells an own HTLC from a forward of the same amount and hash', () => {
    const channel = facts(base, [], [htlc(7_000n, 'committed'), htlc(7_000n, 'committed')]);
    expect(bookedChannelsMsat([channel], [own])).toBe(base - 7_000n);
    const origins = toPendingHtlcs([channel], [own], () => false).map(({ origin }) => origin);
    expect(origins.sort()).toEqual(['forward', 'own']);
  });
});

describe('pending HTLCs', () => {
  it('are without incoming ones that both sides are not committed to yet', () => {
    const channel = facts(500_000_000n, [htlc(1n, 'adding'), htlc(2n, 'committed'), htlc(3n, 'failing')]);
    const amounts = toPendingHtlcs([channel], [], () => true).map(({ amountMsat }) => amountMsat);
    expect(amounts).toEqual([2n, 3n]);
  });
});

describe('the reason of a failed part', () => {
  const onPath = { kind: 'on_path', byPayee: false, blames: null, blamesScid: false } as const;

  it('is the payee when the payee refused for good', () => {
    expect(toPartFailure({ ...onPath, byPayee: true }, false)).toBe('payee_refused');
  });

  it('is a channel, or a node, that is blamed', () => {
    expect(toPartFailure({ ...onPath, blames: 'channel', blamesScid: true }, false)).toBe('no_liquidity');
    expect(toPartFailure({ ...onPath, blames: 'channel_for_good', blamesScid: true }, false)).toBe(
      'no_route',
    );
    expect(toPartFailure({ ...onPath, blames: 'node', blamesScid: true }, false)).toBe('node_down');
  });

  it('is time when nobody is blamed for a part of a total, and unknown for a whole', () => {
    expect(toPartFailure(onPath, true)).toBe('timeout');
    expect(toPartFailure(onPath, false)).toBe('unattributable');
  });

  it('is the own node when nothing left it', () => {
    const neverSent = (error: string) => toPartFailure({ kind: 'never_sent', error }, false);
    expect(neverSent('Peer for first hop currently disconnected')).toBe('node_down');
    expect(neverSent('No channel available with first hop!')).toBe('no_route');
    expect(neverSent('Cannot send more than our next-HTLC maximum')).toBe('no_liquidity');
  });
});
