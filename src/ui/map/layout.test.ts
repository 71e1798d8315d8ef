/** Where everything stands, and which way money goes over it. */
import { describe, expect, it } from 'vitest';
import type { Node, PracticeMap } from '../../sdk/index.ts';
import { readGraph, totalsOf } from './graph.js';
import { layOut } from './layout.js';
import { legsOf, measure } from './legs.js';
import { verdictOf } from './words.js';

const OWN = ['us', 'eu', 'asia'];
const OTHERS = ['hub', 'shop', 'cafe', 'bank', 'library', 'phone'];
const CHANNELS =
  'us-hub eu-hub asia-hub us-eu eu-shop hub-shop hub-cafe us-bank hub-library bank-phone'.split(' ');

const nodes = (state: Node['state'] = 'up'): Node[] =>
  OWN.map((id) => ({
    id,
    region: id,
    driver: 'memory',
    state: id === 'eu' ? state : 'up',
    owner: 'here',
    pubkey: id,
    alias: id.toUpperCase(),
    version: null,
    network: 'regtest',
    problems: [],
    drains: [],
    block_height: 100,
    block_hash: null,
    peers: 1,
    latency_ms: 1,
    stream: null,
    last_error: null,
    exposure_msat: '0',
    exposure_msat_max: null,
    spendable_msat: '7000',
    receivable_msat: '3000',
    channels: [],
  }));

const practice = (): PracticeMap => ({
  height: 101,
  people: OTHERS.map((name) => ({ name, alias: name, pubkey: name })),
  channels: CHANNELS.map((id, index) => ({
    id,
    scid: `1x1x${index}`,
    owner: id.split('-')[0] ?? '',
    peer: id.split('-')[1] ?? '',
    capacity_msat: '10000',
    local_msat: '7000',
    remote_msat: '3000',
    active: true,
    private: false,
  })),
  faults: [],
  paid: [],
});

describe('the layout', () => {
  it.each([320, 360, 819, 820, 1100, 2400])(
    'has all nodes inside of %i pixels, none upon another',
    (width) => {
      const { boxes, curves, height } = layOut(readGraph(nodes(), practice()), width, 400);
      const all = [...boxes.values()];
      expect(all).toHaveLength(9);
      expect(curves.size).toBe(CHANNELS.length);
      for (const [at, a] of all.entries()) {
        expect(a.x - a.width / 2).toBeGreaterThanOrEqual(0);
        expect(a.x + a.width / 2).toBeLessThanOrEqual(width);
        expect(a.y + a.height / 2).toBeLessThanOrEqual(height);
        for (const b of all.slice(at + 1)) {
          const apart = Math.max(
            Math.abs(a.x - b.x) - (a.width + b.width) / 2,
            Math.abs(a.y - b.y) - (a.height + b.height) / 2,
          );
          expect(apart).toBeGreaterThan(0);
        }
      }
    },
  );

  it('stays as it is when balances change, and in whatever order channels are told', () => {
    const other = practice();
    other.channels.reverse();
    for (const channel of other.channels) channel.local_msat = '1';
    const [one, two] = [practice(), other].map((world) => layOut(readGraph(nodes(), world), 1000, 400).boxes);
    expect(two).toEqual(one);
  });
});

describe('the way of a payment', () => {
  const graph = readGraph(nodes(), practice());
  const layout = layOut(graph, 1000, 400);
  const hops = [
    { pubkey: 'hub', scid: '1x1x0' },
    { pubkey: 'cafe', scid: '1x1x6' },
  ];

  it('begins at the edge of the payer and ends just before that of the payee', () => {
    const place = measure(legsOf('us', hops, graph, layout));
    const [us, cafe] = ['us', 'cafe'].map((key) => layout.boxes.get(key));
    expect(place(0).x).toBeCloseTo((us?.x ?? 0) + (us?.width ?? 0) / 2);
    const gap = (cafe?.x ?? 0) - (cafe?.width ?? 0) / 2 - place(1).x;
    expect(gap).toBeGreaterThan(0);
    expect(gap).toBeLessThan(20);
  });

  it('ends where the picture ends', () => {
    const legs = legsOf('us', [...hops, { pubkey: 'far', scid: '9x9x9' }], graph, layout);
    expect(legs).toEqual(legsOf('us', hops, graph, layout));
  });
});

describe('what is said of a fleet', () => {
  const books = { difference_msat: '0', nodes: [] };

  it('is that all is well, when it is', () => {
    expect(verdictOf(readGraph(nodes(), practice()), books)).toEqual({
      well: true,
      text: 'All 3 nodes are up, the books balance',
    });
  });

  it('is who is down, and that the others carry on; what it could do is left out of the totals', () => {
    const killed = { ...practice(), faults: [{ node: 'eu', how: 'dies' as const, delay_ms: null }] };
    const graph = readGraph(nodes('down'), killed);
    expect(verdictOf(graph, null)).toEqual({ well: false, text: 'eu is down, killed; 2 of 3 carry on' });
    expect(totalsOf(graph)).toEqual({ spendable: 14_000n, receivable: 6_000n });
    expect(graph.channels.filter(({ usable }) => !usable).map(({ id }) => id)).toEqual([
      'us-eu',
      'eu-hub',
      'eu-shop',
    ]);
  });

  it('is before all that nothing is sent any more', () => {
    const panic = { on: true, reason: null, principal: 'owner', at: null, waiting_for: [] };
    expect(verdictOf(readGraph(nodes('drained'), null, panic), null)).toEqual({
      well: false,
      text: 'ALL SENDING IS STOPPED; eu is drained; 2 of 3 carry on',
    });
  });

  it('is by how much the books differ', () => {
    const { text } = verdictOf(readGraph(nodes(), null), { ...books, difference_msat: '25000012' });
    expect(text).toBe('the books differ by 25,000.012 sat');
  });
});
