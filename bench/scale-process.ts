/** A worker process of `bench/scale.ts`, seen from there. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { WorkerOrder, WorkerStart, WorkerWord } from './scale-words.ts';

export interface Worker {
  readonly pid: number;
  prepare(payments: number): Promise<void>;
  /** @returns ms from asking to hearing of the end, of each payment */
  pay(atOnce: number): Promise<readonly number[]>;
  stop(): Promise<void>;
}

export async function startWorker(start: WorkerStart): Promise<Worker> {
  const child = fork(fileURLToPath(new URL('scale-worker.ts', import.meta.url)), [JSON.stringify(start)]);
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`a worker has ended: ${signal ?? code}`)));
  });
  ended.catch(() => undefined);
  const gone = ended.catch(() => undefined);
  const word = <Kind extends WorkerWord['kind']>(kind: Kind) => Promise.race([hear(child, kind), ended]);
  const order = (what: WorkerOrder): void => void child.send(what);
  await word('ready');
  return {
    pid: child.pid ?? 0,
    async prepare(payments) {
      const prepared = word('prepared');
      order({ kind: 'prepare', payments });
      await prepared;
    },
    async pay(atOnce) {
      const paid = word('paid');
      order({ kind: 'pay', atOnce });
      return (await paid).tookMs;
    },
    async stop() {
      if (child.connected) order({ kind: 'stop' });
      await gone;
    },
  };
}

/** The worker's next word, which is of this kind. */
const hear = <Kind extends WorkerWord['kind']>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<WorkerWord, { kind: Kind }>> =>
  new Promise((resolve, reject) => {
    child.once('message', (said) => {
      const word = said as WorkerWord;
      if (word.kind === kind) resolve(word as Extract<WorkerWord, { kind: Kind }>);
      else reject(new Error(`a worker said ${word.kind} instead of ${kind}`));
    });
  });
