/** Time as a value that is handed in: tests and the simulation bring their own. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** ms since some moment: for spans of time. It goes on evenly, whatever is done to the time of day. */
  elapsed(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      if (signal?.aborted) end();
      else signal?.addEventListener('abort', end);
    }),
};

/** Without a reason an abort makes an error with a stack each time. */
export const OVER = 'over';

/**
 * The answer, if it comes in time; a later one is dropped.
 * @throws Error after `ms` of silence, which proves nothing
 */
export async function within<T>(clock: Clock, ms: number, answer: Promise<T>): Promise<T> {
  const waiting = new AbortController();
  const silence = clock.sleep(ms, waiting.signal).then((): never => {
    throw new Error(`no answer in ${ms} ms`);
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    waiting.abort(OVER);
  }
}
