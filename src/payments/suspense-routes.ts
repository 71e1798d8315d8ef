import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import type { Db } from '../kit/db.ts';
import type { Api } from '../kit/http.ts';
import { json } from '../kit/shapes.ts';
import { readSuspense } from './suspense-store.ts';
import { time } from './views.ts';

const MOST = 1_000;

export const suspenseSchema = z
  .object({
    data: z.array(
      z.object({
        node: z.string(),
        amount_msat: z
          .string()
          .openapi({ example: '25000000', description: 'above zero: paid out; below: received' }),
        reason: z.enum(['settled', 'received', 'explained']).openapi({
          description:
            '`settled`: paid by other hands; `received`: for no invoice of these books; `explained`: a payment of these books turned up for it',
        }),
        payment_hash: z.string(),
        at: z.iso.datetime(),
      }),
    ),
  })
  .openapi('Suspense');

export function suspenseRoutes(api: Api, guarded: Guarded, db: Db): void {
  api.openapi(
    guarded('books:read', {
      method: 'get',
      path: '/v1/books/suspense',
      summary: 'What nodes paid and received that is of no payment or invoice of these books, newest first',
      responses: { 200: json(suspenseSchema, `At most ${MOST} items`) },
    }),
    async (c) => {
      const items = await readSuspense(db.read, MOST);
      const data = items.map(({ node_id, amount_msat, reason, payment_hash, at }) => ({
        node: node_id,
        amount_msat: amount_msat.toString(),
        reason: reason as 'settled' | 'received' | 'explained',
        payment_hash,
        at: time(at),
      }));
      return c.json({ data }, 200);
    },
  );
}
