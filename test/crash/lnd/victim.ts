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
export async function strike(victim: Victim, { how, lastsMs }: Strike, signal: AbortSignal): Promise<void> {
  const lasts = sleep(lastsMs, undefined, { signal });
  if (how === 'kill') {
    await victim.kill();
    await lasts;
    return await victim.start();
  }
  victim.freeze();
  try {
    await lasts;
  } finally {
    victim.thaw();
  }
}
