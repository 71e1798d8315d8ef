/** One request and what became of it, told apart by what it proves. */
import type { ProblemCode } from '../kit/problems.ts';
import { type ArgosyProblem, problemOf } from './errors.ts';

export interface Connection {
  /** Without a slash at its end. */
  readonly api: string;
  readonly key: string;
  readonly fetch: typeof globalThis.fetch;
  /** For one answer. */
  readonly timeoutMs: number;
  /** How often a request is sent again at most, where that is safe. */
  readonly retries: number;
}

export interface Sending {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  /** Does something: a lost answer means that nobody knows what happened. */
  readonly acts: boolean;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  readonly retries?: number;
  /** A status of failure whose body is an answer all the same. */
  readonly accepts?: number;
}

export type Reply =
  | { readonly kind: 'answer'; readonly body: unknown }
  /** Argosy says no: nothing was done. */
  | { readonly kind: 'refused'; readonly problem: ArgosyProblem }
  /** Argosy, or the way to it, failed over the request: it may have been done. */
  | { readonly kind: 'failed'; readonly why: string; readonly problem: ArgosyProblem }
  | { readonly kind: 'lost'; readonly why: string; readonly cause: unknown }
  | { readonly kind: 'unsent'; readonly why: string; readonly cause: unknown };

/** Problems with a status of failure that are refusals; every other one of 500 and above proves nothing. */
const REFUSALS: ReadonlySet<string> = new Set<ProblemCode>([
  'no_receiver',
  'node_unavailable',
  'starting',
  'stopping',
  'history_missing',
]);

export const provesNothing = (code: string, status: number): boolean => status >= 500 && !REFUSALS.has(code);

export async function exchange(connection: Connection, sending: Sending): Promise<Reply> {
  const timeoutMs = sending.timeoutMs ?? connection.timeoutMs;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const { fetch } = connection;
    const response = await fetch(`${connection.api}${sending.path}`, requestOf(connection, sending, timeout));
    return judge(await response.text(), response, sending);
  } catch (cause) {
    const why = timeout.aborted ? `no answer in ${timeoutMs / 1000} s` : reasonOf(cause);
    return { kind: neverSent(cause) ? 'unsent' : 'lost', why, cause };
  }
}

function requestOf(connection: Connection, sending: Sending, timeout: AbortSignal): RequestInit {
  const { method, body, idempotencyKey, signal } = sending;
  return {
    method,
    // The key is for this server, and not for where it may point.
    redirect: 'error',
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    headers: {
      authorization: `Bearer ${connection.key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body, digits) }),
  };
}

/** JSON has no bigint: amounts travel as decimal digits. */
const digits = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

function judge(text: string, { ok, status }: Response, { acts, accepts }: Sending): Reply {
  const body = parseOrUndefined(text);
  if (ok && body !== undefined) return { kind: 'answer', body };
  const problem = ok ? null : problemOf(body, status, acts);
  if (problem !== null) {
    return provesNothing(problem.code, status)
      ? { kind: 'failed', why: `it answered ${problem.message}`, problem }
      : { kind: 'refused', problem };
  }
  if (status === accepts && body !== undefined) return { kind: 'answer', body };
  return { kind: 'lost', why: notArgosy(status), cause: undefined };
}

export const notArgosy = (status: number): string => `it answered ${status}, but not as Argosy does`;

export function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Errors from before the first byte went out, as Node names them; where a platform has no names, nothing is proven. */
const NEVER_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_.*|ERR_TLS_.*|ERR_SSL_.*|DEPTH_ZERO_.*|SELF_SIGNED_.*|UNABLE_TO_.*)$/;

const codeOf = (error: unknown): string => {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
};

/** Ports that fetch refuses by itself carry no code. */
const neverSent = (error: unknown): boolean =>
  NEVER_SENT.test(codeOf(error)) || reasonOf(error) === 'bad port';

export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (error instanceof Error && error.cause instanceof Error) {
    return [error.cause.message, code === '' ? '' : `(${code})`].filter(Boolean).join(' ');
  }
  return error instanceof Error ? error.message : String(error);
}
