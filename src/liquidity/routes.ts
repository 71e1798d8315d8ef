/** Channels and coins of own nodes, by order. */
import { createHash } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type Guarded, idempotencyOf } from '../access/http.ts';
import { type Api, type Env, pageQuery, readCursor, writeCursor } from '../kit/http.ts';
import { findResponse, type IdempotentRequest, once } from '../kit/idempotency.ts';
import { Problem } from '../kit/problems.ts';
import { body, json } from '../kit/shapes.ts';
import { Overdrawn, withBooks } from '../ledger/store.ts';
import { channelId, nodeId } from '../lightning/ids.ts';
import type { PaymentsContext } from '../payments/context.ts';
import type { ChainTerms } from './order.ts';
import { readClose, readOpen, readSend } from './request.ts';
import { chainOrderSchema, closeBody, openBody, sendBody } from './schemas.ts';
import { orderOnChain } from './service.ts';
import { findOrder, listOrders } from './store.ts';
import { orderView } from './view.ts';

type ChainOrderView = z.infer<typeof chainOrderSchema>;

const headers = z.object({
  'idempotency-key': z.string().optional().openapi({ example: 'channel-7', description: 'required' }),
});
const id = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'is not the name of a node')
  .openapi({ example: 'eu' });
const params = z.object({ id });
const accepted = {
  202: json(chainOrderSchema, 'Written down; ask for it, or listen to /v1/events'),
};

export function chainRoutes(api: Api, guarded: Guarded, context: PaymentsContext): void {
  const { db, network } = context;

  /** Ordered once for each key, answered alike ever after. @throws Problem */
  async function order(c: Context<Env>, asked: object, node: string, terms: () => ChainTerms) {
    const request = idempotencyOf(c, asked);
    const known = await findResponse(db, request);
    if (known !== null) return known.body as ChainOrderView;
    const token = tokenOf(request);
    const ordered = { token, node: nodeId(node), terms: terms(), principal: c.get('caller').name };
    const answer = await withBooks(db, (tx) =>
      once(tx, request, async () => ({
        status: 202,
        body: orderView(await orderOnChain(context, tx, ordered)),
      })),
    ).catch(explainOverdrawn);
    context.kick();
    return answer.body as ChainOrderView;
  }

  api.openapi(
    guarded('channels:write', {
      method: 'post',
      path: '/v1/nodes/{id}/channels',
      summary: 'Open a channel out of the coins of an own node, once',
      request: { params, headers, ...body(openBody) },
      responses: accepted,
    }),
    async (c) => {
      const asked = c.req.valid('json');
      return c.json(await order(c, asked, c.req.valid('param').id, () => readOpen(asked)), 202);
    },
  );

  api.openapi(
    guarded('channels:write', {
      method: 'post',
      path: '/v1/nodes/{id}/channels/{channel}/close',
      summary: 'Close a channel of an own node; its coins come home when that is confirmed',
      request: { params: params.extend({ channel: z.string().max(100) }), headers, ...body(closeBody) },
      responses: accepted,
    }),
    async (c) => {
      const asked = c.req.valid('json');
      const { id: node, channel } = c.req.valid('param');
      const known = () =>
        context
          .fleet()
          .health(nodeId(node))
          .channels.map((each) => each.id);
      const terms = () => readClose(channelId(channel), asked.force, known());
      return c.json(await order(c, asked, node, terms), 202);
    },
  );

  api.openapi(
    guarded('coins:write', {
      method: 'post',
      path: '/v1/nodes/{id}/coins',
      summary: "Send coins of an own node to an address, once; they are the business's own",
      request: { params, headers, ...body(sendBody) },
      responses: accepted,
    }),
    async (c) => {
      const asked = c.req.valid('json');
      return c.json(await order(c, asked, c.req.valid('param').id, () => readSend(asked, network)), 202);
    },
  );

  api.openapi(
    guarded('nodes:read', {
      method: 'get',
      path: '/v1/chain-orders',
      summary: 'Channels that were opened and closed by order, and coins that were sent, newest first',
      request: { query: pageQuery },
      responses: {
        200: json(
          z
            .object({ data: z.array(chainOrderSchema), next_cursor: z.string().nullable() })
            .openapi('ChainOrderPage'),
          'A page',
        ),
      },
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid('query');
      const rows = await listOrders(db.read, { before: readCursor(cursor), limit });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      const next = last === undefined ? null : writeCursor({ at: last.createdAt, id: last.order.id });
      return c.json({ data: rows.map(orderView), next_cursor: next }, 200);
    },
  );

  api.openapi(
    guarded('nodes:read', {
      method: 'get',
      path: '/v1/chain-orders/{order}',
      summary: 'What has become of one order',
      request: {
        params: z.object({ order: z.string().regex(/^cho_[0-9a-z]{1,40}$/, 'is not an id of ours') }),
      },
      responses: { 200: json(chainOrderSchema, 'The order') },
    }),
    async (c) => {
      const { order: asked } = c.req.valid('param');
      const stored = await findOrder(db.read, asked);
      if (stored !== null) return c.json(orderView(stored), 200);
      throw new Problem('not_found', `order: there is no ${asked}.`, { field: 'order' });
    },
  );
}

/** After the database was put back the same request is the same order: the node has done it, or does it now. */
const tokenOf = ({ principalId, key, hash }: IdempotentRequest): string =>
  createHash('sha256').update(`${principalId} ${key} ${hash}`).digest('hex');

function explainOverdrawn(error: unknown): never {
  if (!(error instanceof Overdrawn)) throw error;
  throw new Problem(
    'insufficient_balance',
    "amount_msat: own:business has less than that; the rest of the coins is customers'. See GET /v1/accounts.",
    { field: 'amount_msat' },
  );
}
