import { describe, expect, it } from 'vitest';
import type { Happening } from '../journal.ts';
import {
  channelChange,
  coinChange,
  type Expected,
  type Explanation,
  explain,
  isClosing,
  takeStock,
} from './explain.ts';
import type { Observation } from './observation.ts';
import type { ChannelCloseSummary, Transaction } from './proto/lightning.ts';

const A = 'aa'.repeat(32);
const B = 'bb'.repeat(32);

const nothing: Observation = {
  height: 500,
  open: [],
  opening: [],
  closing: new Map(),
  closed: [],
  channelsMsat: 0n,
  coinsMsat: 1_000_000_000n,
  transactions: [],
};
const tx = (tx_hash: string, amount: number, more: Partial<Transaction> = {}): Transaction => ({
  tx_hash,
  amount: `${amount}`,
  num_confirmations: 0,
  block_height: 0,
  total_fees: '0',
  label: '',
  previous_outpoints: [],
  ...more,
});
const pending = (point: string, local: number, remote: number, ours = true, agreed = false) =>
  ({
    channel_point: point,
    capacity: '100000',
    local_balance: `${local}`,
    remote_balance: `${remote}`,
    initiator: ours ? 'INITIATOR_LOCAL' : 'INITIATOR_REMOTE',
    commitment_type: 'ANCHORS',
    chan_status_flags: agreed ? 'ChanStatusCoopBroadcasted' : 'ChanStatusCommitBroadcasted',
  }) as never;
const opening = (point: string, local: number, remote: number, ours = true) =>
  ({ channel: pending(point, local, remote, ours), commit_fee: '1000' }) as never;
const summary = (point: string, settled: number, more: Partial<ChannelCloseSummary> = {}) =>
  ({
    channel_point: point,
    settled_balance: `${settled}`,
    closing_tx_hash: B,
    close_type: 'COOPERATIVE_CLOSE',
    resolutions: [],
    ...more,
  }) as never as ChannelCloseSummary;

/** A node whose books follow what is explained to them. */
function books(start: Observation) {
  const facts = new Map<string, unknown>();
  let expected: Expected = { channelsMsat: start.channelsMsat, coinsMsat: start.coinsMsat };
  const take = (told: Explanation): readonly Happening[] => {
    for (const [key, value] of told.facts) {
      if (value === null) facts.delete(key);
      else facts.set(key, value);
    }
    expected = told.events.reduce<Expected>(
      (sum, event) => ({
        channelsMsat: sum.channelsMsat + channelChange(event),
        coinsMsat: sum.coinsMsat + coinChange(event),
      }),
      expected,
    );
    return told.events;
  };
  take(takeStock(start));
  return {
    facts,
    see: (now: Observation, late = false) => take(explain(facts, expected, now, late)),
    expectExact: (now: Observation) =>
      expect(expected).toEqual({ channelsMsat: now.channelsMsat, coinsMsat: now.coinsMsat }),
  };
}

const opened: Observation = {
  ...nothing,
  opening: [opening(`${A}:0`, 78_340, 20_000)],
  channelsMsat: 80_000_000n,
  coinsMsat: 899_500_000n,
  transactions: [tx(A, -100_500, { total_fees: '500' })],
};

describe('what is explained of channels and coins', () => {
  it('is nothing while nothing changes', () => {
    const node = books(opened);
    expect(node.see(opened)).toEqual([]);
    node.expectExact(opened);
  });

  it('is an opening with its push and fee, once', () => {
    const node = books(nothing);
    expect(node.see(opened)).toEqual([
      {
        kind: 'channel_opened',
        channel: `${A}:0`,
        localMsat: 80_000_000n,
        remoteMsat: 20_000_000n,
        fundingFeeMsat: 500_000n,
      },
    ]);
    node.expectExact(opened);
    expect(node.see(opened)).toEqual([]);
  });

  it('waits for the transaction that pays for an opening', () => {
    const node = books(nothing);
    expect(node.see({ ...opened, transactions: [] })).toEqual([]);
    expect(node.see(opened)).toHaveLength(1);
    node.expectExact(opened);
  });

  it('is a gift when the peer has opened', () => {
    const now = {
      ...nothing,
      opening: [opening(`${A}:0`, 20_000, 78_340, false)],
      channelsMsat: 20_000_000n,
    };
    const node = books(nothing);
    expect(node.see(now)).toMatchObject([
      { localMsat: 20_000_000n, remoteMsat: 80_000_000n, fundingFeeMsat: null },
    ]);
    node.expectExact(now);
  });

  it('is two openings of one transaction, which pays its fee once', () => {
    const now: Observation = {
      ...nothing,
      opening: [opening(`${A}:0`, 98_340, 0), opening(`${A}:1`, 98_340, 0)],
      channelsMsat: 200_000_000n,
      coinsMsat: 799_300_000n,
      transactions: [tx(A, -200_700, { total_fees: '700' })],
    };
    const node = books(nothing);
    const fees = node
      .see(now)
      .flatMap((event) => (event.kind === 'channel_opened' ? [event.fundingFeeMsat] : []));
    expect(fees).toEqual([700_000n, 0n]);
    node.expectExact(now);
  });

  it('is a closing that leaves, comes home and costs', () => {
    const node = books(opened);
    const closing: Observation = {
      ...nothing,
      closing: new Map([[`${A}:0`, pending(`${A}:0`, 78_340, 20_000)]]),
      coinsMsat: 979_200_000n,
      transactions: [...opened.transactions, tx(B, 79_700, { previous_outpoints: [spends(`${A}:0`)] })],
    };
    expect(node.see(closing)).toMatchObject([
      { kind: 'channel_closed', localMsat: 80_000_000n },
      { kind: 'coins_returned', txid: B, amountMsat: 79_700_000n },
    ]);
    node.expectExact(closing);
    expect(isClosing(node.facts)).toBe(true);
    const gone = { ...closing, closing: new Map(), closed: [summary(`${A}:0`, 79_700)] };
    expect(node.see(gone), 'what brings it may still be replaced').toEqual([]);
    const over = { ...gone, transactions: gone.transactions.map((each) => ({ ...each, block_height: 9 })) };
    expect(node.see(over)).toEqual([{ kind: 'channel_resolved', channel: `${A}:0`, costMsat: 300_000n }]);
    expect(isClosing(node.facts)).toBe(false);
    node.expectExact(over);
  });

  it('does not take another difference for a part of what a closing channel held, unless it lasts', () => {
    const node = books(opened);
    const stolen: Observation = {
      ...opened,
      opening: [],
      closing: new Map([[`${A}:0`, pending(`${A}:0`, 78_340, 20_000)]]),
      // Another channel has gained what no event has told yet.
      channelsMsat: 50_000_000n,
    };
    expect(node.see(stolen)).toEqual([]);
    expect(node.see(stolen, true)[0]).toMatchObject({ kind: 'channel_closed', localMsat: 78_340_000n });
  });

  it('is an HTLC that is decided on the chain, once it is decided', () => {
    const node = books(opened);
    const closing: Observation = {
      ...opened,
      opening: [],
      closing: new Map([[`${A}:0`, pending(`${A}:0`, 68_340, 20_000)]]),
      // 10,000 sat hang in an own HTLC on the closing channel.
      channelsMsat: 10_000_000n,
    };
    expect(node.see(closing)).toMatchObject([{ kind: 'channel_closed', localMsat: 70_000_000n }]);
    node.expectExact(closing);
    const failed = { ...closing, channelsMsat: 0n };
    expect(node.see(failed)).toEqual([]);
    expect(node.see(failed, true)).toMatchObject([{ kind: 'channel_closed', localMsat: 10_000_000n }]);
    node.expectExact(failed);
  });

  it('is nothing for a difference that lasts while a channel closes by agreement: no HTLC hangs there', () => {
    const node = books(opened);
    const closing: Observation = {
      ...opened,
      opening: [],
      closing: new Map([[`${A}:0`, pending(`${A}:0`, 78_340, 20_000, true, true)]]),
      channelsMsat: 0n,
    };
    expect(node.see(closing)).toMatchObject([{ kind: 'channel_closed', localMsat: 80_000_000n }]);
    const gone = { ...closing, channelsMsat: -7_000n };
    expect(node.see(gone, true)).toEqual([]);
  });

  it('is coins that came, and coins that left with a fee', () => {
    const node = books(nothing);
    const came = { ...nothing, coinsMsat: 1_050_000_000n, transactions: [tx(A, 50_000)] };
    expect(node.see(came)).toEqual([{ kind: 'coins_moved', txid: A, amountMsat: 50_000_000n, feeMsat: 0n }]);
    const left = {
      ...came,
      coinsMsat: 1_029_800_000n,
      transactions: [...came.transactions, tx(B, -20_200, { total_fees: '200' })],
    };
    expect(node.see(left)).toEqual([
      { kind: 'coins_moved', txid: B, amountMsat: -20_200_000n, feeMsat: 200_000n },
    ]);
    node.expectExact(left);
  });

  it('takes back a transaction that was replaced', () => {
    const node = books(nothing);
    node.see({ ...nothing, coinsMsat: 1_050_000_000n, transactions: [tx(A, 50_000)] });
    const replaced = { ...nothing, coinsMsat: 1_049_000_000n, transactions: [tx(B, 49_000)] };
    expect(node.see(replaced)).toMatchObject([
      { txid: A, amountMsat: -50_000_000n },
      { txid: B, amountMsat: 49_000_000n },
    ]);
    node.expectExact(replaced);
  });

  it('forgets transactions that are deep in the chain without a word', () => {
    const node = books(nothing);
    const came = { ...nothing, coinsMsat: 1_050_000_000n };
    node.see({ ...came, transactions: [tx(A, 50_000, { block_height: 500 })] });
    expect(node.see({ ...came, height: 700 })).toEqual([]);
    expect([...node.facts.keys()].filter((key) => key.includes(A))).toEqual([]);
    node.expectExact({ ...came, height: 700 });
  });
});

function spends(outpoint: string): Transaction['previous_outpoints'][number] {
  return { outpoint } as Transaction['previous_outpoints'][number];
}
