/** Virtual time: what is due next happens next, and what it sets off is over before anything else happens. */
import { heap } from '../src/nodes/memory/heap.ts';
import type { Chance } from './chance.ts';

export interface Timeline {
  /** ms since the beginning. */
  now(): number;
  /** Runs `run` in so many ms. Gives a way to cancel it. */
  after(ms: number, run: () => void): () => void;
  /** Goes on until `isOver`, or until nothing is left to happen. @throws what happens throws */
  run(isOver: () => boolean): Promise<void>;
}

interface Job {
  run: (() => void) | null;
}

/** Equal times are ordered by chance: nobody may rely on who comes first. ms. */
const JITTER_MS = 1e-3;

/** @param settle waits for what goes on outside of virtual time (a real database); null: there is nothing such */
export function timeline(chance: Chance, settle: (() => Promise<void>) | null = null): Timeline {
  let now = 0;
  const jobs = heap<number, Job>();

  /** @returns false: it is over */
  function step(isOver: () => boolean): boolean {
    if (isOver()) return false;
    const at = jobs.peek()?.cost;
    const job = jobs.pop();
    if (at === undefined || job === undefined) return false;
    now = at;
    job.run?.();
    return true;
  }

  return {
    now: () => now,
    after(ms, run) {
      const job: Job = { run };
      jobs.push(now + Math.max(0, ms) + chance() * JITTER_MS, job);
      return () => {
        job.run = null;
      };
    },
    async run(isOver) {
      if (settle !== null) {
        do await settle();
        while (step(isOver));
        return;
      }
      await new Promise<void>((resolve, reject) => {
        const next = () => {
          try {
            // Ticks come after all microtasks: every promise that this step settles has run its course by then.
            if (step(isOver)) queueMicrotask(() => process.nextTick(next));
            else resolve();
          } catch (error) {
            reject(error);
          }
        };
        process.nextTick(next);
      });
    },
  };
}
