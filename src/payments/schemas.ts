/** The shapes of payments and invoices on the wire. */
import { z } from '@hono/zod-openapi';
import { msatText } from '../kit/shapes.ts';

const BOLT11_EXAMPLE = 'lnbcrt250u1p...';
const timeText = z.iso.datetime().openapi({ example: '2026-11-21T12:00:00.000Z' });
const region = z.string().max(40).optional().openapi({ example: 'eu', description: 'preferred where equal' });
const account = z
  .string()
  .max(60)
  .default('own:business')
  .openapi({ example: 'own:business', description: '`own:business` or `customer:NAME`' });
/** Checked by `amountField`, which knows why an amount is wrong. */
const amountInput = z.string().max(60).openapi({ example: '25000000', description: 'msat, decimal' });

export const payBody = z
  .strictObject({
    invoice: z.string().min(1).max(10_000).openapi({ example: BOLT11_EXAMPLE, description: 'BOLT11' }),
    amount_msat: amountInput
      .optional()
      .openapi({ description: 'only for an invoice that leaves the amount open' }),
    fee_limit_msat: amountInput.optional().openapi({
      example: '250000',
      description: 'default: the greater of 1% and 1,000 msat',
    }),
    account,
    region,
    timeout_seconds: z.int().min(1).max(3600).default(60).openapi({ description: 'no new attempt after it' }),
  })
  .openapi('PaymentRequest');

const candidate = z
  .object({
    node: z.string(),
    region: z.string(),
    health: z.enum(['up', 'lagging', 'down']),
    spendable_msat: msatText,
    fee_msat: msatText.nullable(),
    cltv_delta: z.int().nullable().openapi({ description: 'blocks that funds may be locked at most' }),
    hops: z.int().nullable(),
    parts: z.int(),
    obstacle: z
      .enum(['node_down', 'node_lagging', 'no_liquidity', 'no_route', 'fee_limit', 'route_failed_before'])
      .nullable()
      .openapi({ description: 'null: it can pay' }),
  })
  .openapi('Candidate');
const plan = z
  .object({ chosen: z.string().nullable(), candidates: z.array(candidate) })
  .openapi('Plan', { description: 'Best first; who cannot pay comes last, with the obstacle.' });

export const quoteSchema = z
  .object({
    payable: z.boolean(),
    amount_msat: msatText,
    fee_msat: msatText.nullable(),
    fee_limit_msat: msatText,
    payee: z.string(),
    description: z.string().nullable(),
    expires_at: timeText,
    internal_invoice: z.string().nullable(),
    plan,
  })
  .openapi('Quote');

const hop = z.object({ pubkey: z.string(), scid: z.string(), amount_msat: msatText, cltv_delta: z.int() });
const part = z
  .object({
    id: z.string(),
    amount_msat: msatText,
    fee_msat: msatText,
    state: z.enum(['planned', 'in_flight', 'unknown', 'settled', 'failed']),
    failure: z.string().nullable(),
    route: z.array(hop),
  })
  .openapi('Part');

export const paymentSchema = z
  .object({
    id: z.string().openapi({ example: 'pay_01jd3v5q8r0000000000000000' }),
    state: z.enum(['pending', 'in_flight', 'unknown', 'settled', 'failed']).openapi({
      description: '`unknown` is not a failure: do not pay again, it will end by proof',
    }),
    failure: z.string().nullable(),
    account: z.string(),
    amount_msat: msatText,
    fee_msat: msatText.nullable(),
    fee_limit_msat: msatText,
    payment_hash: z.string(),
    preimage: z.string().nullable(),
    invoice: z.string(),
    internal_invoice: z.string().nullable(),
    attempts: z.array(z.object({ attempt: z.int(), node: z.string().nullable(), parts: z.array(part) })),
    plan: z.unknown(),
    created_at: timeText,
    ended_at: timeText.nullable(),
    transfers: z
      .array(
        z.object({
          debit: z.string(),
          credit: z.string(),
          amount_msat: msatText,
          source: z.string(),
          reason: z.string(),
        }),
      )
      .optional()
      .openapi({ description: 'only where one payment is asked for' }),
  })
  .openapi('Payment');

export const invoiceBody = z
  .strictObject({
    amount_msat: amountInput.optional().openapi({ description: 'absent: the payer chooses' }),
    description: z.string().max(2000).default('').openapi({ example: 'Order 1042' }),
    expiry_seconds: z.int().default(3600),
    region,
    account,
  })
  .openapi('InvoiceRequest');

export const invoiceSchema = z
  .object({
    id: z.string().openapi({ example: 'inv_01jd3v5q8r0000000000000000' }),
    state: z.enum(['new', 'settled', 'expired', 'cancelled']),
    node: z.string(),
    account: z.string(),
    amount_msat: msatText.nullable(),
    received_msat: msatText.nullable(),
    description: z.string(),
    payment_hash: z.string(),
    invoice: z.string().openapi({ example: BOLT11_EXAMPLE }),
    paid: z.enum(['on_time', 'late']).nullable(),
    internal: z.boolean().openapi({ description: 'paid by another account of this Argosy' }),
    expires_at: timeText,
    created_at: timeText,
    settled_at: timeText.nullable(),
  })
  .openapi('Invoice');

export const pageOf = <T extends z.ZodType>(name: string, item: T) =>
  z.object({ data: z.array(item), next_cursor: z.string().nullable() }).openapi(name);
