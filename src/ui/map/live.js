/** Follows the events for as long as the page is open, over as many connections as it takes. */
/** @import { ArgosyEvent } from '../../sdk/shapes.ts' */
import { Refused, readEvents } from './api.js';

const PAUSE_MS = 500;
const PAUSE_MS_MAX = 8_000;

/**
 * @param {string} key
 * @param {object} told
 * @param {(event: Omit<ArgosyEvent, 'id'>) => void} told.onEvent each once and in order
 * @param {() => void} told.onLive connected, again or for the first time: what was missed now comes as events
 * @param {() => void} told.onAnew these are the events of another world: all that was known is void
 * @param {() => void} told.onLost
 * @returns {Promise<Refused>} the refusal that asking again would not change
 */
export async function followEvents(key, { onEvent, onLive, onAnew, onLost }) {
  /** @type {string | null} */
  let last = null;
  for (let failures = 0; ; failures++) {
    try {
      for await (const { id, event } of readEvents(key, last, onLive)) {
        failures = 0;
        if (last === null && event === null) onAnew();
        last = id;
        // What goes wrong over an event is no fault of the connection.
        if (event !== null) queueMicrotask(() => onEvent(event));
      }
    } catch (error) {
      if (error instanceof Refused && error.code === 'cursor_invalid') last = null;
      else if (error instanceof Refused && error.status < 500) return error;
    }
    onLost();
    await wait(Math.min(PAUSE_MS_MAX, PAUSE_MS * 2 ** Math.min(failures, 6)));
  }
}

const wait = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Does the work when it is wished for, and not more often than every so many ms: the last wish is always heeded.
 * @param {() => Promise<void>} work
 * @param {number} gapMs
 */
export function paced(work, gapMs) {
  let busy = false;
  let wished = false;
  const soon = async () => {
    wished = true;
    if (busy) return;
    busy = true;
    while (wished) {
      wished = false;
      await work().catch(reportError);
      await wait(gapMs);
    }
    busy = false;
  };
  return () => void soon();
}
