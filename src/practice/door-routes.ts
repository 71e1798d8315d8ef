import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import type { Api } from '../kit/http.ts';
import { json } from '../kit/shapes.ts';
import type { Doors } from './doors.ts';

const EU = '024bcd4fac0dbc3b4e5f3d6bfc4c9d9a2c4f2b6f4ab0d0d7cf3e0d9ba2f6d0a111';

export const doorsSchema = z
  .object({
    network: z.literal('regtest'),
    rpc: z
      .object({ url: z.string(), user: z.string(), password: z.string() })
      .nullable()
      .openapi({ description: "the chain, as Bitcoin Core's JSON-RPC; null: closed" }),
    peers: z
      .array(
        z.object({
          node: z.string(),
          pubkey: z.string(),
          address: z.string().nullable().openapi({ description: 'pubkey@host:port; null: closed' }),
        }),
      )
      .openapi({ description: 'nodes that let peers in over TCP' }),
    troubles: z
      .array(z.string())
      .openapi({ description: 'doors that have moved, or that could not be opened' }),
  })
  .openapi({
    example: {
      network: 'regtest',
      rpc: { url: 'http://127.0.0.1:21218', user: 'argosy', password: '5f1c…' },
      peers: [{ node: 'eu', pubkey: EU, address: `${EU}@127.0.0.1:23417` }],
      troubles: [],
    },
  });

/** Where nodes from outside come in. */
export function doorRoutes(api: Api, guarded: Guarded, doors: Doors): void {
  api.openapi(
    guarded('practice:use', {
      method: 'get',
      path: '/v1/practice/doors',
      summary: 'Where nodes from outside join the practice world: its chain and its nodes',
      responses: { 200: json(doorsSchema, 'The doors; all of it is empty when they are switched off') },
    }),
    (c) => {
      const { rpc, peers, troubles } = doors;
      return c.json({ network: 'regtest' as const, rpc, peers: [...peers], troubles: [...troubles] }, 200);
    },
  );
}
