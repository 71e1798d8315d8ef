/**
 * Channels that come and go meanwhile: people open them to own nodes, and close those that have been there for a while.
 * Kills meet both half way.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { chanceOf } from '../../src/kit/chance.ts';
import { sat } from '../../src/sdk/index.ts';
import { Closed, type Door, type Visit } from './door.ts';

export interface Comings {
  /** Channels whose closing was asked for; whether that was heard is not known. */
  readonly closing: ReadonlySet<string>;
  run(): void;
  pause(): void;
  /** How many were opened, as far as their opener was told. */
  opened(): number;
}

const PEOPLE = ['exchange', 'hub', 'pacific'] as const;
const OWN = ['us', 'eu', 'asia'] as const;
const CAPACITY_SAT = 300_000n;
const PUSH_SAT = 50_000n;
const EVERY_MS = 700;
/** So many stay at least. */
const KEPT = 2;

export function createComings(door: Door, seed: string): Comings {
  const chance = chanceOf(`${seed}/comings`);
  const closing = new Set<string>();
  const open: string[] = [];
  let opened = 0;
  let turn = 0;
  let running: AbortController | null = null;

  async function act({ argosy, gone: signal }: Visit): Promise<void> {
    turn++;
    const oldest = open.length > KEPT && chance(`${turn}/close`, 0, 1) === 1 ? open.shift() : undefined;
    if (oldest !== undefined) {
      closing.add(oldest);
      await argosy.practice.closeChannel(oldest, { signal });
      return;
    }
    const from = PEOPLE[chance(`${turn}/from`, 0, PEOPLE.length - 1)] ?? 'hub';
    const to = OWN[chance(`${turn}/to`, 0, OWN.length - 1)] ?? 'eu';
    const request = { from, to, capacity_msat: sat(CAPACITY_SAT), push_msat: sat(PUSH_SAT) };
    open.push((await argosy.practice.openChannel(request, { signal })).channel);
    opened++;
  }

  async function go(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await act(await door.enter());
      } catch (error) {
        // Refused, not heard, or killed: it is tried no second time.
        if (error instanceof Closed) return;
      }
      await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }

  return {
    closing,
    opened: () => opened,
    run() {
      running = new AbortController();
      void go(running.signal);
    },
    pause() {
      running?.abort();
      running = null;
    },
  };
}
