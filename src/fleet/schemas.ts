/** The shapes of the fleet on the wire. */
import { z } from '@hono/zod-openapi';
import { msatText } from '../kit/shapes.ts';
import { NODE_OWNERS, NODE_STATES } from './standing.ts';

export const nodeSchema = z
  .object({
    id: z.string().openapi({ example: 'eu' }),
    region: z.string(),
    driver: z.string(),
    state: z.enum(NODE_STATES).openapi({
      description:
        '`disputed`: receives only, its chain is another than that of as many nodes; `drained`: starts nothing new; `down`: cannot be used from here',
    }),
    owner: z.enum(NODE_OWNERS).openapi({
      description: 'which process drives it: the one that answers, another one, or none at the moment',
    }),
    problems: z.array(z.object({ code: z.string(), text: z.string() })).openapi({
      description: 'what is wrong, the gravest first; each text goes on from the name of the node',
    }),
    drains: z.array(
      z.object({
        cause: z.enum(['hand', 'rule', 'past']),
        reason: z.string(),
        principal: z.string().nullable(),
        since: z.iso.datetime(),
      }),
    ),
    pubkey: z.string().nullable(),
    alias: z.string().nullable(),
    version: z.string().nullable(),
    network: z.string().nullable(),
    block_height: z.int().nullable(),
    block_hash: z.string().nullable(),
    peers: z.int().nullable().openapi({ description: 'connected now' }),
    latency_ms: z.int().nullable().openapi({ description: 'the median of its last answers' }),
    stream: z
      .object({ alive: z.boolean(), since: z.iso.datetime() })
      .nullable()
      .openapi({ description: 'whether its events come; null: they are not followed from here' }),
    last_error: z.object({ message: z.string(), at: z.iso.datetime() }).nullable(),
    exposure_msat: msatText.openapi({ description: 'what the ledger has there, in channels and in coins' }),
    exposure_msat_max: msatText
      .nullable()
      .openapi({ description: 'the most that it may hold; null: no cap' }),
    spendable_msat: msatText,
    receivable_msat: msatText,
    channels: z.array(
      z.object({
        id: z.string(),
        scid: z.string().nullable(),
        peer: z.string(),
        peer_alias: z.string(),
        capacity_msat: msatText,
        local_msat: msatText,
        remote_msat: msatText,
        spendable_msat: msatText,
        receivable_msat: msatText,
        active: z.boolean(),
        private: z.boolean(),
      }),
    ),
  })
  .openapi('Node');

export type NodeView = z.infer<typeof nodeSchema>;

export const balanceSchema = z
  .object({
    spendable_msat: msatText.openapi({ description: 'what all healthy nodes could send' }),
    receivable_msat: msatText,
    largest_payment_msat: msatText.openapi({ description: 'the most that one node could send' }),
    nodes: z.array(
      z.object({ id: z.string(), state: z.string(), spendable_msat: msatText, receivable_msat: msatText }),
    ),
    accounts: z.array(z.object({ id: z.string(), free_msat: msatText, held_msat: msatText })),
  })
  .openapi('Balance');

const sideSchema = z.object({ channels_msat: msatText, in_flight_msat: msatText, onchain_msat: msatText });
export const booksSchema = z
  .object({
    difference_msat: msatText.openapi({
      example: '0',
      description: 'sum of the absolute differences; 0 is proof',
    }),
    nodes: z.array(
      z.object({
        node: z.string(),
        difference_msat: z.string().openapi({ description: 'node - ledger' }),
        cursor: z.string().openapi({ description: 'where in the event stream both were read' }),
        ledger: sideSchema,
        reported: sideSchema,
        in_flight: z.array(
          z.object({
            payment_hash: z.string(),
            parts: z.array(z.string()),
            ledger_msat: msatText,
            node_msat: msatText,
          }),
        ),
      }),
    ),
  })
  .openapi('Books');

export const healthSchema = z
  .object({
    status: z.enum(['ok', 'degraded', 'down']),
    database: z.enum(['up', 'down']),
    sending: z.enum(['on', 'stopped']).openapi({ description: '`stopped`: by the panic switch' }),
    nodes: z.record(z.string(), z.enum(NODE_STATES)),
  })
  .openapi('Health');

export const panicSchema = z
  .object({
    on: z.boolean().openapi({ description: 'true: nothing is sent; receiving goes on' }),
    reason: z.string().nullable(),
    principal: z.string().nullable().openapi({ description: 'whose key threw it last' }),
    at: z.iso.datetime().nullable(),
    waiting_for: z.array(z.string()).openapi({
      description:
        'nodes that were handed a part before, and have not answered yet; once it is empty, no part leaves any more',
    }),
  })
  .openapi('Panic');
export const panicBody = z
  .strictObject({
    on: z.boolean(),
    reason: z.string().min(1).max(500).optional().openapi({ example: 'a key may have leaked' }),
  })
  .openapi('PanicRequest');
export const drainBody = z.strictObject({
  reason: z.string().min(1).max(500).default('no reason given').openapi({ example: 'kernel update' }),
});

export const goOnBody = z.strictObject({
  reason: z.string().min(1).max(500).openapi({ example: 'its disk is lost' }),
});
export const goOnSchema = z
  .object({
    node: z.string(),
    waived: z
      .boolean()
      .openapi({ description: 'false: its history is in the books, or was given up before' }),
    waiting_for: z.array(z.string()).openapi({ description: 'nodes whose history is still missing' }),
  })
  .openapi('WentOn');
