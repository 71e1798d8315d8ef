/** LND's streams end when it goes away: kept up, with a word on how they are. */
import { type Incoming, isDenied } from './call.ts';

/** ms before the next try after so many failures in a row: 100, 200, ... 5,000. */
const backoffMs = (failures: number): number => Math.min(100 * 2 ** Math.min(failures, 6), 5_000);

export const pause = (failures: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, backoffMs(failures)));

export type OnRefused = (reason: Error) => void;

export interface KeptStream {
  /** ms since 1970; null while it is down. */
  aliveSince(): number | null;
  stop(): void;
}

/**
 * Opens a stream, again and again. `onOpen` runs before its first message: what came while it was down is missing.
 * A message that cannot be taken ends the stream, so that it comes again where LND keeps it. `onRefused`: the macaroon
 * does not allow it, which trying again will not mend.
 */
export function keepStream<Message>(
  open: () => Incoming<Message>,
  onMessage: (message: Message) => Promise<void> | void,
  onOpen: () => Promise<void> | void = () => undefined,
  onRefused: OnRefused = () => undefined,
): KeptStream {
  let stopped = false;
  let current: Incoming<Message> | null = null;
  let alive: number | null = null;
  async function run(): Promise<void> {
    for (let failures = 0; !stopped; failures++) {
      try {
        current = open();
        await onOpen();
        alive = Date.now();
        for await (const message of current) {
          failures = 0;
          await onMessage(message);
        }
      } catch (error) {
        // LND is away, or what it said could not be written: once more.
        if (isDenied(error)) onRefused(error);
      }
      alive = null;
      if (!stopped) await pause(failures);
    }
  }
  void run();
  return {
    aliveSince: () => alive,
    stop() {
      stopped = true;
      current?.cancel();
    },
  };
}
