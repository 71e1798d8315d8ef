/** A process that may be killed or frozen, and comes back. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Strike } from './plan.ts';

export interface Victim {
  readonly name: string;
  kill(): Promise<void>;
  /** Resolves when it can be struck again. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

/** Resolves when the victim is back. One strike at a time for each victim. */
export async function strike(victim: Victim, its: Strike, signal: AbortSignal): Promise<void> {
  const { how, lastsMs, hasty } = its;
  const lasts = sleep(lastsMs, undefined, { signal });
  if (how === 'kill') {
    await victim.kill();
    await lasts;
    const start = victim.start();
    if (!hasty) return await start;
    start.catch(() => {}); // whether it comes up is seen when everybody has to be well
    return;
  }
  victim.freeze();
  try {
    await lasts;
  } finally {
    victim.thaw();
  }
}
