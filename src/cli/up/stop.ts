/** When to stop: a signal, or nobody reading any more. A second signal forces. */

export interface Stop {
  readonly asked: boolean;
  /** Resolves once it is asked for. */
  readonly promise: Promise<void>;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** One Ctrl-C may come twice: from the terminal, and passed on by npm. No hand is that fast. */
const SAME_MS = 300;
/** As a shell reports a process that died of SIGINT. */
const FORCED = 130;

export function listenForStop(): Stop {
  let askedAt: number | null = null;
  const { promise, resolve } = Promise.withResolvers<void>();
  const ask = (): void => {
    askedAt ??= performance.now();
    resolve();
  };
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (askedAt !== null && performance.now() - askedAt > SAME_MS) process.exit(FORCED);
      ask();
    });
  }
  process.stdout.on('error', ask);
  return {
    get asked() {
      return askedAt !== null;
    },
    promise,
  };
}
