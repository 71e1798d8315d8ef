import { expect, it } from 'vitest';
import { type Journal, memoryJournal } from './journal.ts';
import type { NodeEvent } from './node.ts';
import { openNotebook } from './notebook.ts';

const block = (height: number) => ({ kind: 'block', height }) as const;

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

it('has written what it was told, whenever it was told, once it says so', async () => {
  const journal = memoryJournal();
  const book = await openNotebook(journal);
  // One note after another, each made in another microtask after the end of the write before.
  for (let turn = 0; turn < 200; turn++) {
    const first = book.note({ facts: [[`a${turn}`, turn]] });
    const late = first.then(async () => {
      for (let wait = 0; wait < turn % 7; wait++) await null;
      await book.note({ facts: [[`b${turn}`, turn]] });
    });
    const meanwhile = (async () => {
      for (let wait = 0; wait < turn % 11; wait++) await null;
      await book.note({ facts: [[`c${turn}`, turn]] });
    })();
    await Promise.all([late, meanwhile]);
    const { facts } = await journal.read();
    for (const name of ['a', 'b', 'c']) expect(facts.get(`${name}${turn}`), `${name}${turn}`).toBe(turn);
  }
});

it('writes many notes in one step while an earlier one is written', async () => {
  let writes = 0;
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
  let failures = 2;
  const book = await openNotebook(
    watched(async () => {
      if (failures-- > 0) throw new Error('the database is away');
    }),
  );
  await book.note({ events: [block(1)] });
  const seen: NodeEvent[] = [];
  const reader = book.subscribe(null, async (batch) => void seen.push(...batch));
  await book.note({ events: [block(2)] });
  await expect.poll(() => seen.map((event) => event.cursor)).toEqual(['1', '2']);
  await reader.stop();
});
