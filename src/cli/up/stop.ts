/** When to stop: a signal, or nobody reading any more. A second signal forces. */
import { onInterrupt } from '../interrupt.ts';

export interface Stop {
  readonly asked: boolean;
  /** Resolves once it is asked for. */
  readonly promise: Promise<void>;
}

/** As a shell reports a process that died of SIGINT. */
const FORCED = 130;

export function listenForStop(): Stop {
  let asked = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  const ask = (): void => {
    asked = true;
    resolve();
  };
  onInterrupt(FORCED, ask);
  process.stdout.on('error', ask);
  return {
    get asked() {
      return asked;
    },
    promise,
  };
}
