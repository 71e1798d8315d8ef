import { describe, expect, it } from 'vitest';
import { CommitUnknown, type Statements } from './db.ts';
import { inGroups, together } from './together.ts';

const transaction = (): Statements => ({
  query: async () => [],
  maybe: async () => null,
  one: async () => {
    throw new Error('not asked');
  },
});

describe('what is asked for together', () => {
  const asked: string[][] = [];
  const shout = together(async (_on: Statements, all: readonly string[]) => {
    asked.push([...all]);
    if (all.includes('bad')) throw new Error('refused');
    return all.map((one) => one.toUpperCase());
  });

  it('becomes one statement for each transaction, and each caller has its own answer', async () => {
    asked.length = 0;
    const [one, other] = [transaction(), transaction()];
    const answers = await Promise.all([shout(one, 'a'), shout(one, 'b'), shout(other, 'c')]);
    expect(answers).toEqual(['A', 'B', 'C']);
    expect(asked).toEqual([['a', 'b'], ['c']]);
  });

  it('fails for all when it fails, and the next are asked anew', async () => {
    const on = transaction();
    const both = await Promise.allSettled([shout(on, 'a'), shout(on, 'bad')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await shout(on, 'a')).toBe('A');
  });
});

describe('works in groups', () => {
  const runs: string[][] = [];
  const grouped = (fails: (items: readonly string[]) => Error | null) => {
    runs.length = 0;
    const run = inGroups(async (items: readonly string[]) => {
      runs.push([...items]);
      await new Promise((resolve) => setImmediate(resolve));
      const error = fails(items);
      if (error !== null) throw error;
      return items.map((item) => item.toUpperCase());
    });
    return (item: string, ...keys: string[]) => run({ item, keys });
  };

  it('go together when they come while another run is under way', async () => {
    const run = grouped(() => null);
    expect(await Promise.all([run('a'), run('b'), run('c')])).toEqual(['A', 'B', 'C']);
    expect(runs).toEqual([['a'], ['b', 'c']]);
  });

  it('that share a key never share a run, and keep their order', async () => {
    const run = grouped(() => null);
    await Promise.all([run('a'), run('b', 'x'), run('c', 'x', 'y'), run('d', 'y'), run('e')]);
    expect(runs).toEqual([['a'], ['b', 'e'], ['c'], ['d']]);
  });

  it('run again by themselves when one of them fails, and only that one fails', async () => {
    const run = grouped((items) => (items.includes('c') ? new Error('refused') : null));
    const ends = await Promise.allSettled([run('a'), run('b'), run('c'), run('d')]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(runs).toEqual([['a'], ['b', 'c', 'd'], ['b'], ['c'], ['d']]);
  });

  it('do not run again when nobody knows whether they were committed', async () => {
    const run = grouped((items) => (items.includes('b') ? new CommitUnknown(new Error('gone')) : null));
    const ends = await Promise.allSettled([run('a'), run('b'), run('c')]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(runs).toEqual([['a'], ['b', 'c']]);
  });
});
