import { afterAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { nodeId, paymentHash, preimage } from '../lightning/ids.ts';
import { msat } from '../money/msat.ts';
import { type Happening, type Journal, memoryJournal } from '../nodes/journal.ts';
import { openJournal } from './journal.ts';

const db = await freshDatabase();
afterAll(() => db.close());

const settled = (amount: bigint): Happening => ({
  kind: 'invoice_settled',
  paymentHash: paymentHash('0a'.repeat(32)),
  receivedMsat: msat(amount),
  preimage: preimage('0b'.repeat(32)),
});
const facts = (entries: Record<string, unknown>) => new Map(Object.entries(entries));

let count = 0;
const kinds: [string, () => Journal][] = [
  ['in memory', memoryJournal],
  ['in the database', () => openJournal(db, nodeId(`node-${count++}`))],
];

describe.each(kinds)('a journal %s', (_, open) => {
  it('gives back what was written, amounts as they were', async () => {
    const journal = open();
    const closed: Happening = { kind: 'channel_resolved', channel: 'a:0' as never, costMsat: -5n };
    const events = [settled(1n), closed].map((happening, at) => ({ place: at + 1, happening }));
    expect(await journal.read()).toEqual({ version: 0, newest: 0, facts: new Map() });
    expect(await journal.write({ version: 0, events, facts: facts({ a: { deep: [1] }, b: 'x' }) })).toBe(
      'written',
    );
    expect(await journal.write({ version: 1, events: [], facts: facts({ b: null, a: { deep: [2] } }) })).toBe(
      'written',
    );
    expect(await journal.read()).toEqual({ version: 2, newest: 2, facts: facts({ a: { deep: [2] } }) });
    expect(await journal.after(0, 10)).toEqual(events);
    expect(await journal.after(1, 10)).toEqual(events.slice(1));
    expect(await journal.after(0, 1)).toEqual(events.slice(0, 1));
  });

  it('refuses a step that does not know of all before it, and keeps nothing of it', async () => {
    const journal = open();
    await journal.read();
    const step = { events: [{ place: 1, happening: settled(1n) }], facts: facts({ a: 1 }) };
    expect(await journal.write({ version: 3, ...step })).toBe('overtaken');
    expect(await journal.read()).toEqual({ version: 0, newest: 0, facts: new Map() });
  });
});

it('takes a step once whose answer got lost', async () => {
  const journal = openJournal(db, nodeId('lost'));
  await journal.read();
  const step = { version: 0, events: [{ place: 1, happening: settled(7n) }], facts: facts({}) };
  expect(await journal.write(step)).toBe('written');
  expect(await journal.write(step)).toBe('written');
  expect((await journal.read()).newest).toBe(1);
  const other = openJournal(db, nodeId('lost'));
  expect(await other.write(step), 'another process is no second try').toBe('overtaken');
});
