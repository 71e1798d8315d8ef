import { expect, it } from 'vitest';
import { memoryJournal } from '../journal.ts';
import { openNotebook } from '../notebook.ts';
import type { LndClient } from './client.ts';
import type { Channel } from './proto/lightning.ts';
import { openWitness } from './witness.ts';

const channels = (updates: number): Channel[] => [
  { channel_point: 'ab:0', num_updates: '7' } as Channel,
  { channel_point: 'cd:1', num_updates: `${updates}` } as Channel,
];
const lnd = (updates: number): LndClient =>
  ({ lightning: { listChannels: async () => ({ channels: channels(updates) }) } }) as unknown as LndClient;

it('tells a channel that is at an earlier state than was seen, by whichever process, until it is as new again', async () => {
  const journal = memoryJournal();
  const first = await openNotebook(journal);
  expect((await openWitness(lnd(15), first)).found()).toBeNull();
  await first.close(null);
  const later = await openWitness(lnd(12), await openNotebook(journal));
  expect(later.found()).toMatch(/channel cd:1 is at update 12, and was at 15/);
  later.look(channels(14));
  expect(later.found()).toMatch(/is at update 14, and was at 15/);
  later.look(channels(15));
  expect(later.found()).toBeNull();
  later.look(channels(3).slice(0, 1));
  expect(later.found()).toBeNull();
});
