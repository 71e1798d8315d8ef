import { heap } from './heap.ts';

/** Time as the memory network sees it: nothing in it reads a clock or sets a timer of its own. */
export interface Time {
  /** ms since 1970. */
  now(): number;
  /** Runs `run` in so many ms, after everything that is due earlier. Gives a way to cancel it. */
  after(ms: number, run: () => void): () => void;
}

/** Time that stands still until it is told to go on. */
export interface ManualTime extends Time {
  /** Goes on by so many ms and runs what falls due, in order; also what falls due because of it. */
  advance(ms: number): void;
}

interface Job {
  run: (() => void) | null;
}

/** @example const time = manualTime(); time.advance(60_000) // a minute passes at once */
export function manualTime(startMs = Date.UTC(2026, 0, 1)): ManualTime {
  let now = startMs;
  const jobs = heap<number, Job>();
  return {
    now: () => now,
    after(ms, run) {
      const job: Job = { run };
      jobs.push(now + Math.max(0, ms), job);
      return () => {
        job.run = null;
      };
    },
    advance(ms) {
      const until = now + ms;
      for (let next = jobs.peek(); next !== undefined && next.cost <= until; next = jobs.peek()) {
        jobs.pop();
        now = next.cost;
        next.item.run?.();
      }
      now = until;
    },
  };
}
