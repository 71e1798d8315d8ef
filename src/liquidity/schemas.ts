/** The shapes of orders on the wire. */
import { z } from '@hono/zod-openapi';
import { msatText } from '../kit/shapes.ts';
import { CHAIN_ORDER_STATES } from './order.ts';

const amountInput = z
  .string()
  .max(60)
  .openapi({ example: '1000000000', description: 'msat, decimal; whole sat' });
const feeRate = z
  .int()
  .min(1)
  .max(2_000)
  .optional()
  .openapi({ example: 5, description: 'sat per virtual byte; default: what the node thinks right' });

export const openBody = z
  .strictObject({
    peer: z.string().max(100).openapi({ description: 'its public key' }),
    host: z.string().min(1).max(255).optional().openapi({
      example: 'node.example:9735',
      description: 'where it is reached, unless it is a peer already',
    }),
    capacity_msat: amountInput,
    private: z.boolean().default(false).openapi({ description: 'nobody else is told of it' }),
    fee_rate_sat_per_vb: feeRate,
  })
  .openapi('OpenChannelRequest');
export const closeBody = z
  .strictObject({
    force: z.boolean().default(false).openapi({
      description: 'without the peer: costs more, and its coins come home when its delay is over',
    }),
  })
  .openapi('CloseChannelRequest');
export const sendBody = z
  .strictObject({
    address: z.string().max(120),
    amount_msat: amountInput.openapi({ description: 'what arrives; the fee comes on top' }),
    fee_rate_sat_per_vb: feeRate,
  })
  .openapi('SendCoinsRequest');

const timeText = z.iso.datetime();
export const chainOrderSchema = z
  .object({
    id: z.string().openapi({ example: 'cho_0123456789abcdefghjkmnpqrs' }),
    kind: z.enum(['open', 'close', 'send']),
    node: z.string(),
    state: z.enum(CHAIN_ORDER_STATES).openapi({
      description:
        '`pending`: not done yet; `unknown`: the node was asked and has not answered, and is asked again; `published`: the transaction is out, the closing has begun; `confirmed`: in a block, of a closing: its coins are home; `failed`: proven not to have been done',
    }),
    amount_msat: msatText.nullable().openapi({ description: 'the capacity, or what is sent' }),
    peer: z.string().nullable(),
    address: z.string().nullable(),
    channel: z.string().nullable(),
    force: z.boolean(),
    private: z.boolean(),
    fee_rate_sat_per_vb: z.int().nullable(),
    txid: z.string().nullable(),
    fee_msat: msatText.nullable(),
    failure: z.string().nullable().openapi({ example: 'peer_offline' }),
    detail: z.string().nullable().openapi({ description: "in the node's words" }),
    principal: z.string().openapi({ description: 'whose key' }),
    created_at: timeText,
    published_at: timeText.nullable(),
    ended_at: timeText.nullable(),
  })
  .openapi('ChainOrder');
