/** Asks a person, on a terminal only: a script has decided already. */
import { createInterface } from 'node:readline/promises';

export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** @returns false for anything but yes; also where the person leaves with Ctrl-C or Ctrl-D */
export async function confirm(question: string): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  const left = new AbortController();
  const leave = (): void => left.abort();
  // It stays: one Ctrl-C may come twice, from the terminal and passed on by npm.
  process.on('SIGINT', leave);
  asking.once('close', leave);
  try {
    const answer = await asking.question(`${question} [y/N] `, { signal: left.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    process.stderr.write('\n');
    return false;
  } finally {
    asking.close();
  }
}
