/** Events as they happen, over as many connections as it takes. */
import { ArgosyProblem, problemOf, Unreachable } from './errors.ts';
import { type Connection, notArgosy, parseOrUndefined } from './exchange.ts';
import { backoff, pause } from './pause.ts';
import type { ArgosyEvent } from './shapes.ts';
import { type Message, messageReader } from './sse.ts';

export interface EventOptions {
  /** The id of the last event that is known: its followers come. `'0'`: all. Default: from the first `next()` on. */
  readonly after?: string | undefined;
  /** Only these, such as `payment.settled`. Default: all. */
  readonly types?: readonly string[] | undefined;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** The server says something every 15 s: after so long the connection is dead, whatever the system thinks. */
const SILENCE_MS = 40_000;
const PAUSE_MS_MAX = 10_000;

/** Each event once and in order; a broken connection is opened again behind the last event, until `signal`. */
export async function* follow(
  connection: Connection,
  { after, types, signal }: EventOptions,
): AsyncGenerator<ArgosyEvent, void, undefined> {
  let last = after;
  for (let failures = 0; !signal?.aborted; failures++) {
    const link = openLink(signal);
    try {
      for await (const { id, data } of listen(connection, last, link)) {
        if (id === null || !isAfter(id, last)) continue;
        const event = data === null ? null : { id, ...(JSON.parse(data) as Omit<ArgosyEvent, 'id'>) };
        failures = -1;
        last = id;
        if (event !== null && (types === undefined || types.includes(event.type))) yield event;
      }
    } catch (error) {
      if (isFinal(error)) throw error;
    } finally {
      link.close();
    }
    await pause(backoff(Math.max(failures, 0), PAUSE_MS_MAX), signal);
  }
}

const isAfter = (id: string, last: string | undefined): boolean =>
  last === undefined || BigInt(id) > BigInt(last);

/** Asking again would bring the same. */
const isFinal = (error: unknown): boolean =>
  (error instanceof ArgosyProblem && !error.retryable && error.status < 500) || error instanceof Unreachable;

interface Link {
  readonly signal: AbortSignal;
  /** Breaks it if nothing more comes for so long. */
  expectWithin(ms: number): void;
  close(): void;
}

function openLink(outer: AbortSignal | undefined): Link {
  const own = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    signal: outer === undefined ? own.signal : AbortSignal.any([own.signal, outer]),
    expectWithin(ms) {
      clearTimeout(timer);
      timer = setTimeout(() => own.abort(), ms);
    },
    close() {
      clearTimeout(timer);
      own.abort();
    },
  };
}

/** One connection, to its end. @throws ArgosyProblem, Unreachable: it is no Argosy; whatever fetch throws */
async function* listen(
  { api, key, fetch, timeoutMs }: Connection,
  last: string | undefined,
  link: Link,
): AsyncGenerator<Message, void, undefined> {
  link.expectWithin(timeoutMs);
  const response = await fetch(`${api}/v1/events`, {
    redirect: 'error',
    signal: link.signal,
    headers: {
      authorization: `Bearer ${key}`,
      accept: 'text/event-stream',
      ...(last === undefined ? {} : { 'last-event-id': last }),
    },
  });
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (!response.ok || !isStream || response.body === null) throw await refusal(response, api);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const read = messageReader();
  for (;;) {
    link.expectWithin(SILENCE_MS);
    const { value, done } = await reader.read();
    if (done) return;
    yield* read(value);
  }
}

async function refusal(response: Response, api: string): Promise<Error> {
  const { ok, status } = response;
  const problem = ok ? null : problemOf(parseOrUndefined(await response.text()), status, false);
  if (problem !== null) return problem;
  return status >= 500 ? new Error(notArgosy(status)) : new Unreachable(api, notArgosy(status));
}
