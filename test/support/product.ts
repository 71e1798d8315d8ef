/** The product as its user starts it: `argosy up --json`, or a part of it; a process in a group of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ARGOSY } from './cli.ts';

export interface Launch {
  /** The data folder. */
  readonly data: string;
  /** What the process says on stderr is added to this file. */
  readonly log: string;
  /** Default: none, so the practice fleet. */
  readonly config?: string;
  /** The Node that runs it. Default: this one. */
  readonly node?: string;
  /** Default: `up`, all in one. */
  readonly role?: 'up' | 'serve' | 'work';
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A worker answers nobody, and knows no key: '' both. */
export interface Ready {
  readonly api: string;
  readonly key: string;
  /** From the start of the process. */
  readonly afterMs: number;
}

export interface Product {
  readonly pid: number;
  /** Rejects when it ends before it is ready. */
  readonly ready: Promise<Ready>;
  readonly exited: Promise<void>;
  /** SIGKILL to the whole group. What left the group lives on, as PostgreSQL does. */
  kill(): Promise<void>;
  /** As Ctrl-C does. */
  stop(): Promise<void>;
}

export function launchProduct(launch: Launch): Product {
  const { data, log, config, node = process.execPath, role = 'up' } = launch;
  const began = performance.now();
  const stderr = openSync(log, 'a', 0o600);
  const { PATH = '', HOME = '', TMPDIR = '/tmp', NODE_OPTIONS = '' } = process.env;
  const named = config === undefined ? [] : ['--config', config];
  const listen = role === 'work' ? [] : ['--listen', '127.0.0.1:0'];
  const child = spawn(node, [ARGOSY, role, '--json', '--data', data, ...named, ...listen], {
    detached: true,
    env: { PATH, HOME, TMPDIR, NODE_OPTIONS, ...launch.env },
    stdio: ['ignore', 'pipe', stderr],
  });
  closeSync(stderr);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${node} cannot be started`);
  const exited = once(child, 'exit').then(() => undefined);
  const ready = readReady(child, began, log);
  // Whoever kills it while it starts does not wait for it to be ready.
  ready.catch(() => {});
  const end = async (signal: NodeJS.Signals, target: number): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) process.kill(target, signal);
    await exited;
  };
  return { pid, ready, exited, kill: () => end('SIGKILL', -pid), stop: () => end('SIGTERM', pid) };
}

interface ReadyLine {
  readonly event: 'ready';
  readonly api?: string;
  readonly key?: string | null;
}

const isReady = (line: unknown): line is ReadyLine =>
  typeof line === 'object' && line !== null && 'event' in line && line.event === 'ready';

function readReady(child: ChildProcess, began: number, log: string): Promise<Ready> {
  const { stdout } = child;
  if (stdout === null) throw new Error('its stdout is not read');
  return new Promise((resolve, reject) => {
    let last = '';
    createInterface({ input: stdout }).on('line', (line) => {
      last = line;
      const told: unknown = JSON.parse(line);
      if (isReady(told))
        resolve({ api: told.api ?? '', key: told.key ?? '', afterMs: performance.now() - began });
    });
    child.on('exit', (code, signal) =>
      reject(new Error(`Argosy ended with ${signal ?? code} before it was ready: ${last}; see ${log}`)),
    );
  });
}
