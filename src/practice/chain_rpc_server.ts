/** The chain's RPC over HTTP, as Bitcoin Core serves it: POST, basic authentication, one request or a batch. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Chain } from './chain.ts';
import { askChain } from './chain_rpc.ts';
import { RPC_CODE } from './chain_rpc_values.ts';

export interface RpcServerOptions {
  readonly chain: Chain;
  /** A loopback address. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

export interface RpcServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A transaction of the largest weight, in hexadecimal digits, and room for a batch. */
const BODY_BYTES_MAX = 4_000_000;
const BATCH_MAX = 1_000;
const CONNECTIONS_MAX = 128;
const KEEP_ALIVE_MS = 120_000;

/** @throws the system's error when the port cannot be listened on */
export async function serveChainRpc(options: RpcServerOptions): Promise<RpcServer> {
  const server = createServer((request, response) => {
    answer(options, request).then(
      (reply) => send(response, reply),
      () => response.destroy(),
    );
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { host, port }: RpcServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

function send(response: ServerResponse, { status, headers = {}, body }: Reply): void {
  const text = body === undefined ? '' : `${JSON.stringify(body)}\n`;
  // What is left of a request that was refused half way is not read.
  if (status === 413) response.shouldKeepAlive = false;
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

async function answer({ chain, user, password }: RpcServerOptions, request: IncomingMessage): Promise<Reply> {
  const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  if (!sameText(request.headers.authorization ?? '', wanted))
    return { status: 401, headers: { 'www-authenticate': 'Basic realm="jsonrpc"' } };
  if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' } };
  const body = await readBody(request);
  if (body === null) return { status: 413 };
  const asked = parse(body);
  if (asked === undefined) return single(refuse(null, RPC_CODE.parse, 'Parse error'));
  if (!Array.isArray(asked)) return single(answerOne(chain, asked));
  if (asked.length === 0 || asked.length > BATCH_MAX)
    return single(refuse(null, RPC_CODE.invalidRequest, `a batch has 1 to ${BATCH_MAX} requests`));
  return { status: 200, body: asked.map((one) => answerOne(chain, one)) };
}

/** Without telling by the time it takes how much of it is right. */
function sameText(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** Null: it is too large. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

interface RpcResponse {
  readonly result: unknown;
  readonly error: { readonly code: number; readonly message: string } | null;
  readonly id: unknown;
}

const refuse = (id: unknown, code: number, message: string): RpcResponse => ({
  result: null,
  error: { code, message },
  id,
});

function answerOne(chain: Chain, asked: unknown): RpcResponse {
  const { id = null, method, params } = (asked ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof method !== 'string') return refuse(id, RPC_CODE.invalidRequest, 'Method must be a string');
  try {
    const answer = askChain(chain, method, params);
    return answer.kind === 'error'
      ? refuse(id, answer.code, answer.message)
      : { result: answer.result, error: null, id };
  } catch (error) {
    return refuse(id, RPC_CODE.internal, error instanceof Error ? error.message : String(error));
  }
}

const STATUS: Readonly<Record<number, number>> = {
  [RPC_CODE.invalidRequest]: 400,
  [RPC_CODE.methodNotFound]: 404,
};

const single = (body: RpcResponse): Reply => ({
  status: body.error === null ? 200 : (STATUS[body.error.code] ?? 500),
  body,
});
