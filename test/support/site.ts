/** Argosy as a process of its own over simulated nodes of its own: several stand on one database. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DbTarget } from '../../src/kit/db.ts';

export interface SiteStart {
  readonly target: DbTarget;
  /** Part of the names of its nodes. */
  readonly name: string;
}

export interface Site {
  readonly api: string;
  /** The merchant of this site asks for money. @returns a BOLT 11 invoice */
  asks(sat: number): Promise<string>;
  /** What its merchant has been paid, msat. */
  received(): Promise<bigint>;
  call<T = Record<string, unknown>>(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    key?: string,
  ): Promise<{ readonly status: number; readonly body: T }>;
  stop(): Promise<void>;
}

/** @param secret the owner's key */
export async function startSite(start: SiteStart, secret: string): Promise<Site> {
  const child = fork(fileURLToPath(new URL('site-process.ts', import.meta.url)), [JSON.stringify(start)]);
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  const { api } = await new Promise<{ api: string }>((resolve, reject) => {
    child.once('message', (said) => resolve(said as { api: string }));
    child.once('exit', (code, signal) => reject(new Error(`${start.name} has ended: ${signal ?? code}`)));
  });
  const text = async (path: string): Promise<string> => (await fetch(`${api}${path}`)).text();
  return {
    api,
    asks: (sat) => text(`/merchant/invoice?sat=${sat}`),
    received: async () => BigInt(await text('/merchant/received')),
    async call<T>(method: 'GET' | 'POST', path: string, body?: unknown, key: string = crypto.randomUUID()) {
      const response = await fetch(`${api}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${secret}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as T };
    },
    async stop() {
      if (child.connected) child.send('stop');
      await exited;
    },
  };
}
