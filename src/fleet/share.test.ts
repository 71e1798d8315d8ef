import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeId } from '../lightning/ids.ts';
import { type Hand, type SharedNode, shareOut } from './share.ts';

const node = (id: string, region: string, owner: string | null = null): SharedNode => ({
  id: nodeId(id),
  region,
  owner,
});
const hand = (id: string, region: string | null = null): Hand => ({ id, region });
const shared = (nodes: readonly SharedNode[], hands: readonly Hand[]) =>
  Object.fromEntries(shareOut(nodes, hands));

describe('nodes', () => {
  it('are all of one who is alone, wherever they are', () => {
    expect(shared([node('us', 'us'), node('eu', 'eu')], [hand('one', 'asia')])).toEqual({
      us: 'one',
      eu: 'one',
    });
  });

  it('go to those of their region first, and the others even out the rest', () => {
    const nodes = [node('us', 'us'), node('eu', 'eu'), node('asia', 'asia')];
    expect(shared(nodes, [hand('one', 'asia'), hand('two')])).toEqual({ asia: 'one', eu: 'two', us: 'one' });
  });

  it('stay with whoever has them, up to an even share', () => {
    const nodes = ['a', 'b', 'c', 'd'].map((id) => node(id, 'eu', 'two'));
    expect(shared(nodes, [hand('one'), hand('two')])).toEqual({ a: 'two', b: 'two', c: 'one', d: 'one' });
  });

  it('of one who is gone are shared out', () => {
    const nodes = ['a', 'b', 'c'].map((id) => node(id, 'eu', id === 'a' ? 'two' : 'gone'));
    expect(shared(nodes, [hand('one'), hand('two')])).toEqual({ a: 'two', b: 'one', c: 'one' });
  });
});

const regions = fc.constantFrom('us', 'eu', 'asia');
const someHands = fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1 }), region: fc.option(regions) }), {
  minLength: 1,
  maxLength: 5,
  selector: ({ id }) => id,
});
const someNodes = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1 }),
    region: regions,
    owner: fc.option(fc.string({ minLength: 1 })),
  }),
  { maxLength: 12, selector: ({ id }) => id },
) as fc.Arbitrary<SharedNode[]>;

describe('whatever nodes and hands there are', () => {
  it('each node has one hand, of its region where there is one, and nothing moves once it is where it shall be', () => {
    fc.assert(
      fc.property(someNodes, someHands, (nodes, hands) => {
        const first = shareOut(nodes, hands);
        expect([...first.keys()].sort()).toEqual(nodes.map(({ id }) => id).sort());
        for (const { id, region } of nodes) {
          const its = hands.find((each) => each.id === first.get(id));
          if (hands.some((each) => each.region === region)) expect(its?.region).toBe(region);
        }
        const settled = nodes.map((each) => ({ ...each, owner: first.get(each.id) ?? null }));
        expect(shareOut(settled, hands)).toEqual(first);
      }),
    );
  });

  it('without regions nobody has two more than another', () => {
    fc.assert(
      fc.property(someNodes, someHands, (nodes, hands) => {
        const equal = hands.map(({ id }) => hand(id));
        const given = [...shareOut(nodes, equal).values()];
        const counts = equal.map(({ id }) => given.filter((each) => each === id).length);
        expect(Math.max(...counts)).toBeLessThanOrEqual(Math.ceil(nodes.length / equal.length));
      }),
    );
  });
});
