/** Being told to stop, by a person or by the system: once to stop, twice to stop at once. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** One Ctrl-C may come twice: from the terminal, and passed on by npm. No hand is that fast. */
const SAME_MS = 300;

/** @param forced the exit code where it is told again */
export function onInterrupt(forced: number, listener: () => void): void {
  let first: number | null = null;
  const told = (): void => {
    if (first === null) {
      first = performance.now();
      listener();
    } else if (performance.now() - first > SAME_MS) {
      process.exit(forced);
    }
  };
  for (const signal of SIGNALS) process.on(signal, told);
}
