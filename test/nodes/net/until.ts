import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 30_000;
const EVERY_MS = 40;

/**
 * Asks until the answer is neither false nor null nor undefined; an error counts as "not yet".
 * @throws what was awaited, and the last error, after `patienceMs`
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | false | null | undefined>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  let last: unknown = null;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== false && answer !== null && answer !== undefined) return answer;
      last = null;
    } catch (error) {
      if (error instanceof GaveUp) throw error;
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`, { cause: last });
    await sleep(EVERY_MS);
  }
}

/** Thrown by what `until` asks: it cannot come true any more. */
export class GaveUp extends Error {
  override readonly name = 'GaveUp';
}
