import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import type { Clock } from '../kit/clock.ts';
import type { Api } from '../kit/http.ts';
import { Problem } from '../kit/problems.ts';
import { body, json, msatText } from '../kit/shapes.ts';
import type { LightningNode } from '../nodes/node.ts';
import { refuseDescription } from '../payments/receive.ts';
import { amountField, readPaymentRequest } from '../payments/request.ts';
import { balanceRoutes } from './balance-routes.ts';
import { faultRoutes } from './fault-routes.ts';
import { keepFaults } from './faults.ts';
import { personInvoiceRoutes } from './invoice-routes.ts';
import { mapRoutes } from './map-routes.ts';
import { keepPaid } from './paid.ts';
import { findPerson, type Practice, payAsPerson } from './people.ts';

const nameParam = z.object({ name: z.string().max(40).openapi({ example: 'merchant' }) });
const MAX_BLOCKS = 1000;

const personSchema = z.object({
  name: z.string(),
  pubkey: z.string(),
  spendable_msat: msatText,
  receivable_msat: msatText,
  channels: z.int(),
  capacity_msat: msatText.openapi({ description: 'of all its channels, also of those that are down' }),
});

export const peopleSchema = z.object({ data: z.array(personSchema), height: z.int() });

export const personInvoiceBody = z.strictObject({
  amount_msat: z.string().max(60).optional(),
  description: z.string().max(600).default(''),
  expiry_seconds: z.int().min(1).max(86_400).default(3600),
});
export const personInvoiceSchema = z.object({ invoice: z.string(), payment_hash: z.string() });

export const personPayBody = z.strictObject({
  invoice: z.string().max(10_000),
  amount_msat: z.string().max(60).optional(),
});
export const personPaidSchema = z.object({
  state: z.literal('settled'),
  amount_msat: msatText,
  fee_msat: msatText,
  preimage: z.string(),
});

/** The routes of the practice world: what strangers do, so that there is somebody to trade with. */
export function practiceRoutes(api: Api, guarded: Guarded, clock: Clock, practice: Practice): void {
  const faults = keepFaults(practice.breakable);
  const paid = keepPaid();
  faultRoutes(api, guarded, faults);
  mapRoutes(api, guarded, practice, faults, paid);
  balanceRoutes(api, guarded, clock, practice);
  personInvoiceRoutes(api, guarded, practice.people);
  const person = (name: string): LightningNode => findPerson(practice.people, name);

  api.openapi(
    guarded('practice:use', {
      method: 'get',
      path: '/v1/practice/people',
      summary: 'Who there is to trade with in the practice world',
      responses: { 200: json(peopleSchema, 'Everybody') },
    }),
    async (c) => {
      const people = await Promise.all([...practice.people].map(([name, node]) => describe(name, node)));
      return c.json({ data: people, height: practice.height() }, 200);
    },
  );

  api.openapi(
    guarded('practice:use', {
      method: 'post',
      path: '/v1/practice/people/{name}/invoices',
      summary: 'A person asks for money',
      request: {
        params: nameParam,
        ...body(personInvoiceBody),
      },
      responses: { 201: json(personInvoiceSchema, 'The invoice') },
    }),
    async (c) => {
      const { amount_msat, description, expiry_seconds } = c.req.valid('json');
      const amountMsat = amount_msat === undefined ? null : amountField('amount_msat', amount_msat);
      refuseDescription(description);
      const node = person(c.req.valid('param').name);
      const created = await node.invoice({ amountMsat, description, expirySeconds: expiry_seconds });
      return c.json({ invoice: created.bolt11, payment_hash: created.paymentHash }, 201);
    },
  );

  api.openapi(
    guarded('practice:use', {
      method: 'post',
      path: '/v1/practice/people/{name}/payments',
      summary: 'A person pays an invoice; answers when it has ended',
      request: {
        params: nameParam,
        ...body(personPayBody),
      },
      responses: { 200: json(personPaidSchema, 'Paid') },
    }),
    async (c) => {
      const asked = c.req.valid('json');
      const { name } = c.req.valid('param');
      const node = person(name);
      const { invoice, amountMsat } = readPaymentRequest(asked, 'regtest', clock.now());
      const end = await payAsPerson(node, clock, invoice, amountMsat);
      if (end.kind === 'failed') {
        throw new Problem(
          'practice_payment_failed',
          `invoice: the payment failed with ${end.reason}; ask for less, or for a new invoice.`,
          {
            field: 'invoice',
            extra: { reason: end.reason },
          },
        );
      }
      paid.add({ payer: name, paymentHash: invoice.paymentHash, routes: end.routes });
      return c.json(
        {
          state: 'settled' as const,
          amount_msat: amountMsat.toString(),
          fee_msat: end.feeMsat.toString(),
          preimage: end.preimage as string,
        },
        200,
      );
    },
  );

  api.openapi(
    guarded('practice:use', {
      method: 'post',
      path: '/v1/practice/blocks',
      summary: 'Mine blocks on the practice chain',
      request: body(z.strictObject({ count: z.int().min(1).max(MAX_BLOCKS).default(1) })),
      responses: { 201: json(z.object({ height: z.int() }), 'The new height') },
    }),
    async (c) => {
      await practice.mine(c.req.valid('json').count);
      return c.json({ height: practice.height() }, 201);
    },
  );
}

async function describe(name: string, node: LightningNode): Promise<z.infer<typeof personSchema>> {
  const [info, channels] = await Promise.all([node.info(), node.channels()]);
  const active = channels.filter((channel) => channel.active);
  const sum = (pick: (channel: (typeof active)[number]) => bigint) =>
    active.reduce((total, channel) => total + pick(channel), 0n).toString();
  return {
    name,
    pubkey: info.pubkey,
    spendable_msat: sum((channel) => channel.spendableMsat),
    receivable_msat: sum((channel) => channel.receivableMsat),
    channels: active.length,
    capacity_msat: channels.reduce((total, channel) => total + channel.capacityMsat, 0n).toString(),
  };
}
