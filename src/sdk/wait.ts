/** Waits for the end of something: its events wake the waiter, and it looks by itself where none come. */
import { ArgosyProblem, Unreachable } from './errors.ts';
import { follow } from './events.ts';
import type { Connection } from './exchange.ts';
import { pause } from './pause.ts';

export interface WaitOptions {
  /** Leaves; what is waited for goes on. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait at most. */
  readonly timeoutMs?: number | undefined;
}

export interface Watched<T> {
  /** What its events name as their subject. */
  readonly id: string;
  look(signal: AbortSignal): Promise<T>;
  isOver(seen: T): boolean;
}

export type Waited<T> =
  | { readonly kind: 'over'; readonly value: T }
  /** Left before its end. `trouble`: what went wrong with the last look; undefined: nothing. */
  | { readonly kind: 'left'; readonly last: T | null; readonly trouble: unknown };

const FIRST_LOOK_MS = 50;
const LOOK_MS_MAX = 2_000;
/** The longest that platforms can count to. */
const LONGEST_MS = 2_147_483_647;

/** @throws ArgosyProblem when looking is refused for good, such as not_found */
export async function waitFor<T>(
  connection: Connection,
  { id, look, isOver }: Watched<T>,
  { signal, timeoutMs }: { readonly signal: AbortSignal | undefined; readonly timeoutMs: number },
): Promise<Waited<T>> {
  const leaving = new AbortController();
  const end = AbortSignal.timeout(Math.min(timeoutMs, LONGEST_MS));
  const until = AbortSignal.any([leaving.signal, end, ...(signal === undefined ? [] : [signal])]);
  const bell = openBell();
  void ringAtEvents(connection, id, bell, until);
  let last: T | null = null;
  let trouble: unknown;
  try {
    for (let ms = FIRST_LOOK_MS; !until.aborted; ms = Math.min(ms * 2, LOOK_MS_MAX)) {
      try {
        last = await look(until);
        trouble = undefined;
        if (isOver(last)) return { kind: 'over', value: last };
      } catch (error) {
        if (!until.aborted && isFinal(error)) throw error;
        trouble = error;
      }
      await bell.wait(ms, until);
    }
    return { kind: 'left', last, trouble };
  } finally {
    leaving.abort();
  }
}

const isFinal = (error: unknown): boolean =>
  !(error instanceof Unreachable) &&
  !(error instanceof ArgosyProblem && (error.retryable || error.status >= 500));

/** A key that may not listen, or a stream that is lost, makes the wait no shorter and no longer: the looks remain. */
async function ringAtEvents(
  connection: Connection,
  id: string,
  bell: Bell,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const { subject } of follow(connection, { signal })) if (subject === id) bell.ring();
  } catch {
    // looking goes on
  }
}

interface Bell {
  ring(): void;
  /** Over when it rings, at once if it has rung since the last wait. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

function openBell(): Bell {
  let rung = false;
  let wake = (): void => {};
  return {
    ring() {
      rung = true;
      wake();
    },
    async wait(ms, signal) {
      const waking = new AbortController();
      wake = () => waking.abort();
      if (!rung) await pause(ms, AbortSignal.any([signal, waking.signal]));
      rung = false;
    },
  };
}
