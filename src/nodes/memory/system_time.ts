import type { Time } from './time.ts';

/** Real time, for those outside who want it; nothing of the network imports this. Its timers keep no process alive. */
export const systemTime: Time = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
