/** Where a door opens: where the operator wants it, where it was the last time, or anywhere that is free. */
import { randomInt } from 'node:crypto';

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Opens a door; answers the port. @throws when it cannot be there */
export type OpenAt = (place: Place) => Promise<number>;

export interface Opened {
  /** Null: it stays closed. */
  readonly place: Place | null;
  /** For people; null: all is as expected. */
  readonly trouble: string | null;
}

export const LOOPBACK = '127.0.0.1';
/** Below the ports that systems give to outgoing connections, so that they are free again at the next start. */
const FIRST_PORT = 20_000;
const LAST_PORT = 29_999;
const TRIES = 20;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Never rejects. */
export async function openSomewhere(
  wanted: Place | null,
  keptPort: number | null,
  open: OpenAt,
): Promise<Opened> {
  if (wanted !== null) return attempt(wanted, open);
  if (keptPort === null) return openAnywhere(open);
  const again = await attempt({ host: LOOPBACK, port: keptPort }, open);
  if (again.place !== null) return again;
  const moved = await openAnywhere(open);
  if (moved.place === null) return moved;
  return { ...moved, trouble: `moved to port ${moved.place.port}, since ${again.trouble}` };
}

async function attempt({ host, port }: Place, open: OpenAt): Promise<Opened> {
  try {
    return { place: { host, port: await open({ host, port }) }, trouble: null };
  } catch (error) {
    return { place: null, trouble: `${host}:${port} cannot be opened (${reasonOf(error)})` };
  }
}

async function openAnywhere(open: OpenAt): Promise<Opened> {
  let last: Opened = { place: null, trouble: null };
  for (let tries = 0; tries < TRIES; tries++) {
    last = await attempt({ host: LOOPBACK, port: randomInt(FIRST_PORT, LAST_PORT + 1) }, open);
    if (last.place !== null) return last;
  }
  return last;
}
