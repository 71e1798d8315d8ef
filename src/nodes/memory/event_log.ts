/** The event stream of one node, and those who follow it. */
import type { Cursor, NodeEvent, Subscription } from '../node.ts';
import type { Time } from './time.ts';

type WithoutCursor<Event> = Event extends unknown ? Omit<Event, 'cursor'> : never;
/** An event that has no place in the stream yet. */
export type News = WithoutCursor<NodeEvent>;

export interface EventLog {
  append(news: News): void;
  /** The place of the last event; '0' before the first. */
  cursor(): Cursor;
  /** @param sender what it sends from here on is told as its own */
  subscribe(
    after: Cursor | null,
    deliver: (batch: readonly NodeEvent[]) => Promise<void>,
    sender?: object,
  ): Subscription;
  /** A part leaves, and this has sent it. */
  appendSent(sender: object, news: News): void;
  /** Goes on after a pause: see `isPaused`. */
  wake(): void;
  /** Ends every subscription. */
  end(error: Error): void;
  /** Forgets the events up to and including `cursor`: nobody resumes before it any more. */
  forget(cursor: Cursor): void;
}

const BATCH = 256;
const RETRY_MS = 100;

/** @param isPaused nothing is delivered while it holds: the node is down */
export function eventLog(time: Time, isPaused: () => boolean): EventLog {
  let events: NodeEvent[] = [];
  /** Events forgotten: the cursor of `events[index]` is `forgotten + index + 1`. */
  let forgotten = 0;
  const senders = new WeakMap<NodeEvent, object>();
  const followers = new Set<Follower>();
  const wake = () => {
    for (const follower of followers) follower.wake();
  };
  /** How many events lie at or before the cursor. */
  const placeOf = (cursor: Cursor): number => {
    const place = Number(cursor);
    if (!/^\d+$/.test(cursor) || place > forgotten + events.length) {
      throw new RangeError(`no cursor of this node: ${JSON.stringify(cursor.slice(0, 40))}`);
    }
    return place;
  };
  const append = (news: News): NodeEvent => {
    const event: NodeEvent = { ...news, cursor: String(forgotten + events.length + 1) };
    events.push(event);
    if (followers.size > 0) wake();
    return event;
  };
  return {
    append: (news) => void append(news),
    appendSent: (sender, news) => void senders.set(append(news), sender),
    cursor: () => String(forgotten + events.length),
    subscribe(after, deliver, sender) {
      let place = after === null ? 0 : placeOf(after);
      const live = forgotten + events.length;
      const isOwn = (event: NodeEvent) => senders.get(event) === sender && Number(event.cursor) > live;
      const seen = (event: NodeEvent): NodeEvent =>
        event.kind === 'part_found' && isOwn(event) ? { ...event, own: true } : event;
      const follower = follow(time, deliver, {
        isPaused,
        batch: () => {
          place = Math.max(place, forgotten);
          return events.slice(place - forgotten, place - forgotten + BATCH).map(seen);
        },
        acknowledge: (count) => {
          place += count;
        },
      });
      followers.add(follower);
      follower.wake();
      return {
        ended: follower.ended,
        stop() {
          followers.delete(follower);
          return follower.stop();
        },
      };
    },
    wake,
    end(error) {
      for (const follower of followers) follower.end(error);
      followers.clear();
    },
    forget(cursor) {
      const place = placeOf(cursor);
      if (place <= forgotten) return;
      events = events.slice(place - forgotten);
      forgotten = place;
    },
  };
}

interface Source {
  isPaused(): boolean;
  batch(): readonly NodeEvent[];
  acknowledge(count: number): void;
}

interface Follower extends Subscription {
  wake(): void;
  end(error: Error): void;
}

/** Brings one batch after the other; one that could not be delivered comes again. */
function follow(
  time: Time,
  deliver: (batch: readonly NodeEvent[]) => Promise<void>,
  source: Source,
): Follower {
  const ended = Promise.withResolvers<Error | null>();
  let stopped = false;
  let running: Promise<void> | null = null;
  let endPause = () => {};

  const pause = () =>
    new Promise<void>((resolve) => {
      const cancel = time.after(RETRY_MS, resolve);
      endPause = () => {
        cancel();
        resolve();
      };
    });

  const run = async () => {
    await null; // never in the middle of a step of the network
    for (let batch = source.batch(); !stopped && !source.isPaused() && batch.length > 0; ) {
      try {
        await deliver(batch);
        source.acknowledge(batch.length);
      } catch {
        if (!stopped) await pause();
      }
      batch = source.batch();
    }
    running = null;
  };

  return {
    ended: ended.promise,
    wake() {
      if (!stopped) running ??= run();
    },
    end(error) {
      stopped = true;
      endPause();
      ended.resolve(error);
    },
    async stop() {
      stopped = true;
      endPause();
      await running;
      ended.resolve(null);
    },
  };
}
