import { createServer } from 'node:net';

/** Below the range from which systems take the ports of outgoing connections: a node that is down keeps its own. */
const FIRST = 10_000;
const COUNT = 20_000;
const TRIES = 50;
const given = new Set<number>();

/** A free port of loopback, by chance: networks side by side do not meet. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port of ${TRIES} that were tried between ${FIRST} and ${FIRST + COUNT}`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
