/** A real ldk-node as a process: see test/outsider. It is built with cargo, which takes minutes the first time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const FOLDER = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'argosy', 'outsider');

export const OUTSIDER = process.env.ARGOSY_OUTSIDER || join(FOLDER, 'debug', 'outsider');
export const isOutsiderBuilt = existsSync(OUTSIDER);
/** What brings it. */
export const BUILD_OUTSIDER = `CARGO_TARGET_DIR=${FOLDER} cargo build --locked --manifest-path test/outsider/Cargo.toml`;

export interface OutsiderOptions {
  readonly folder: string;
  readonly rpc: { readonly url: string; readonly user: string; readonly password: string };
  readonly listen: string;
}

export interface OutsiderEvent {
  readonly event: string;
  readonly [key: string]: unknown;
}

export interface Outsider {
  readonly pubkey: string;
  readonly events: readonly OutsiderEvent[];
  /** @throws Error with what the node says against it */
  ask<T>(...words: (string | number)[]): Promise<T>;
  /** As its owner would: it keeps its state. */
  stop(): Promise<void>;
}

type Line = OutsiderEvent | { readonly re: string; readonly ok?: unknown; readonly err?: string };
interface Asked {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export async function startOutsider({ folder, rpc, listen }: OutsiderOptions): Promise<Outsider> {
  const { host } = new URL(rpc.url);
  const process = spawn(OUTSIDER, [folder, host, rpc.user, rpc.password, listen, 'outsider'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const events: OutsiderEvent[] = [];
  const asked: Asked[] = [];
  const started = Promise.withResolvers<string>();
  createInterface({ input: process.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    if ('event' in line) {
      events.push(line);
      if (line.event === 'started') started.resolve(String(line.pubkey));
    } else if (line.err === undefined) asked.shift()?.resolve(line.ok);
    else asked.shift()?.reject(new Error(`${line.re}: ${line.err}`));
  });
  process.on('exit', (code) => {
    const over = new Error(`the outsider has ended with ${code}`);
    started.reject(over);
    for (const { reject } of asked.splice(0)) reject(over);
  });
  return {
    pubkey: await started.promise,
    events,
    ask: <T>(...words: (string | number)[]) =>
      new Promise<T>((resolve, reject) => {
        asked.push({ resolve: (value) => resolve(value as T), reject });
        process.stdin.write(`${words.join(' ')}\n`);
      }),
    stop: () => end(process),
  };
}

async function end(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const exit = once(process, 'exit');
  process.stdin?.end();
  await exit;
}
