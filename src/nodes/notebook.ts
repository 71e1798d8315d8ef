/**
 * A driver's hand on its journal: what it notes is known at once here, and written in order, many notes in one step.
 */
import { cursorOf, type Happening, type Journal, type Numbered, placeOf } from './journal.ts';
import type { Cursor, NodeEvent, Subscription } from './node.ts';

export type Facts = ReadonlyMap<string, unknown>;

export interface Note {
  readonly events?: readonly Happening[];
  /** Null forgets. */
  readonly facts?: Iterable<readonly [key: string, value: unknown]>;
}

export interface Notebook {
  readonly facts: Facts;
  /** Another process has taken the journal over, or `close` was called. */
  isClosed(): boolean;
  /** Resolves when that happens. */
  readonly closed: Promise<void>;
  /** The place of the newest event noted. */
  newest(): number;
  /** Known at once; resolves when it is written. @throws Error once another process has taken the journal over */
  note(note: Note): Promise<void>;
  /** Everything noted so far is written. */
  written(): Promise<void>;
  subscribe(after: Cursor | null, deliver: (batch: readonly NodeEvent[]) => Promise<void>): Subscription;
  /** Nothing is noted or delivered after this; resolves once what was noted is written. */
  close(reason: Error | null): Promise<void>;
}

const BATCH = 500;
const RETRY_MS = 50;
const WRITE_RETRY_MS = 200;

/**
 * Whoever had the journal before is overtaken from here on, also one that is frozen and has not written for long: what
 * it knew of is in what was read, and nothing that it notes later is begun.
 */
async function takeOver(journal: Journal): ReturnType<Journal['read']> {
  for (;;) {
    const start = await journal.read();
    const step = { version: start.version, events: [], facts: new Map() };
    if ((await journal.write(step)) === 'written') return { ...start, version: start.version + 1 };
  }
}

/** @param onEvent hears every event as it is noted */
export async function openNotebook(
  journal: Journal,
  onEvent: (event: Happening) => void = () => undefined,
): Promise<Notebook> {
  const start = await takeOver(journal);
  const facts = new Map(start.facts);
  let { version, newest } = start;
  let writtenUpTo = newest;
  let recent: Numbered[] = [];
  let waiting: { events: Numbered[]; facts: Map<string, unknown> } = { events: [], facts: new Map() };
  let writing: Promise<void> | null = null;
  let closed: { reason: Error | null } | null = null;
  const closing = Promise.withResolvers<void>();
  const end = (reason: Error | null): void => {
    closed ??= { reason };
    closing.resolve();
    wake();
  };
  const readers = new Set<() => void>();
  const wake = () => {
    for (const reader of readers) reader();
  };

  async function writeAll(): Promise<void> {
    try {
      while (waiting.events.length > 0 || waiting.facts.size > 0) {
        const step = { version, ...waiting };
        waiting = { events: [], facts: new Map() };
        await writeOne(step);
        version++;
        writtenUpTo += step.events.length;
        recent = [...recent, ...step.events].slice(-BATCH);
        wake();
      }
    } finally {
      // At once: what is noted from here on needs a writing of its own.
      writing = null;
    }
  }

  async function writeOne(step: { version: number; events: Numbered[]; facts: Map<string, unknown> }) {
    for (;;) {
      const result = await journal.write(step).catch(() => 'again' as const);
      if (result === 'written') return;
      if (result === 'overtaken') {
        const error = new Error('another process drives this node now');
        end(error);
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, WRITE_RETRY_MS));
    }
  }

  function flush(): Promise<void> {
    // One turn of the event loop gathers what belongs together.
    writing ??= Promise.resolve().then(writeAll);
    return writing;
  }

  /** What follows `place`, once there is something; null when closed. */
  async function next(
    place: number,
    stopping: { readonly done: boolean; readonly promise: Promise<unknown> },
  ): Promise<readonly Numbered[] | null> {
    while (closed === null && writtenUpTo <= place) {
      const news = Promise.withResolvers<void>();
      readers.add(news.resolve);
      await Promise.race([news.promise, stopping.promise]).finally(() => readers.delete(news.resolve));
      if (stopping.done) return null;
    }
    if (closed !== null) return null;
    const [first] = recent;
    if (first !== undefined && first.place <= place + 1) {
      return recent.slice(place + 1 - first.place, place + 1 - first.place + BATCH);
    }
    return journal.after(place, BATCH);
  }

  const notebook: Notebook = {
    facts,
    isClosed: () => closed !== null,
    closed: closing.promise,
    newest: () => newest,
    note({ events = [], facts: changes = [] }) {
      if (closed !== null) return Promise.reject(closed.reason ?? new Error('the node is stopped'));
      for (const happening of events) {
        newest++;
        waiting.events.push({ place: newest, happening });
        onEvent(happening);
      }
      for (const [key, value] of changes) {
        waiting.facts.set(key, value);
        if (value === null) facts.delete(key);
        else facts.set(key, value);
      }
      return flush();
    },
    written: () => writing ?? Promise.resolve(),
    subscribe(after, deliver) {
      const stop = Promise.withResolvers<void>();
      const stopping = { done: false, promise: stop.promise };
      async function deliverAtLeastOnce(batch: readonly NodeEvent[]): Promise<void> {
        while (!stopping.done) {
          const done = await deliver(batch).then(
            () => true,
            () => false,
          );
          if (done) return;
          await Promise.race([new Promise((resolve) => setTimeout(resolve, RETRY_MS)), stopping.promise]);
        }
      }
      async function run(): Promise<Error | null> {
        let place = placeOf(after, newest);
        while (!stopping.done) {
          const batch = await next(place, stopping);
          if (batch === null) break;
          await deliverAtLeastOnce(batch.map(eventOf));
          place = batch.at(-1)?.place ?? place;
        }
        return stopping.done ? null : (closed?.reason ?? null);
      }
      const ended = run().catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      );
      return {
        ended,
        async stop() {
          stopping.done = true;
          stop.resolve();
          await ended;
        },
      };
    },
    async close(reason) {
      const last = notebook.written();
      end(reason);
      await last.catch(() => undefined);
    },
  };
  return notebook;
}

const eventOf = ({ place, happening }: Numbered): NodeEvent =>
  ({ cursor: cursorOf(place), ...happening }) as NodeEvent;
