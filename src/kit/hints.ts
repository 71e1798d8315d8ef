/**
 * There is something new in the database: told to the other processes by NOTIFY, so that they look at once. Only a hint:
 * it may get lost, or the engine has none; everybody looks now and then anyway.
 */
import type { Db } from './db.ts';
import type { Log } from './log.ts';

const CHANNEL = 'argosy';

export interface Hints {
  /** Many at once become one. */
  tell(): void;
  stop(): Promise<void>;
}

export const noHints: Hints = { tell() {}, stop: async () => undefined };

/** @param self whose own hints are not heard */
export function openHints(db: Db, log: Log, self: string, onHint: () => void): Hints {
  let telling = false;
  let again = false;
  const hear = (from: string): void => {
    if (from !== self) onHint();
  };
  const listening = db.listen(CHANNEL, hear).catch((error: unknown) => {
    log.warn({ error }, 'other processes are heard late: the database gives no notices');
    return async () => undefined;
  });

  async function tellAll(): Promise<void> {
    telling = true;
    do {
      again = false;
      await db.notify(CHANNEL, self).catch(() => undefined);
    } while (again);
    telling = false;
  }

  return {
    tell() {
      if (telling) again = true;
      else void tellAll();
    },
    async stop() {
      await (await listening)();
    },
  };
}
