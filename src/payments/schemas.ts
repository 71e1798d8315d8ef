/** The shapes of payments and invoices on the wire. */
import { z } from '@hono/zod-openapi';
import { NODE_STATES } from '../fleet/standing.ts';
import { msatText } from '../kit/shapes.ts';
import { paymentExample } from './examples.ts';

const BOLT11_EXAMPLE = 'lnbcrt250u1p...';
const ONE_ALONE = 'only where one payment is asked for';
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
    health: z.enum(NODE_STATES),
    spendable_msat: msatText,
    fee_msat: msatText.nullable(),
    cltv_delta: z.int().nullable().openapi({ description: 'blocks that funds may be locked at most' }),
    hops: z.int().nullable(),
    parts: z.int(),
    obstacle: z
      .enum([
        'node_down',
        'node_lagging',
        'node_drained',
        'chain_disputed',
        'no_liquidity',
        'no_route',
        'fee_limit',
        'route_failed_before',
      ])
      .nullable()
      .openapi({ description: 'null: it can pay' }),
    answer_ms: z
      .int()
      .nullable()
      .openapi({ description: 'how long its answer was waited for; null: it was not asked' }),
  })
  .openapi('Candidate');
const plan = z
  .object({
    chosen: z.string().nullable(),
    why: z
      .enum(['only_one', 'cheapest', 'preferred_region', 'most_spendable', 'none'])
      .nullable()
      .openapi({ description: 'what told the chosen one from the next best; null: nobody can pay' }),
    candidates: z.array(candidate),
  })
  .openapi('Plan', { description: 'Best first; who cannot pay comes last, with the obstacle.' });
const attemptPlan = plan
  .extend({
    asked_at: timeText.openapi({ description: 'when all nodes were asked, at once' }),
    planned_at: timeText.openapi({ description: 'when the last of them had answered' }),
    rounds: z.int().openapi({ description: 'how often they were asked; these are the last answers' }),
  })
  .openapi('AttemptPlan', {
    description: 'Best first, 32 at most, as they were when the attempt was planned.',
  });

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
const timings = z
  .object({
    planned_at: timeText,
    sent_at: timeText
      .nullable()
      .openapi({ description: 'when it was handed to its node; null: it was not, or nobody knows' }),
    answered_at: timeText
      .nullable()
      .openapi({ description: 'when its node had taken it, or was waited for no longer' }),
    ended_at: timeText.nullable(),
  })
  .openapi('Timings');
const part = z
  .object({
    id: z.string(),
    amount_msat: msatText,
    fee_msat: msatText,
    state: z.enum(['planned', 'in_flight', 'unknown', 'settled', 'failed']),
    failure: z.string().nullable(),
    route: z.array(hop),
    timings: timings.optional().openapi({ description: ONE_ALONE }),
  })
  .openapi('Part');
export const attemptSchema = z
  .object({
    attempt: z.int().openapi({ description: 'counted from 1' }),
    node: z.string().nullable().openapi({ description: 'null: nobody could pay' }),
    plan: attemptPlan.optional().openapi({ description: ONE_ALONE }),
    parts: z.array(part),
  })
  .openapi('Attempt');
export const transferSchema = z
  .object({
    debit: z.string(),
    credit: z.string(),
    amount_msat: msatText,
    source: z.string().openapi({ description: 'the payment or the part' }),
    reason: z.string(),
    at: timeText,
  })
  .openapi('Transfer');

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
    region: z.string().nullable().openapi({ description: 'preferred where nodes are equal' }),
    attempts: z.array(attemptSchema),
    created_at: timeText,
    ended_at: timeText.nullable(),
    transfers: z.array(transferSchema).optional().openapi({ description: ONE_ALONE }),
  })
  .openapi('Payment', { example: paymentExample });

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
