/** The way to an Argosy that runs now: closed while none does. */
import type { Argosy } from '../../src/sdk/index.ts';
import { type People, practicePeople } from './people.ts';

export interface Visit {
  readonly argosy: Argosy;
  readonly people: People;
  /** Comes when that Argosy is killed. */
  readonly gone: AbortSignal;
}

/** Leads to whichever is open. */
export interface Entrance {
  /** Waits until it is open. @throws Closed: it will not open any more */
  enter(): Promise<Visit>;
}

export interface Door extends Entrance {
  open(argosy: Argosy): void;
  /** Before the kill, so that nobody takes its noise for an answer. */
  close(): void;
  lock(): void;
}

export class Closed extends Error {
  override readonly name = 'Closed';
}

/** @param peopleOf whom one meets there. Default: the people of its practice world */
export function createDoor(peopleOf: (argosy: Argosy) => People = practicePeople): Door {
  let next = Promise.withResolvers<Visit>();
  let killed: AbortController | null = null;
  // Nobody may be waiting when it is locked.
  const forgive = (): void => void next.promise.catch(() => {});
  forgive();
  /** Those who wait for it to open go on waiting. */
  const close = (): void => {
    if (killed === null) return;
    killed.abort();
    killed = null;
    next = Promise.withResolvers<Visit>();
    forgive();
  };
  return {
    enter: () => next.promise,
    open(argosy) {
      close();
      killed = new AbortController();
      next.resolve({ argosy, people: peopleOf(argosy), gone: killed.signal });
    },
    close,
    lock() {
      close();
      next.reject(new Closed());
    },
  };
}

/** Of several doors another one each time, as long as it is open. */
export function inTurn(doors: readonly Entrance[]): Entrance {
  let turn = 0;
  return {
    enter() {
      turn = (turn + 1) % doors.length;
      const order = [...doors.slice(turn), ...doors.slice(0, turn)];
      return Promise.race(order.map((door) => door.enter()));
    },
  };
}
