/** A request until something is proven, or its tries are used up. */
import { OutcomeUnknown, Unreachable } from './errors.ts';
import { type Connection, exchange, type Reply, type Sending } from './exchange.ts';
import { backoff, pause } from './pause.ts';

const PAUSE_MS_MAX = 3_000;

type Failure = Exclude<Reply, { readonly kind: 'answer' }>;

/**
 * The body of the answer. Sent again, under the same key, only where that is safe.
 * @throws ArgosyProblem, OutcomeUnknown (only where the request acts), Unreachable, the reason of `signal`
 */
export async function call<T>(connection: Connection, sending: Sending): Promise<T> {
  const { signal } = sending;
  const retries = sending.retries ?? connection.retries;
  signal?.throwIfAborted();
  /** The last try that may have been carried out unheard: whatever later tries find, it is not undone. */
  let doubt: Failure | null = null;
  for (let attempt = 0; ; attempt++) {
    const reply = await exchange(connection, sending);
    if (reply.kind === 'answer') return reply.body as T;
    if (sending.acts && (reply.kind === 'lost' || reply.kind === 'failed')) doubt = reply;
    if (attempt < retries && mayRepeat(reply, sending)) await pause(backoff(attempt, PAUSE_MS_MAX), signal);
    else throw verdict(connection, sending, reply, doubt);
    if (signal?.aborted) throw verdict(connection, sending, reply, doubt);
  }
}

function mayRepeat(reply: Failure, { acts, idempotencyKey, signal }: Sending): boolean {
  if (signal?.aborted) return false;
  const safe = !acts || idempotencyKey !== undefined;
  switch (reply.kind) {
    case 'unsent':
      return true;
    case 'refused':
      return reply.problem.retryable;
    case 'failed':
      return safe && reply.problem.retryable;
    case 'lost':
      return safe;
  }
}

/** Once a try is in doubt a refusal of the next proves nothing: the first may still be under way at the server. */
function verdict({ api }: Connection, sending: Sending, last: Failure, doubt: Failure | null): unknown {
  const { idempotencyKey = null, signal } = sending;
  if (doubt !== null) {
    const why = 'why' in doubt ? doubt.why : '';
    const cause = causeOf(last);
    return new OutcomeUnknown(`The request was sent to ${api}, and then: ${why}.`, { idempotencyKey, cause });
  }
  if (signal?.aborted) return signal.reason;
  return 'problem' in last ? last.problem : new Unreachable(api, last.why, last.cause);
}

const causeOf = (reply: Failure): unknown => ('problem' in reply ? reply.problem : reply.cause);
