import { describe, expect, it } from 'vitest';
import { nodeId } from '../lightning/ids.ts';
import {
  type ChainView,
  compareViews,
  consequenceOf,
  DEFAULT_CHAIN_PATIENCE,
  judge,
  type Ring,
  remember,
  type Verdict,
} from './chain-view.ts';

/** Blocks in the order in which a node named them: '100a' is block 100 of chain a. */
const ringOf = (...blocks: string[]): Ring =>
  blocks.reduce((ring: Ring, block) => remember(ring, Number.parseInt(block, 10), block), new Map());
const view = (node: string, ...blocks: string[]): ChainView => ({
  node: nodeId(node),
  height: Number.parseInt(blocks.at(-1) ?? '', 10),
  ring: ringOf(...blocks),
});
const verdicts = (...views: ChainView[]): Record<string, Verdict> => Object.fromEntries(compareViews(views));
const kinds = (...views: ChainView[]): string[] => [...compareViews(views).values()].map(({ kind }) => kind);

describe('the newest blocks of a node', () => {
  it('are remembered, 144 of them', () => {
    const blocks = Array.from({ length: 200 }, (_, index) => `${1000 + index}a`);
    const ring = ringOf(...blocks);
    expect(ring.size).toBe(144);
    expect(ring.has(1199)).toBe(true);
    expect(ring.has(1055)).toBe(false);
  });
  it('are forgotten when one of them turns out to be of a chain that it has left', () => {
    expect([...ringOf('99a', '100a', '100b').values()]).toEqual(['100b']);
    expect([...ringOf('99a', '100a', '101a', '100a').values()]).toEqual(['100a']);
    expect([...ringOf('99a', '100a', '100a').values()]).toEqual(['99a', '100a']);
  });
});

describe('nodes on one chain', () => {
  it('agree, also one block apart', () =>
    expect(kinds(view('us', '99a', '100a'), view('eu', '99a'), view('asia', '99a', '100a'))).toEqual([
      'agrees',
      'agrees',
      'agrees',
    ]));
  it('are behind from two blocks on, whoever is the majority: more work is the better chain', () =>
    expect(verdicts(view('us', '100a', '102a'), view('eu', '100a'), view('asia', '100a'))).toMatchObject({
      us: { kind: 'agrees' },
      eu: { kind: 'behind', height: 100, best: 102 },
      asia: { kind: 'behind' },
    }));
  it('are known to agree only once another has shown the same block', () => {
    expect(kinds(view('us', '100a'))).toEqual(['alone']);
    expect(kinds(view('us', '100a'), view('eu', '101a'))).toEqual(['alone', 'alone']);
  });
});

describe('a fork', () => {
  it('is held against the smaller part of the fleet', () =>
    expect(
      verdicts(view('us', '99a', '100a'), view('eu', '99a', '100b'), view('asia', '99a', '100a')),
    ).toMatchObject({
      us: { kind: 'agrees' },
      eu: { kind: 'forked', at: 100, others: ['us', 'asia'] },
      asia: { kind: 'agrees' },
    }));
  it('of the smaller part makes nobody seem behind, however long its chain is', () =>
    expect(kinds(view('us', '100a'), view('eu', '100b', '110b'), view('asia', '100a'))).toEqual([
      'agrees',
      'forked',
      'agrees',
    ]));
  it('between equals is decided by a chain that is two blocks longer', () =>
    expect(kinds(view('us', '100a'), view('eu', '100b', '102b'))).toEqual(['forked', 'alone']));
  it('between equals is disputed otherwise', () =>
    expect(verdicts(view('us', '100a'), view('eu', '100b', '101b'))).toMatchObject({
      us: { kind: 'disputed', at: 100, others: ['eu'] },
      eu: { kind: 'disputed', at: 100, others: ['us'] },
    }));
  it('of one that is stuck on it is told as a fork', () =>
    expect(kinds(view('us', '100a', '105a'), view('eu', '100b'), view('asia', '100a', '105a'))[1]).toBe(
      'forked',
    ));
  it('is none when a third node has seen what ties both together', () =>
    expect(
      kinds(view('us', '100a', '101b'), view('eu', '100b', '101b'), view('asia', '100b')),
      'us has left 100a without naming 100b',
    ).toEqual(['agrees', 'agrees', 'agrees']));
});

describe('a verdict', () => {
  const one = [view('us', '100a', '102a'), view('eu', '100a')];
  const EU = nodeId('eu');
  it('counts from when it began, and anew when it changes', () => {
    const first = judge(new Map(), one, 1_000);
    const second = judge(first, one, 5_000);
    expect(second.get(EU)).toMatchObject({ verdict: { kind: 'behind' }, since: 1_000 });
    const third = judge(second, [view('us', '100a', '102a'), view('eu', '100a', '102a')], 6_000);
    expect(third.get(EU)).toMatchObject({ verdict: { kind: 'agrees' }, since: 6_000 });
  });
  it('has its consequence when it has lasted', () => {
    const consequence = (verdict: Verdict, ms: number) =>
      consequenceOf({ verdict, since: 0 }, DEFAULT_CHAIN_PATIENCE, ms);
    const others = [nodeId('us')];
    expect(consequence({ kind: 'behind', height: 1, best: 3 }, 59_999)).toBe('none');
    expect(consequence({ kind: 'behind', height: 1, best: 3 }, 60_000)).toBe('drain');
    expect(consequence({ kind: 'forked', at: 1, others }, 29_999)).toBe('none');
    expect(consequence({ kind: 'forked', at: 1, others }, 30_000)).toBe('drain');
    expect(consequence({ kind: 'disputed', at: 1, others }, 29 * 60_000)).toBe('none');
    expect(consequence({ kind: 'disputed', at: 1, others }, 30 * 60_000)).toBe('no_sends');
    expect(consequence({ kind: 'alone' }, 1e9)).toBe('none');
  });
});
