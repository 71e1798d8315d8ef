/** What `db.ts` tries again by itself. Apart from it, so that the model of the store tries again in the same way. */
import { isAway, mayRetry } from './sqlstate.ts';

/** Waits a random time. ms. */
export type Pause = (msMax: number) => Promise<void>;

const ATTEMPTS = 8;
const AWAY_PAUSE_MS = 400;

/** At most 8 times in all: after a serialization failure or a deadlock. */
export async function untilDone<T>(attempt: () => Promise<T>, pause: Pause): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      if (tried === ATTEMPTS || !mayRetry(error)) throw error;
      await pause(5 * 2 ** tried);
    }
  }
}

/** Again and again while the server is away, until `isOver`: nothing was done by what ended so. */
export async function untilThere<T>(
  attempt: () => Promise<T>,
  isOver: () => boolean,
  pause: Pause,
): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isAway(error) || isOver()) throw error;
      await pause(AWAY_PAUSE_MS);
    }
  }
}
