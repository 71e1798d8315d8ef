import type * as product from '../../../src/kit/effect-store.ts';
import { CLAIM_MS } from '../../../src/kit/effect-store.ts';
import { statement } from '../database.ts';
import type { EffectData } from '../schema.ts';
import type { Session } from '../transaction.ts';

type Product = typeof product;

export { CLAIM_MS };

export const addEffect: Product['addEffect'] = (tx, { kind, key, nodeId, payload, runInMs = 0 }) => {
  const text = JSON.stringify(payload);
  return statement(tx, 'addEffect', async (s) => {
    const fresh = newEffect(s, kind, key, nodeId ?? null, text);
    await s.insertNew(s.tables.effect, { ...fresh, run_after: s.now + runInMs });
  });
};

const newEffect = (
  s: Session,
  kind: string,
  key: string,
  node_id: string | null,
  payload: string,
): EffectData => ({
  id: s.nextId(s.tables.effect),
  kind,
  key,
  node_id,
  payload,
  run_after: s.now,
  attempts: 0,
  claim: 0n,
});

export const hastenEffects: Product['hastenEffects'] = async (tx, kind, node, wanted) => {
  if (wanted.length === 0) return;
  const sorted = wanted
    .map(({ key, payload }) => ({ key, payload: JSON.stringify(payload) }))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  await statement(tx, 'hastenEffects', async (s) => {
    for (const { key, payload } of sorted) {
      await s.upsert(s.tables.effect, newEffect(s, kind, key, node, payload), (effect) => ({
        ...effect,
        run_after: s.now,
        attempts: 0,
        claim: effect.claim + 1n,
      }));
    }
  });
};

export const takeClaims: Product['takeClaims'] = (tx, node) =>
  statement(tx, 'takeClaims', async (s) => {
    const isClaimed = ({ node_id, attempts, run_after }: EffectData): boolean =>
      node_id === node && attempts > 0 && run_after > s.now && run_after <= s.now + CLAIM_MS;
    const claimed = s.where(s.tables.effect, isClaimed);
    await s.update(claimed, (effect) =>
      isClaimed(effect) ? { ...effect, run_after: s.now, claim: effect.claim + 1n } : null,
    );
  });

/** `where id = $1 and claim = $2` */
const byClaim = (s: Session, { id, claim }: product.Effect) => ({
  rows: s.list(s.tables.effect.by.effect_pkey, id).filter((row) => s.see(row)?.claim === claim),
  fits: (effect: EffectData): boolean => effect.claim === claim,
});

export const finishEffect: Product['finishEffect'] = (tx, effect) =>
  statement(tx, 'finishEffect', async (s) => {
    const { rows, fits } = byClaim(s, effect);
    return (await s.removeWhere(rows, fits)).length === 1;
  });

export const postponeEffect: Product['postponeEffect'] = (tx, effect, ms) =>
  statement(tx, 'postponeEffect', async (s) => {
    const { rows, fits } = byClaim(s, effect);
    return (
      (await s.update(rows, (row) => (fits(row) ? { ...row, run_after: s.now + ms } : null))).length === 1
    );
  });

export const returnEffect: Product['returnEffect'] = (tx, effect, ms) =>
  statement(tx, 'returnEffect', async (s) => {
    const { rows, fits } = byClaim(s, effect);
    const written = await s.update(rows, (row) =>
      fits(row) ? { ...row, attempts: row.attempts - 1, run_after: s.now + ms } : null,
    );
    return written.length === 1;
  });

export const claimEffects: Product['claimEffects'] = (tx, kinds, nodes, limit) =>
  statement(tx, 'claimEffects', (s) => {
    const due = s
      .where(
        s.tables.effect,
        ({ run_after, kind, node_id }) =>
          run_after <= s.now &&
          kinds.includes(kind) &&
          (node_id === null || (nodes as readonly string[]).includes(node_id)),
      )
      .sort((one, other) => (s.see(one)?.run_after ?? 0) - (s.see(other)?.run_after ?? 0));
    return s
      .takeFree(due, limit, (effect) => ({
        ...effect,
        attempts: effect.attempts + 1,
        claim: effect.claim + 1n,
        run_after: s.now + CLAIM_MS,
      }))
      .map(
        ({ id, kind, key, node_id, payload, attempts, claim }) =>
          ({ id, kind, key, node_id, payload: JSON.parse(payload), attempts, claim }) as Omit<
            product.Effect,
            'claimedAt'
          >,
      );
  });
