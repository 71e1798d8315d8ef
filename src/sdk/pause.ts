/** Waiting a while, and how long between two tries. */

/** Over at once when `signal` comes, without an error. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}

const FIRST_MS = 200;

/** Doubles up to `most`; up to half of it is chance, so that many clients do not come back at once. */
export const backoff = (failures: number, mostMs: number): number =>
  Math.min(mostMs, FIRST_MS * 2 ** Math.min(failures, 20)) * (1 - Math.random() / 2);
