/**
 * Effects: what is still to be done to the world, written in the transaction that decided it, done afterwards, at
 * least once. A claim moves `run_after` ahead, so that an effect whose worker died comes again by itself;
 * `attempts` tells the handler that somebody may have begun it before.
 */
import type { NodeId } from '../lightning/ids.ts';
import { type Clock, OVER, within } from './clock.ts';
import type { Db } from './db.ts';
import { CLAIM_MS, claimEffects, type Effect, postponeEffect } from './effect-store.ts';
import type { Log } from './log.ts';

/** A handler that takes longer is left to itself: its claim is void, so that it can end nothing any more. */
const HANDLER_MS = CLAIM_MS;
const STOP_MS = 5_000;
/** Effects under way at once; a node that hangs keeps at most a share and a batch of them busy. */
const SLOTS = 64;
const SLOTS_OF_ONE_NODE = 24;
const BATCH = 16;
const POLL_MS = 500;
const MAX_BACKOFF_MS = 60_000;

/** Does the effect and ends it with `finish` or `later` in a transaction of its own. Throwing means: again later. */
export type EffectHandler = (effect: Effect) => Promise<void>;

/** Doubles from 250 ms to a minute. */
export const backoffMs = (attempts: number): number =>
  Math.min(MAX_BACKOFF_MS, 250 * 2 ** Math.min(attempts - 1, 10));

export interface EffectRunner {
  /** There is something new: look now instead of at the next poll. */
  kick(): void;
  /** Resolves when no effect of the node is under way here, in a few seconds at most. */
  idle(node: NodeId): Promise<void>;
  /** Waits for the effects under way, a few seconds at most: they can be taken up again after any crash. */
  stop(): Promise<void>;
}

/** Of a process that does none. */
export const noEffects: EffectRunner = {
  kick() {},
  idle: async () => undefined,
  stop: async () => undefined,
};

export function startEffects(
  db: Db,
  handlers: ReadonlyMap<string, EffectHandler>,
  ownNodes: () => readonly NodeId[],
  clock: Clock,
  log: Log,
): EffectRunner {
  const stopping = new AbortController();
  const running = new Map<Promise<void>, NodeId | null>();
  let wake = new AbortController();
  let claiming: Promise<unknown> = Promise.resolve();

  async function run(effect: Effect): Promise<void> {
    const handler = handlers.get(effect.kind);
    try {
      if (handler === undefined) throw new Error(`nobody handles effects of kind ${effect.kind}`);
      await within(clock, HANDLER_MS, handler(effect));
    } catch (error) {
      log.warn({ error, effect: effect.kind, key: effect.key, attempts: effect.attempts }, 'effect failed');
      const wait = backoffMs(effect.attempts);
      await db.tx((tx) => postponeEffect(tx, effect, wait)).catch(() => undefined);
    }
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      const claim = claimSome().catch(() => []);
      claiming = claim;
      const claimed = await claim;
      for (const effect of claimed) {
        const work = run(effect).finally(() => {
          const wasFull = running.size === SLOTS || busy(effect.node_id) === SLOTS_OF_ONE_NODE;
          running.delete(work);
          if (wasFull) wake.abort(OVER);
        });
        running.set(work, effect.node_id);
      }
      if (claimed.length === 0) await clock.sleep(POLL_MS, wake.signal);
    }
    await over([...running.keys()]);
  }

  const over = (work: readonly Promise<void>[]): Promise<unknown> =>
    within(clock, STOP_MS, Promise.all(work)).catch(() => undefined);
  const workOf = (node: NodeId | null): Promise<void>[] =>
    [...running].filter(([, id]) => id === node).map(([work]) => work);
  const busy = (node: NodeId | null): number => workOf(node).length;

  async function claimSome(): Promise<Effect[]> {
    const room = Math.min(BATCH, SLOTS - running.size);
    if (room === 0) return [];
    const nodes = ownNodes().filter((id) => busy(id) < SLOTS_OF_ONE_NODE);
    const claimedAt = clock.elapsed();
    const rows = await db.tx((tx) => claimEffects(tx, [...handlers.keys()], nodes, room));
    return rows.map((row) => ({ ...row, claimedAt }));
  }

  const done = loop();
  return {
    kick: () => wake.abort(OVER),
    async idle(node) {
      // Who stops has waited already.
      if (stopping.signal.aborted) return;
      await claiming;
      await over(workOf(node));
    },
    async stop() {
      stopping.abort();
      wake.abort();
      await done;
    },
  };
}
