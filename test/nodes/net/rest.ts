/** LND over its REST gateway: what sets up a test shares no code with the driver under test. */
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { exchange } from './exchange.ts';

export class RestRefused extends Error {
  override readonly name = 'RestRefused';
  readonly status: number;
  constructor(what: string, status: number, message: string) {
    super(`${what}: ${message}`);
    this.status = status;
  }
}

/** Paths as in LND's REST reference; bytes are base64, 64-bit numbers strings. */
export type Rest = <T = Answer>(
  method: 'GET' | 'POST' | 'DELETE' | 'PATCH',
  path: string,
  body?: unknown,
) => Promise<T>;
/** Whoever asks knows what comes; nothing of it is checked. */
export type Answer = Readonly<Record<string, unknown>>;

/**
 * @param macaroonHex null for what needs none (state, unlocking)
 * @returns of a stream, its last message
 */
export function restAt(port: number, certPath: string, macaroonHex: () => string | null): Rest {
  let agent: { readonly pem: string; readonly agent: Agent } | null = null;
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const pem = readFileSync(certPath, 'utf8');
    // No connection is kept: a killed node's would only fail the next call.
    if (agent?.pem !== pem) agent = { pem, agent: new Agent({ ca: pem }) };
    const macaroon = macaroonHex();
    const headers = macaroon === null ? {} : { 'grpc-metadata-macaroon': macaroon };
    const { status, text } = await exchange({ port, method, path, body, headers, agent: agent.agent });
    const answer = lastMessage(text);
    if (status !== 200 || 'error' in answer)
      throw new RestRefused(`${method} ${path}`, status, messageOf(answer));
    return ('result' in answer ? answer.result : answer) as T;
  };
}

/** Streams come as one JSON object a line. */
function lastMessage(text: string): Answer {
  const last = text.trim().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(last) as Answer;
  } catch {
    return { message: text.trim() };
  }
}

function messageOf({ message, error }: Answer): string {
  if (typeof message === 'string') return message;
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}
