/** Follows a payment to its end. Losing sight of it ends nothing: the payment goes on at the server. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Payment } from '../sdk/index.ts';
import type { Client } from './client.ts';
import type { Live } from './live.ts';
import type { Output } from './output.ts';
import { stateText } from './words.ts';

export interface Watching {
  readonly patienceMs: number;
  readonly lookMs?: number;
  readonly signal?: AbortSignal;
  readonly onNews?: (payment: Payment) => void;
}

export const isOver = (payment: Payment): boolean =>
  payment.state === 'settled' || payment.state === 'failed';

const LOOK_MS = 80;
/** A server that says nothing for so long is not coming back soon. */
const SILENCE_MS = 5_000;

/** The payment as it was last seen: over, unless patience ran out, the server went away, or `signal` came. */
export async function watchPayment(client: Client, payment: Payment, watching: Watching): Promise<Payment> {
  const { patienceMs, lookMs = LOOK_MS, signal, onNews } = watching;
  const deadline = performance.now() + patienceMs;
  let last = payment;
  let heardAt = performance.now();
  onNews?.(last);
  while (!isOver(last) && performance.now() < Math.min(deadline, heardAt + SILENCE_MS)) {
    await sleep(lookMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
    if (signal?.aborted) break;
    const seen = await client.payment(payment.id).catch(() => null);
    if (seen === null) continue;
    heardAt = performance.now();
    last = seen;
    onNews?.(last);
  }
  return last;
}

/** One live line for each part, on stderr. */
export const showParts =
  (live: Live, { money, paintNote }: Output) =>
  (payment: Payment): void => {
    for (const { attempt, node, parts } of payment.attempts) {
      for (const part of parts) {
        const failure = part.failure === null ? '' : ` (${part.failure})`;
        const which = attempt > 1 ? `, attempt ${attempt}` : '';
        live.set(
          part.id,
          `  ${money(part.amount_msat)} from ${node ?? '-'}${which}  ${stateText(part.state, paintNote)}${failure}`,
        );
      }
    }
  };
