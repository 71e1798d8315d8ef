/** Bitcoin's JSON-RPC, as btcd (TLS) and bitcoind (plain) speak it. */
import type { Agent } from 'node:https';
import { exchange } from './exchange.ts';
import type { Rpc } from './faucet.ts';

export interface RpcPlace {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Asked at each call: btcd writes its certificate when it starts. */
  readonly agent?: () => Agent;
}

const TIMEOUT_MS = 30_000;

export function rpcAt({ port, user, password, agent }: RpcPlace): Rpc {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return async <T>(method: string, params: readonly unknown[] = []): Promise<T> => {
    const { status, text } = await exchange({
      port,
      method: 'POST',
      path: '/',
      headers: { authorization },
      body: { jsonrpc: '1.0', id: 1, method, params },
      timeoutMs: TIMEOUT_MS,
      ...(agent === undefined ? {} : { agent: agent() }),
    });
    if (!text.startsWith('{')) throw new Error(`${method}: ${status} ${text}`);
    const { error, result } = JSON.parse(text) as { error: { message: string } | null; result: T };
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };
}
