import { expect, it } from 'vitest';
import { type Happening, type Journal, memoryJournal } from './journal.ts';
import type { NodeEvent } from './node.ts';
import { openNotebook } from './notebook.ts';

const block = (height: number): Happening => ({ kind: 'block', height });

/** A journal that is told before each write. */
function watched(onWrite: () => Promise<void>): Journal {
  const journal = memoryJournal();
  return {
    ...journal,
    async write(step) {
      await onWrite();
      return journal.write(step);
    },
  };
}

it('overtakes by being opened: what an older one notes afterwards is not written', async () => {
  const journal = memoryJournal();
  const older = await openNotebook(journal);
  const younger = await openNotebook(journal);
  await expect(older.note({ facts: [['send:1', 'late']] })).rejects.toThrow(
    'another process drives this node',
  );
  expect(older.isClosed()).toBe(true);
  await younger.note({ facts: [['send:2', 'in time']] });
  expect([...(await journal.read()).facts.keys()]).toEqual(['send:2']);
});

it('writes what is noted at any moment around the end of another writing', async () => {
  for (let turns = 0; turns < 12; turns++) {
    const kept = memoryJournal();
    let second: Promise<void> | null = null;
    const journal: Journal = {
      ...kept,
      async write(step) {
        const result = await kept.write(step);
        if (step.events.length > 0 && second === null) second = late(turns);
        return result;
      },
    };
    const book = await openNotebook(journal);
    const late = async (after: number) => {
      for (let turn = 0; turn < after; turn++) await null;
      await book.note({ events: [block(2)] });
    };
    await book.note({ events: [block(1)] });
    await second;
    expect((await kept.read()).newest, `${turns} turns later`).toBe(2);
  }
});

it('writes many notes in one step while an earlier one is written', async () => {
  let writes = -1; // the opening
  const gate = Promise.withResolvers<void>();
  const book = await openNotebook(
    watched(async () => {
      writes++;
      if (writes === 1) await gate.promise;
    }),
  );
  const notes = Array.from({ length: 50 }, (_, at) => book.note({ events: [block(at)] }));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const more = Array.from({ length: 50 }, (_, at) => book.note({ events: [block(50 + at)] }));
  gate.resolve();
  await Promise.all([...notes, ...more]);
  expect(writes).toBe(2);
  expect(book.newest()).toBe(100);
});

it('ends, and its readers with it, when another has written', async () => {
  const journal = memoryJournal();
  const older = await openNotebook(journal);
  const newer = await openNotebook(journal);
  const seen: NodeEvent[] = [];
  const reader = older.subscribe(null, async (batch) => void seen.push(...batch));
  await newer.note({ events: [block(1)] });
  await expect(older.note({ events: [block(1)] })).rejects.toThrow('another process');
  expect((await reader.ended)?.message).toContain('another process');
  await expect(older.note({ events: [block(2)] })).rejects.toThrow('another process');
  expect(older.isClosed()).toBe(true);
  expect((await journal.after(0, 10)).length).toBe(1);
});

it('writes again what a journal could not take', async () => {
  let failures = 0;
  const book = await openNotebook(
    watched(async () => {
      if (failures-- > 0) throw new Error('the database is away');
    }),
  );
  failures = 2;
  await book.note({ events: [block(1)] });
  const seen: NodeEvent[] = [];
  const reader = book.subscribe(null, async (batch) => void seen.push(...batch));
  await book.note({ events: [block(2)] });
  await expect.poll(() => seen.map((event) => event.cursor)).toEqual(['1', '2']);
  await reader.stop();
});
