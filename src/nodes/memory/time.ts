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
  readonly due: number;
  readonly run: () => void;
}

/** @example const time = manualTime(); time.advance(60_000) // a minute passes at once */
export function manualTime(startMs = Date.UTC(2026, 0, 1)): ManualTime {
  let now = startMs;
  const jobs = new Set<Job>();
  /** Sets keep the order of insertion: of jobs due at once the older one comes first. */
  const next = (until: number): Job | undefined => {
    let first: Job | undefined;
    for (const job of jobs) {
      if (job.due <= until && (first === undefined || job.due < first.due)) first = job;
    }
    return first;
  };
  return {
    now: () => now,
    after(ms, run) {
      const job = { due: now + Math.max(0, ms), run };
      jobs.add(job);
      return () => {
        jobs.delete(job);
      };
    },
    advance(ms) {
      const until = now + ms;
      for (let job = next(until); job !== undefined; job = next(until)) {
        jobs.delete(job);
        now = Math.max(now, job.due);
        job.run();
      }
      now = until;
    },
  };
}

/** Real time, for those outside who want it: an `unref`ed timer keeps no process alive. */
export const systemTime: Time = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
