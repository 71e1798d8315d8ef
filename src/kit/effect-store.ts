/** Effects as they are stored: see `effects.ts`. */
import type { NodeId } from '../lightning/ids.ts';
import type { Tx } from './db.ts';
import { together, writeTogether } from './together.ts';

/** While a worker holds an effect, nobody else claims it for this long. ms. */
export const CLAIM_MS = 30_000;

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
  /** ms, by this process's `elapsed`: before the claim. */
  readonly claimedAt: number;
  readonly node_id: NodeId | null;
}

export const addEffect: (tx: Tx, effect: NewEffect) => Promise<void> = writeTogether(
  async (tx: Tx, effects: readonly NewEffect[]) => {
    await tx.query(
      `insert into effect (kind, key, node_id, payload, run_after)
       select kind, key, node_id, payload::jsonb, now() + ms * interval '1 millisecond'
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[]) as fresh (kind, key, node_id, payload, ms)
       order by kind, key
       on conflict (kind, key) do nothing`,
      [
        effects.map(({ kind }) => kind),
        effects.map(({ key }) => key),
        effects.map(({ nodeId }) => nodeId ?? null),
        effects.map(({ payload }) => JSON.stringify(payload)),
        effects.map(({ runInMs }) => runInMs ?? 0),
      ],
    );
  },
);

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
export const finishEffect: (tx: Tx, effect: Effect) => Promise<boolean> = together(
  async (tx: Tx, effects: readonly Effect[]) => {
    const rows = await tx.query<{ id: bigint }>(
      `delete from effect using unnest($1::bigint[], $2::bigint[]) as ended (id, claim)
       where effect.id = ended.id and effect.claim = ended.claim returning effect.id`,
      [effects.map(({ id }) => id), effects.map(({ claim }) => claim)],
    );
    const mine = new Set(rows.map(({ id }) => id));
    return effects.map(({ id }) => mine.has(id));
  },
);

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

/** Takes what is due, so that nobody else has it for a while; effects of nodes only for `nodes`. */
export const claimEffects = (
  tx: Tx,
  kinds: readonly string[],
  nodes: readonly NodeId[],
  limit: number,
): Promise<Omit<Effect, 'claimedAt'>[]> =>
  tx.query(
    `update effect set attempts = attempts + 1, claim = claim + 1,
            run_after = now() + ${CLAIM_MS} * interval '1 millisecond'
     where id = any(array(
       select id from effect
       where run_after <= now() and kind = any($1) and (node_id is null or node_id = any($2))
       order by run_after limit $3 for update skip locked))
     returning id, kind, key, node_id, payload, attempts, claim`,
    [kinds, nodes, limit],
  );
