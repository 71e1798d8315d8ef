/** Looks again and again at what is broken, while traffic runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../client.ts';
import { brokenText, type Phase } from './phases.ts';

const LOOK_MS = 200;

export interface Observation {
  /** So far; the last one goes on. */
  phases(): readonly Phase[];
  stop(): Promise<void>;
}

/** Resolves once the first phase is known. @throws as the API does */
export async function observePhases(client: Client): Promise<Observation> {
  const phases: Phase[] = [];
  let lookedMs = performance.now();
  const look = async (): Promise<void> => {
    const askedMs = performance.now();
    const broken = brokenText((await client.practice.faults()).data);
    const last = phases.at(-1);
    // It broke at some time since the look before; that it was well again is certain only now.
    const beganMs = last === undefined || broken !== null ? lookedMs : performance.now();
    if (last?.broken !== broken) phases.push({ broken, beganMs });
    lookedMs = askedMs;
  };
  await look();
  const stopping = new AbortController();
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await sleep(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => {});
      // A server that does not answer tells nothing new.
      await look().catch(() => {});
    }
  })();
  return {
    phases: () => phases,
    async stop() {
      stopping.abort();
      await looking;
    },
  };
}
