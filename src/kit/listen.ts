import type pg from 'pg';

/** LISTEN on one connection of its own, opened by the first listener and reopened when it breaks. */

export type StopListening = () => Promise<void>;
type OnNotify = (payload: string) => void;

export interface Listener {
  readonly listen: (channel: string, onNotify: OnNotify) => Promise<StopListening>;
  readonly close: () => Promise<void>;
}

const CHANNEL = /^[a-z][a-z0-9_]{0,62}$/;
const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 10_000;

/** `create` gives a client that is not connected yet. */
export function createListener(create: () => pg.Client): Listener {
  const channels = new Map<string, Set<OnNotify>>();
  let client: Promise<pg.Client> | null = null;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const tell = (channel: string, payload: string): void => {
    for (const onNotify of channels.get(channel) ?? []) onNotify(payload);
  };

  const connect = async (): Promise<pg.Client> => {
    const fresh = create();
    fresh.on('error', () => {});
    fresh.on('notification', (notice) => tell(notice.channel, notice.payload ?? ''));
    await fresh.connect();
    try {
      for (const channel of channels.keys()) await fresh.query(`listen "${channel}"`);
    } catch (error) {
      await fresh.end().catch(() => {});
      throw error;
    }
    fresh.on('end', () => {
      client = null;
      reconnect(RECONNECT_MIN_MS);
    });
    return fresh;
  };

  const reconnect = (delayMs: number): void => {
    if (closed || client !== null || channels.size === 0) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (closed || client !== null) return;
      open().then(
        () => channels.forEach((_, channel) => void tell(channel, '')),
        () => reconnect(Math.min(delayMs * 2, RECONNECT_MAX_MS)),
      );
    }, delayMs);
    timer.unref();
  };

  const open = (): Promise<pg.Client> => {
    const opening = connect();
    client = opening;
    opening.catch(() => {
      if (client === opening) client = null;
    });
    return opening;
  };

  const listen = async (channel: string, onNotify: OnNotify): Promise<StopListening> => {
    if (!CHANNEL.test(channel)) throw new TypeError(`not a channel name: ${JSON.stringify(channel)}`);
    if (closed) throw new Error('the database is closed');
    const own: OnNotify = (payload) => onNotify(payload);
    const known = channels.get(channel);
    channels.set(channel, (known ?? new Set()).add(own));
    const stop = async (): Promise<void> => {
      channels.get(channel)?.delete(own);
    };
    try {
      const existing = client;
      const current = await (existing ?? open());
      if (existing !== null && known === undefined) await current.query(`listen "${channel}"`);
    } catch (error) {
      await stop();
      throw error;
    }
    return stop;
  };

  const close = async (): Promise<void> => {
    closed = true;
    clearTimeout(timer);
    channels.clear();
    const current = await client?.catch(() => null);
    await current?.end().catch(() => {});
  };

  return { listen, close };
}
