/** The way to the Argosy that runs now: closed while none does. */
import type { Argosy } from '../../src/sdk/index.ts';

export interface Visit {
  readonly argosy: Argosy;
  /** Comes when that Argosy is killed. */
  readonly gone: AbortSignal;
}

export interface Door {
  /** Waits until it is open. @throws Closed: it will not open any more */
  enter(): Promise<Visit>;
  open(argosy: Argosy): void;
  /** Before the kill, so that nobody takes its noise for an answer. */
  close(): void;
  lock(): void;
}

export class Closed extends Error {
  override readonly name = 'Closed';
}

export function createDoor(): Door {
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
      next.resolve({ argosy, gone: killed.signal });
    },
    close,
    lock() {
      close();
      next.reject(new Closed());
    },
  };
}
