/** A journal whose reader and writer can die, as a process does: what it has written stays. */
import type { Journal } from '../../../src/nodes/journal.ts';
import { memoryJournal } from '../../../src/nodes/journal.ts';

export interface Mortal {
  readonly journal: Journal;
  die(): void;
}

export function mortal(journal: Journal): Mortal {
  let dead = false;
  const never = <T>(): Promise<T> => new Promise<T>(() => {});
  const alive =
    <Args extends readonly unknown[], Answer>(call: (...args: Args) => Promise<Answer>) =>
    (...args: Args): Promise<Answer> =>
      dead ? never() : call(...args);
  return {
    journal: { read: alive(journal.read), write: alive(journal.write), after: alive(journal.after) },
    die() {
      dead = true;
    },
  };
}

/** The same memory, as it is now: what is written to one of the two is not in the other. */
export async function copyOf(journal: Journal): Promise<Journal> {
  const { facts, newest } = await journal.read();
  const copy = memoryJournal();
  const events = await journal.after(0, newest + 1);
  await copy.write({ version: 0, events, facts });
  return copy;
}
