/** One daemon as a process of a network: started, killed, paused, started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GaveUp } from './until.ts';

const STOP_PATIENCE_MS = 15_000;

export interface Daemon {
  readonly name: string;
  /** Its own folder, below that of the network. */
  readonly folder: string;
  /** Null while it does not run. */
  readonly pid: number | null;
  start(program: string, args: readonly string[]): void;
  /** Resolves when the process is gone; at once where none runs. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** As its operator would, and by force after 15 s. */
  stop(): Promise<void>;
  /** SIGSTOP: its connections stay open, and nobody answers. */
  pause(): void;
  resume(): void;
  /** @throws GaveUp where it has ended, with the end of its log */
  assertRuns(): void;
  /** The last lines that it wrote to stdout and stderr. */
  logTail(lines?: number): string;
}

export function makeDaemon(network: string, name: string): Daemon {
  const folder = join(network, name);
  const log = join(folder, 'out.log');
  const noted = join(network, 'pids', name);
  mkdirSync(folder);
  let child: ChildProcess | null = null;
  const running = (): ChildProcess | null =>
    child !== null && child.exitCode === null && child.signalCode === null ? child : null;

  const daemon: Daemon = {
    name,
    folder,
    get pid() {
      return running()?.pid ?? null;
    },
    start(program, args) {
      if (running() !== null) throw new Error(`${name} runs already`);
      const out = openSync(log, 'a');
      // In a group of its own: Ctrl-C at the terminal is for the owner of the network, which stops all in order.
      const started = spawn(program, args, { cwd: folder, detached: true, stdio: ['ignore', out, out] });
      closeSync(out);
      started.on('error', () => {}); // no pid then, which is said at once
      if (started.pid === undefined) throw new Error(`${program} cannot be started`);
      started.unref();
      writeFileSync(noted, String(started.pid));
      started.once('exit', () => {
        if (child === started) rmSync(noted, { force: true });
      });
      child = started;
    },
    async kill(signal = 'SIGKILL') {
      const process = running();
      if (process === null) return;
      process.ref();
      const exit = once(process, 'exit');
      process.kill(signal);
      await exit;
    },
    async stop() {
      if (running() === null) return;
      daemon.resume();
      const force = setTimeout(() => running()?.kill('SIGKILL'), STOP_PATIENCE_MS);
      await daemon.kill('SIGTERM');
      clearTimeout(force);
    },
    pause: () => void running()?.kill('SIGSTOP'),
    resume: () => void running()?.kill('SIGCONT'),
    assertRuns() {
      if (running() === null) throw new GaveUp(`${name} has ended; its last words:\n${daemon.logTail()}`);
    },
    logTail: (lines = 20) => readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
  };
  return daemon;
}
