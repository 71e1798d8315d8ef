/** The streams that a driver lives by: kept up as long as it runs. */
import type { Incoming } from './call.ts';
import { backoffMs, follow } from './following.ts';

export const pause = (failures: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, backoffMs(failures)));

export type OnRefused = (reason: Error) => void;

export interface KeptStream {
  stop(): void;
}

/**
 * @param onOpen runs before the first message: what came while it was down is missing
 * @param onRefused the macaroon does not allow it, which trying again will not mend
 */
export function keepStream<Message>(
  open: () => Incoming<Message>,
  onMessage: (message: Message) => Promise<void> | void,
  onOpen: () => Promise<void> | void,
  onRefused: OnRefused,
): KeptStream {
  const stream = follow<Message>({
    open,
    up: async () => onOpen(),
    message: async (message) => onMessage(message),
  });
  void stream.ended.then((reason) => reason && onRefused(reason));
  return { stop: () => void stream.stop() };
}
