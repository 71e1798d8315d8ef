import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import { idempotencyOf } from '../access/http.ts';
import { type Api, pageQuery, readCursor, writeCursor } from '../kit/http.ts';
import { Problem } from '../kit/problems.ts';
import { body, json } from '../kit/shapes.ts';
import type { PaymentsContext } from './context.ts';
import { findInvoice, listInvoices } from './invoice-store.ts';
import { payOnce } from './pay-once.ts';
import { readPaymentDetail } from './payment-detail.ts';
import type { PaymentPlan } from './plan.ts';
import { planView } from './plan-view.ts';
import { issueInvoice, recordInvoice } from './receive.ts';
import { amountField } from './request.ts';
import { invoiceBody, invoiceSchema, pageOf, payBody, paymentSchema, quoteSchema } from './schemas.ts';
import { type PreparedPayment, preparePayment } from './service.ts';
import { listPayments } from './store.ts';
import { invoiceView, paymentView } from './views.ts';

const keyHeader = z.object({
  'idempotency-key': z.string().optional().openapi({ example: 'order-1042', description: 'required' }),
});
const idParam = z.object({ id: z.string().regex(/^[a-z]{3}_[0-9a-z]{1,40}$/, 'is not an id of ours') });

type PayBody = z.infer<typeof payBody>;

export function paymentRoutes(api: Api, guarded: Guarded, context: PaymentsContext, kick: () => void): void {
  const { db } = context;
  const prepare = (asked: PayBody) =>
    preparePayment(context, asked, {
      account: asked.account,
      preferredRegion: asked.region ?? null,
      timeoutMs: asked.timeout_seconds * 1000,
    });

  api.openapi(
    guarded('payments:read', {
      method: 'post',
      path: '/v1/quotes',
      summary: 'What a payment would cost, and which node would pay; nothing is reserved',
      request: body(payBody),
      responses: { 200: json(quoteSchema, 'The plan, candidate by candidate') },
    }),
    async (c) => c.json(quoteView(await prepare(c.req.valid('json'))), 200),
  );

  api.openapi(
    guarded('payments:write', {
      method: 'post',
      path: '/v1/payments',
      summary: 'Pay a BOLT11 invoice, once',
      request: { ...body(payBody), headers: keyHeader },
      responses: { 202: json(paymentSchema, 'Under way; ask for it, or listen to /v1/events') },
    }),
    async (c) => {
      const asked = c.req.valid('json');
      const request = idempotencyOf(c, asked);
      const response = await payOnce(context, request, () => prepare(asked));
      kick();
      return c.json(response.body as z.infer<typeof paymentSchema>, 202);
    },
  );

  api.openapi(
    guarded('payments:read', {
      method: 'get',
      path: '/v1/payments',
      summary: 'Payments, newest first',
      request: { query: pageQuery },
      responses: { 200: json(pageOf('PaymentPage', paymentSchema), 'A page') },
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid('query');
      const rows = await listPayments(db.read, { before: readCursor(cursor), limit });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      const next = last === undefined ? null : writeCursor({ at: last.createdAt, id: last.payment.id });
      return c.json({ data: rows.map(paymentView), next_cursor: next }, 200);
    },
  );

  api.openapi(
    guarded('payments:read', {
      method: 'get',
      path: '/v1/payments/{id}',
      summary:
        'One payment: each attempt with its candidates, parts, routes and times, and the ledger transfers',
      request: { params: idParam },
      responses: { 200: json(paymentSchema, 'The payment') },
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const detail = await readPaymentDetail(db.read, id);
      if (detail === null) throw new Problem('not_found', `id: there is no payment ${id}.`, { field: 'id' });
      return c.json(detail, 200);
    },
  );
}

const NOBODY_ASKED: PaymentPlan = { chosen: null, why: null, candidates: [] };

function quoteView(prepared: PreparedPayment): z.infer<typeof quoteSchema> {
  const { invoice, plan, own } = prepared;
  const fee = own === null ? (plan?.chosen?.feeMsat ?? null) : 0n;
  return {
    payable: fee !== null,
    amount_msat: prepared.amountMsat.toString(),
    fee_msat: fee === null ? null : fee.toString(),
    fee_limit_msat: prepared.feeLimitMsat.toString(),
    payee: invoice.payee,
    description: invoice.description,
    expires_at: new Date(invoice.expiresAt).toISOString(),
    internal_invoice: own?.id ?? null,
    plan: planView(plan ?? NOBODY_ASKED),
  };
}

export function invoiceRoutes(api: Api, guarded: Guarded, context: PaymentsContext, kick: () => void): void {
  const { db } = context;

  api.openapi(
    guarded('invoices:write', {
      method: 'post',
      path: '/v1/invoices',
      summary: 'Issue an invoice at the node that can receive best',
      request: body(invoiceBody),
      responses: { 201: json(invoiceSchema, 'The invoice') },
    }),
    async (c) => {
      const asked = c.req.valid('json');
      const issued = await issueInvoice(context, {
        amountMsat: asked.amount_msat === undefined ? null : amountField('amount_msat', asked.amount_msat),
        description: asked.description,
        expirySeconds: asked.expiry_seconds,
        preferredRegion: asked.region ?? null,
        account: asked.account,
      });
      await db.tx((tx) => recordInvoice(context, tx, issued));
      kick();
      return c.json(invoiceView(issued.row), 201);
    },
  );

  api.openapi(
    guarded('invoices:read', {
      method: 'get',
      path: '/v1/invoices',
      summary: 'Invoices, newest first',
      request: { query: pageQuery },
      responses: { 200: json(pageOf('InvoicePage', invoiceSchema), 'A page') },
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid('query');
      const rows = await listInvoices(db.read, { before: readCursor(cursor), limit });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      const next = last === undefined ? null : writeCursor({ at: last.created_at, id: last.id });
      return c.json({ data: rows.map(invoiceView), next_cursor: next }, 200);
    },
  );

  api.openapi(
    guarded('invoices:read', {
      method: 'get',
      path: '/v1/invoices/{id}',
      summary: 'One invoice',
      request: { params: idParam },
      responses: { 200: json(invoiceSchema, 'The invoice') },
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const row = await findInvoice(db.read, id);
      if (row === null) throw new Problem('not_found', `id: there is no invoice ${id}.`, { field: 'id' });
      return c.json(invoiceView(row), 200);
    },
  );
}
