import { expect, it } from 'vitest';
import { type Happening, type Journal, memoryJournal } from './journal.ts';
import { openNotebook } from './notebook.ts';

const block = (height: number): Happening => ({ kind: 'block', height });

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
