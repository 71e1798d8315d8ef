import { createRoute, type RouteConfig } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { Db } from '../kit/db.ts';
import { type Env, problemResponse } from '../kit/http.ts';
import { hashRequest, type IdempotentRequest } from '../kit/idempotency.ts';
import { Problem } from '../kit/problems.ts';
import type { Permission } from './permission.ts';
import { authenticate, demand } from './service.ts';

/** A route that needs a key with `permission`: what every room makes its routes with. */

function guard<R extends RouteConfig>(db: Db, permission: Permission, route: R) {
  const middleware = createMiddleware<Env>(async (c, next) => {
    const principal = await authenticate(db, c.req.header('authorization'));
    demand(principal, permission);
    c.set('caller', principal);
    await next();
  });
  return createRoute<R['path'], R & { middleware: typeof middleware }>({
    ...route,
    security: [{ key: [] }],
    'x-permission': permission,
    responses: { ...route.responses, default: problemResponse },
    middleware,
  } as R & { middleware: typeof middleware });
}

export const guardOf =
  (db: Db) =>
  <R extends RouteConfig>(permission: Permission, route: R) =>
    guard(db, permission, route);

/** The idempotency of a request. @throws Problem idempotency_key_missing */
export function idempotencyOf(c: Context<Env>, body: unknown): IdempotentRequest {
  const key = c.req.header('idempotency-key') ?? '';
  if (/^[\x21-\x7e]{1,255}$/.test(key)) {
    return { principalId: c.get('caller').id, key, hash: hashRequest(c.req.method, c.req.path, body) };
  }
  throw new Problem(
    'idempotency_key_missing',
    'Idempotency-Key: send a key of your own (1 to 255 visible characters), the same for every retry of this request.',
    { field: 'Idempotency-Key' },
  );
}

export type Guarded = ReturnType<typeof guardOf>;
