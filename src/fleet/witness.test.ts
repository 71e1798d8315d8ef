import { expect, test } from 'vitest';
import { channelId } from '../lightning/ids.ts';
import { compareUpdates } from './witness.ts';

const [one, other] = ['11', '22'].map((byte) => channelId(`${byte.repeat(32)}:0`)) as [never, never];
const shows = (...updates: (bigint | null)[]) =>
  updates.map((each, index) => ({ id: index === 0 ? one : other, updates: each }));

test('what was never seen, or has gone on, is newer', () => {
  const { older, newer } = compareUpdates(new Map([[one, 4n]]), shows(5n, 0n));
  expect(older).toEqual([]);
  expect([...newer]).toEqual([
    [one, 5n],
    [other, 0n],
  ]);
});

test('a channel that shows less than before is older, and nothing becomes newer by that', () => {
  const { older, newer } = compareUpdates(new Map([[one, 4n]]), shows(3n));
  expect(older).toEqual([{ channel: one, was: 4n, is: 3n }]);
  expect(newer.size).toBe(0);
});

test('a node that does not tell, and a channel that stands still, say nothing', () => {
  expect(compareUpdates(new Map([[one, 4n]]), shows(4n, null))).toEqual({ older: [], newer: new Map() });
});
