/** The events of one node, numbered, kept until acknowledged. */
import type { Cursor, NodeEvent } from '../node.ts';

/** An event before it has its place. */
export type Happening = NodeEvent extends infer E ? (E extends unknown ? Omit<E, 'cursor'> : never) : never;

export interface Journal {
  append(happening: Happening): void;
  /** The place of the newest event; `'0'` while there is none. */
  cursor(): Cursor;
  /**
   * At most `limit` events after the cursor; asking acknowledges everything up to it.
   * @throws when the cursor is none of this journal's, or what follows it has been dropped.
   */
  after(cursor: Cursor | null, limit: number): readonly NodeEvent[];
}

/** So many acknowledged events stay for readers that come later. */
const KEPT = 50_000;
const CAPACITY = 1_000_000;

export function createJournal(): Journal {
  let events: NodeEvent[] = [];
  let dropped = 0;
  let acknowledged = 0;
  const newest = (): number => dropped + events.length;

  /** In big bites, so that a full journal does not copy itself on every event. */
  function drop(): void {
    const surplus = Math.min(acknowledged - dropped, events.length - KEPT);
    if (surplus < KEPT) return;
    events = events.slice(surplus);
    dropped += surplus;
  }

  return {
    append(happening) {
      if (events.length >= CAPACITY)
        throw new Error(`${CAPACITY} events wait to be acknowledged: subscribe to the node, or stop it`);
      events.push({ cursor: String(newest() + 1), ...happening } as NodeEvent);
    },
    cursor: () => String(newest()),
    after(cursor, limit) {
      const place = cursor === null ? 0 : Number(cursor);
      if (!Number.isSafeInteger(place) || place < 0 || place > newest())
        throw new Error(`no such cursor: ${cursor}; the newest event is ${newest()}`);
      if (place < dropped)
        throw new Error(`events after ${place} are gone; the oldest kept is ${dropped + 1}`);
      acknowledged = Math.max(acknowledged, place);
      drop();
      return events.slice(place - dropped, place - dropped + limit);
    },
  };
}
