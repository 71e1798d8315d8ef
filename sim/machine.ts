/**
 * One process of Argosy as the simulation sees it: whatever comes to it from outside (answers, timers, events) comes
 * through here, so that it can be frozen, and thawed, and killed between any two of them.
 */
import type { Clock } from '../src/kit/clock.ts';
import type { Timeline } from './timeline.ts';

/** Where control leaves the process: `statement`, `commit`, `sendPart`; `at sendPart`: the node has it. */
export type Place = string;

export interface Machine {
  readonly name: string;
  readonly clock: Clock;
  state(): 'runs' | 'frozen' | 'dead';
  /** Runs inside: now, once it is thawed, or never. */
  enter(run: () => void): void;
  /** Those inside learn what became of it, as far as they still learn anything. */
  bring<T>(outside: Promise<T>): Promise<T>;
  /** Told at each place; it may freeze or kill the process just there. */
  pass(place: Place): void;
  freeze(): void;
  thaw(): void;
  kill(): void;
}

/** How a process sees time: `skewMs` off the true time of day, and running at another pace. */
export interface Skew {
  skewMs: number;
  readonly pace: number;
}

/** The time of day at the beginning, ms since 1970. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);

export function machine(
  timeline: Timeline,
  name: string,
  skew: Skew,
  onPlace: (machine: Machine, place: Place) => void,
): Machine {
  let state: 'runs' | 'frozen' | 'dead' = 'runs';
  let parked: (() => void)[] = [];

  const enter = (run: () => void): void => {
    if (state === 'runs') run();
    else if (state === 'frozen') parked.push(run);
  };
  const clock: Clock = {
    now: () => Math.floor(EPOCH_MS + skew.skewMs + timeline.now() * skew.pace),
    elapsed: () => timeline.now() * skew.pace,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = () => {
          cancel();
          resolve();
        };
        const cancel = timeline.after(ms / skew.pace, () =>
          enter(() => {
            signal?.removeEventListener('abort', wake);
            resolve();
          }),
        );
        signal?.addEventListener('abort', wake);
      }),
  };
  const self: Machine = {
    name,
    clock,
    state: () => state,
    enter,
    bring: (outside) =>
      new Promise((resolve, reject) => {
        outside.then(
          (value) => enter(() => resolve(value)),
          (error: unknown) => enter(() => reject(error)),
        );
      }),
    pass: (place) => onPlace(self, place),
    freeze() {
      if (state === 'runs') state = 'frozen';
    },
    thaw() {
      if (state !== 'frozen') return;
      state = 'runs';
      const waiting = parked;
      parked = [];
      for (const run of waiting) timeline.after(0, () => enter(run));
    },
    kill() {
      state = 'dead';
      parked = [];
    },
  };
  return self;
}
