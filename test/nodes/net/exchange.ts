/** One HTTP request of loopback, over TLS with a pinned certificate where one is given. */
import * as http from 'node:http';
import * as https from 'node:https';

export interface Sent {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Without: plain HTTP. */
  readonly agent?: https.Agent;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;

/** @throws where no answer comes */
export function exchange(sent: Sent): Promise<{ readonly status: number; readonly text: string }> {
  const { port, method, path, body, agent, timeoutMs = TIMEOUT_MS } = sent;
  const payload = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(payload),
    ...sent.headers,
  };
  const options = { host: '127.0.0.1', port, method, path, headers, signal: AbortSignal.timeout(timeoutMs) };
  return new Promise((resolve, reject) => {
    const take = (response: http.IncomingMessage): void => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    };
    const request =
      agent === undefined ? http.request(options, take) : https.request({ ...options, agent }, take);
    request.on('error', reject);
    request.end(payload);
  });
}
