/**
 * What the driver of a daemon remembers beside the daemon: its events, numbered, and facts that it must find again
 * after a crash. Whoever opens the driver hands one in; Argosy's is in its database (`fleet/journal.ts`).
 */
import type { Cursor, NodeEvent } from './node.ts';

/** An event before it has its place. */
export type Happening = NodeEvent extends infer E ? (E extends unknown ? Omit<E, 'cursor'> : never) : never;

export interface Numbered {
  /** 1 for the first event. */
  readonly place: number;
  readonly happening: Happening;
}

export interface JournalStep {
  /** The step counts only if so many were written before it. */
  readonly version: number;
  readonly events: readonly Numbered[];
  /** Null forgets. Values are JSON. */
  readonly facts: ReadonlyMap<string, unknown>;
}

export interface Journal {
  read(): Promise<{ version: number; newest: number; facts: ReadonlyMap<string, unknown> }>;
  /** Whole or not at all. `overtaken`: another process has written; what this one knows is out of date. */
  write(step: JournalStep): Promise<'written' | 'overtaken'>;
  /** @throws Error when what follows has been dropped */
  after(place: number, limit: number): Promise<readonly Numbered[]>;
}

/** Events below this distance from the newest may be dropped, with the facts that are only about them. */
export const KEPT_EVENTS = 20_000;

export const cursorOf = (place: number): Cursor => String(place);

/** @throws Error for what is no place in this journal */
export function placeOf(cursor: Cursor | null, newest: number): number {
  const place = cursor === null ? 0 : Number(cursor);
  if (Number.isSafeInteger(place) && place >= 0 && place <= newest) return place;
  throw new Error(`no such cursor: ${cursor}; the newest event is ${newest}`);
}

/** Lives as long as the process: for tests, and for nodes that are only looked at. */
export function memoryJournal(): Journal {
  let version = 0;
  const events: Numbered[] = [];
  const facts = new Map<string, unknown>();
  return {
    read: async () => ({ version, newest: events.length, facts: structuredClone(facts) }),
    async write(step) {
      if (step.version !== version) return 'overtaken';
      version++;
      events.push(...step.events);
      for (const [key, value] of structuredClone(step.facts)) {
        if (value === null) facts.delete(key);
        else facts.set(key, value);
      }
      return 'written';
    },
    after: async (place, limit) => events.slice(place, place + limit),
  };
}
