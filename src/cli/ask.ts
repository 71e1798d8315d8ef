/** Asks a person for what a command lacks, on a terminal only. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

export interface Asker {
  /** Null: the person has left, with Ctrl-C or Ctrl-D. @param hidden what is typed is not shown */
  ask(question: string, hidden?: boolean): Promise<string | null>;
  close(): void;
}

export function openAsker(): Asker {
  let silent = false;
  const output = new Writable({
    write(chunk, _, done) {
      if (!silent) process.stderr.write(chunk);
      done();
    },
  });
  const asking = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  const left = new AbortController();
  asking.once('SIGINT', () => left.abort());
  asking.once('close', () => left.abort());
  return {
    async ask(question, hidden = false) {
      try {
        const answer = asking.question(question, { signal: left.signal });
        silent = hidden;
        return (await answer).trim();
      } catch {
        return null;
      } finally {
        silent = false;
        if (hidden || left.signal.aborted) process.stderr.write('\n');
      }
    },
    close: () => asking.close(),
  };
}
