/** The API over HTTP, and nothing else: what it refuses, and when a request may have been done unheard. */
import { type CliProblem, cliProblem, receivedProblem } from './problem.ts';
import { nobody, type Server } from './server.ts';

export interface Client {
  get<T>(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<T>;
  /** A POST that only asks. */
  ask<T>(path: string, body: object): Promise<T>;
  /** A POST that does something. @throws CliProblem outcome_unknown: it was sent, and the answer never came */
  act<T>(path: string, body: object, options?: ActOptions): Promise<T>;
}

export interface ActOptions {
  readonly idempotencyKey?: string;
  /** Gives up waiting, which leaves the outcome unknown. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

interface Sending extends ActOptions {
  readonly method: 'GET' | 'POST';
  readonly body?: object;
  /** A lost answer means that nobody knows what happened. */
  readonly acts: boolean;
}

const TIMEOUT_MS = 30_000;

export function openClient(server: Server): Client {
  return {
    get: (path, query = {}) => send(server, withQuery(path, query), { method: 'GET', acts: false }),
    ask: (path, body) => send(server, path, { method: 'POST', body, acts: false }),
    act: (path, body, options = {}) => send(server, path, { ...options, method: 'POST', body, acts: true }),
  };
}

function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

async function send<T>(server: Server, path: string, sending: Sending): Promise<T> {
  const answer = await fetchText(server, path, sending);
  const body = parseOrUndefined(answer.text);
  if (answer.ok && body !== undefined) return body as T;
  const refused = answer.ok ? null : receivedProblem(body, answer.status, sending.acts);
  if (refused !== null) throw refused;
  throw lost(server, sending.acts, `it answered ${answer.status}, but not as Argosy does`);
}

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly text: string;
}

async function fetchText(server: Server, path: string, sending: Sending): Promise<Answer> {
  const { method, body, idempotencyKey, signal, timeoutMs = TIMEOUT_MS } = sending;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(`${server.api}${path}`, {
      method,
      redirect: 'error',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      headers: {
        authorization: `Bearer ${server.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch (error) {
    const acted = sending.acts && !neverSent(error);
    throw lost(server, acted, timeout.aborted ? `no answer in ${timeoutMs / 1000} s` : causeOf(error));
  }
}

const lost = (server: Server, acted: boolean, why: string): CliProblem =>
  acted
    ? cliProblem('outcome_unknown', `The request was sent to ${server.api}, and then: ${why}.`)
    : nobody(`${server.api} cannot be used: ${why}.`);

/** Errors from before the first byte went out. */
const NEVER_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_.*|ERR_TLS_.*|ERR_SSL_.*|DEPTH_ZERO_.*|SELF_SIGNED_.*|UNABLE_TO_.*)$/;

const codeOf = (error: unknown): string => {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
};
/** Ports that fetch refuses by itself carry no code. */
const neverSent = (error: unknown): boolean =>
  NEVER_SENT.test(codeOf(error)) || causeOf(error) === 'bad port';

function causeOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (error instanceof Error && error.cause instanceof Error) {
    return [error.cause.message, code === '' ? '' : `(${code})`].filter(Boolean).join(' ');
  }
  return error instanceof Error ? error.message : String(error);
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
