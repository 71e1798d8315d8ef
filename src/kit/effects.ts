/**
 * Effects: what is still to be done to the world, written in the transaction that decided it, done afterwards, at
 * least once. A claim moves `run_after` ahead, so that an effect whose worker died comes again by itself;
 * `attempts` tells the handler that somebody may have begun it before.
 */
import type { NodeId } from '../lightning/ids.ts';
import { type Clock, within } from './clock.ts';
import type { Db, Tx } from './db.ts';
import type { Log } from './log.ts';

/** While a worker holds an effect, nobody else claims it for this long. */
const CLAIM_MS = 30_000;
/** A handler that takes longer is left to itself: its claim is void, so that it can end nothing any more. */
const HANDLER_MS = CLAIM_MS;
const STOP_MS = 5_000;
/** Effects under way at once; a node that hangs keeps at most a share and a batch of them busy. */
const SLOTS = 64;
const SLOTS_OF_ONE_NODE = 24;
const BATCH = 16;
const POLL_MS = 500;
const MAX_BACKOFF_MS = 60_000;

export interface NewEffect {
  readonly kind: string;
  /** Unique with `kind`: adding the same effect twice leaves one. */
  readonly key: string;
  readonly payload: unknown;
  /** Only the process that owns this node's session does it. */
  readonly nodeId?: NodeId;
  readonly runInMs?: number;
}

export interface Effect {
  readonly id: bigint;
  readonly kind: string;
  readonly key: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** 1 the first time; more: an earlier worker may have begun, and may have finished without saying so. */
  readonly attempts: number;
  readonly claim: bigint;
  /** ms since 1970, by this process's clock: before the claim. */
  readonly claimedAt: number;
  readonly node_id: NodeId | null;
}

/** Does the effect and ends it with `finish` or `later` in a transaction of its own. Throwing means: again later. */
export type EffectHandler = (effect: Effect) => Promise<void>;

export async function addEffect(tx: Tx, effect: NewEffect): Promise<void> {
  await tx.query(
    `insert into effect (kind, key, node_id, payload, run_after)
     values ($1, $2, $3, $4, now() + $5 * interval '1 millisecond') on conflict (kind, key) do nothing`,
    [effect.kind, effect.key, effect.nodeId ?? null, JSON.stringify(effect.payload), effect.runInMs ?? 0],
  );
}

/** An effect of a kind: its key, and what its handler is told. */
export type WantedEffect = Pick<NewEffect, 'key' | 'payload'>;

/**
 * Adds effects of a node, or has those that are there come now, however long they were to wait. Their attempts are
 * counted anew: those so far told nothing. Claims are void, lest one that is just failing has the effect wait again.
 * Only for kinds whose handlers may always begin again.
 */
export async function hastenEffects(
  tx: Tx,
  kind: string,
  node: NodeId,
  wanted: readonly WantedEffect[],
): Promise<void> {
  if (wanted.length === 0) return;
  await tx.query(
    `insert into effect (kind, key, node_id, payload)
     select $1, key, $2, payload::jsonb from unnest($3::text[], $4::text[]) as wanted (key, payload) order by key
     on conflict (kind, key) do update set run_after = now(), attempts = 0, claim = effect.claim + 1`,
    [kind, node, wanted.map(({ key }) => key), wanted.map(({ payload }) => JSON.stringify(payload))],
  );
}

/**
 * What the owner of a node's session before us has claimed comes now, and not when its claims run out. Its lease is
 * over, and without it that process calls the node no more (most likely it is dead), so that nobody is in the middle
 * of these effects. Should it live on nevertheless: its claims are void from here on, so that it can end none of them.
 * The attempts stay: what it may have sent is never sent again.
 */
export async function takeClaims(tx: Tx, node: NodeId): Promise<void> {
  await tx.query(
    `update effect set run_after = now(), claim = claim + 1
     where node_id = $1 and attempts > 0
       and run_after > now() and run_after <= now() + ${CLAIM_MS} * interval '1 millisecond'`,
    [node],
  );
}

/**
 * Ends the effect together with what `tx` records of it. False: the claim has run out and somebody else has it,
 * so the caller must record nothing.
 */
export async function finishEffect(tx: Tx, effect: Effect): Promise<boolean> {
  const rows = await tx.query('delete from effect where id = $1 and claim = $2 returning id', [
    effect.id,
    effect.claim,
  ]);
  return rows.length === 1;
}

/** The effect stays and comes again. False: see `finishEffect`. */
export async function postponeEffect(tx: Tx, effect: Effect, ms: number): Promise<boolean> {
  const rows = await tx.query(
    `update effect set run_after = now() + $3 * interval '1 millisecond' where id = $1 and claim = $2 returning id`,
    [effect.id, effect.claim, ms],
  );
  return rows.length === 1;
}

/** Nothing was begun under this claim: the effect comes again as if it had not been claimed. False: see `finishEffect`. */
export async function returnEffect(tx: Tx, effect: Effect, ms: number): Promise<boolean> {
  const rows = await tx.query(
    `update effect set attempts = attempts - 1, run_after = now() + $3 * interval '1 millisecond'
     where id = $1 and claim = $2 returning id`,
    [effect.id, effect.claim, ms],
  );
  return rows.length === 1;
}

/** Doubles from 250 ms to a minute. */
export const backoffMs = (attempts: number): number =>
  Math.min(MAX_BACKOFF_MS, 250 * 2 ** Math.min(attempts - 1, 10));

export interface EffectRunner {
  /** There is something new: look now instead of at the next poll. */
  kick(): void;
  /** Waits for the effects under way, a few seconds at most: they can be taken up again after any crash. */
  stop(): Promise<void>;
}

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
      const claimed = await claimSome().catch(() => []);
      for (const effect of claimed) {
        const work = run(effect).finally(() => {
          const wasFull = running.size === SLOTS || busy(effect.node_id) === SLOTS_OF_ONE_NODE;
          running.delete(work);
          if (wasFull) wake.abort();
        });
        running.set(work, effect.node_id);
      }
      if (claimed.length === 0) await clock.sleep(POLL_MS, wake.signal);
    }
    await within(clock, STOP_MS, Promise.all(running.keys())).catch(() => undefined);
  }

  const busy = (node: NodeId | null): number => [...running.values()].filter((id) => id === node).length;

  async function claimSome(): Promise<Effect[]> {
    const room = Math.min(BATCH, SLOTS - running.size);
    if (room === 0) return [];
    const nodes = ownNodes().filter((id) => busy(id) < SLOTS_OF_ONE_NODE);
    const claimedAt = clock.now();
    const rows = await claim(db, [...handlers.keys()], nodes, room);
    return rows.map((row) => ({ ...row, claimedAt }));
  }

  const done = loop();
  return {
    kick: () => wake.abort(),
    async stop() {
      stopping.abort();
      wake.abort();
      await done;
    },
  };
}

const claim = (
  db: Db,
  kinds: readonly string[],
  nodes: readonly NodeId[],
  limit: number,
): Promise<Omit<Effect, 'claimedAt'>[]> =>
  db.tx((tx) =>
    tx.query<Omit<Effect, 'claimedAt'>>(
      `update effect set attempts = attempts + 1, claim = claim + 1,
            run_after = now() + ${CLAIM_MS} * interval '1 millisecond'
     where id = any(array(
       select id from effect
       where run_after <= now() and kind = any($1) and (node_id is null or node_id = any($2))
       order by run_after limit $3 for update skip locked))
     returning id, kind, key, node_id, payload, attempts, claim`,
      [kinds, nodes, limit],
    ),
  );
