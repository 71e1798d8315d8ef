/** What only the owner of a node can tell, asked from another process: by an effect, which the owner answers in a row. */

import { addEffect, finishEffect } from '../kit/effect-store.ts';
import type { EffectHandler } from '../kit/effects.ts';
import { randomHex } from '../kit/ids.ts';
import type { NodeId } from '../lightning/ids.ts';
import type { LeaseContext } from './lease.ts';
import { findAnswer, putAnswer, takeAnswer } from './process-store.ts';

const ANSWER_MS = 15_000;
const LOOK_MS = 50;

type Answer<T> =
  | { readonly kind: 'told'; readonly value: T }
  | { readonly kind: 'failed'; readonly reason: string };

/** @throws Error when the owner cannot tell, or does not answer in 15 s */
export async function askOwner<T>(
  { db, clock }: LeaseContext,
  kind: string,
  node: NodeId,
  kick: () => void,
): Promise<T> {
  const key = randomHex(16);
  await db.tx((tx) => addEffect(tx, { kind, key, payload: {}, nodeId: node }));
  kick();
  for (const until = clock.elapsed() + ANSWER_MS; clock.elapsed() < until; await clock.sleep(LOOK_MS)) {
    const text = await findAnswer(db.read, key);
    if (text === null) continue;
    await db.tx((tx) => takeAnswer(tx, key));
    const answer: Answer<T> = JSON.parse(text, revive);
    if (answer.kind === 'told') return answer.value;
    throw new Error(answer.reason);
  }
  throw new Error(`the owner of ${node} gave no answer in ${ANSWER_MS} ms`);
}

/** Answers questions of a kind. @param tell may throw: that is an answer, too */
export const answerAsOwner =
  ({ db }: Pick<LeaseContext, 'db'>, tell: (node: NodeId) => Promise<unknown>): EffectHandler =>
  async (effect) => {
    const { node_id, key } = effect;
    if (node_id === null) throw new Error(`${effect.kind} names no node`);
    const answer: Answer<unknown> = await tell(node_id).then(
      (value) => ({ kind: 'told', value }),
      (error: unknown) => ({
        kind: 'failed',
        reason: error instanceof Error ? error.message : String(error),
      }),
    );
    await db.tx(async (tx) => {
      if (await finishEffect(tx, effect)) await putAnswer(tx, key, JSON.stringify(answer, freeze));
    });
  };

/** Amounts are bigint, and text with an n in JSON: no other text of an answer looks like that. */
const freeze = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);
const revive = (_: string, value: unknown): unknown =>
  typeof value === 'string' && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value;
