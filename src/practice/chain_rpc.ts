/** The practice chain asked as Bitcoin Core is asked: a method and its parameters -> a result, or Core's error. */
import type { Chain } from './chain.ts';
import { RPC_METHODS } from './chain_rpc_methods.ts';
import { RPC_CODE, RpcRefusal } from './chain_rpc_values.ts';

export type RpcAnswer =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'error'; readonly code: number; readonly message: string };

/** @param params a list, an object of names, or nothing */
export function askChain(chain: Chain, method: string, params: unknown): RpcAnswer {
  const found = RPC_METHODS.get(method);
  if (found === undefined)
    return { kind: 'error', code: RPC_CODE.methodNotFound, message: 'Method not found' };
  try {
    return { kind: 'result', result: found.run(chain, inOrder(found.takes, params)) };
  } catch (error) {
    if (!(error instanceof RpcRefusal)) throw error;
    return { kind: 'error', code: error.code, message: error.message };
  }
}

function inOrder(takes: readonly string[], params: unknown): readonly unknown[] {
  if (params === undefined || params === null) return [];
  if (Array.isArray(params)) {
    if (params.length <= takes.length) return params;
    throw new RpcRefusal(RPC_CODE.misc, `it takes at most ${takes.length} parameters: ${takes.join(', ')}`);
  }
  if (typeof params !== 'object')
    throw new RpcRefusal(RPC_CODE.invalidRequest, 'Params must be an array or object');
  const unknown = Object.keys(params).find((name) => !takes.includes(name));
  if (unknown !== undefined)
    throw new RpcRefusal(RPC_CODE.invalidParameter, `Unknown named parameter ${unknown}`);
  const named = new Map(Object.entries(params));
  return takes.map((name) => named.get(name));
}
