/** The way from a second terminal to the running network: HTTP over a socket that only its owner can open. */
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Reply {
  readonly ok: boolean;
  readonly document: unknown;
  readonly lines: readonly string[];
}

/** One network for a person at a time; another folder, another one: `ARGOSY_NET_SOCKET`. */
export const SOCKET =
  process.env.ARGOSY_NET_SOCKET || join(tmpdir(), `argosy-net-${userInfo().username}`, 'control.sock');

/** Asks the network that runs. Null: none does. */
export function ask(words: readonly string[], socketPath = SOCKET): Promise<Reply | null> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method: 'POST', path: '/' }, (response) => {
      text(response).then((body) => resolve(JSON.parse(body) as Reply), reject);
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(null);
      else reject(error);
    });
    sent.end(JSON.stringify(words));
  });
}

/** @param answer never rejects */
export async function listen(
  answer: (words: readonly string[]) => Promise<Reply>,
  socketPath = SOCKET,
): Promise<Server> {
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
  // Of a network that was killed: whoever asked before has had no answer.
  rmSync(socketPath, { force: true });
  const server = createServer((asked: IncomingMessage, response) => {
    text(asked)
      .then((body) => answer(JSON.parse(body) as string[]))
      .then((reply) => response.setHeader('connection', 'close').end(JSON.stringify(reply)))
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
  return server;
}
