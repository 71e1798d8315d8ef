/** The listening server: it is there before what it serves has started, and after that has stopped. */
import { type ServerType, serve } from '@hono/node-server';
import { Problem, type ProblemCode, problemDocument } from './problems.ts';

type Fetch = (request: Request) => Response | Promise<Response>;

export interface Listening {
  readonly url: string;
  /** From now on requests are answered by `fetch`; until then with 503. */
  answer(fetch: Fetch): void;
  /** From now on with 503 again; resolves when those under way have their answers, in 10 s at most. */
  drain(): Promise<void>;
  /** Ends all connections, streams with them. */
  close(): Promise<void>;
}

const DRAIN_MS = 10_000;
const RETRY_AFTER_S = '1';

const refuse =
  (code: ProblemCode, detail: string): Fetch =>
  () =>
    Response.json(problemDocument(new Problem(code, detail)), {
      status: 503,
      headers: { 'content-type': 'application/problem+json', 'retry-after': RETRY_AFTER_S },
    });
const starting = refuse('starting', 'Ask again in a few seconds.');
const stopping = refuse('stopping', 'Ask another one, or again when it is back.');

/** Listens at once, so that a taken address is known before anything else is started. @throws Problem */
export function listen(address: { readonly host: string; readonly port: number }): Promise<Listening> {
  let fetch = starting;
  const underWay = new Set<Promise<unknown>>();
  const counted: Fetch = (request) => {
    const answer = Promise.resolve(fetch(request));
    underWay.add(answer);
    const over = () => void underWay.delete(answer);
    answer.then(over, over);
    return answer;
  };
  return new Promise((resolve, reject) => {
    const server: ServerType = serve(
      { fetch: counted, hostname: address.host, port: address.port },
      (bound) => {
        const host = address.host.includes(':') ? `[${address.host}]` : address.host;
        resolve({
          url: `http://${host}:${bound.port}`,
          answer(next) {
            fetch = next;
          },
          async drain() {
            fetch = stopping;
            await Promise.race([Promise.allSettled(underWay), pause(DRAIN_MS)]);
          },
          close: () => closeServer(server),
        });
      },
    );
    server.on('error', (error: NodeJS.ErrnoException) => reject(whyNot(address, error)));
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms).unref());

function whyNot({ host, port }: { host: string; port: number }, { code }: NodeJS.ErrnoException): Problem {
  const taken = code === 'EADDRINUSE';
  return new Problem(
    taken ? 'listen_address_in_use' : 'config_invalid',
    taken
      ? `listen: ${host}:${port} is taken; stop what listens there, or use --listen ${host}:0.`
      : `listen: ${host}:${port} cannot be listened on (${code}).`,
    { field: 'listen' },
  );
}

function closeServer(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}
