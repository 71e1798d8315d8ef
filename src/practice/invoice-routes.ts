import { z } from '@hono/zod-openapi';
import type { Guarded } from '../access/http.ts';
import type { Api } from '../kit/http.ts';
import { Problem } from '../kit/problems.ts';
import { json, msatText } from '../kit/shapes.ts';
import { paymentHash } from '../lightning/ids.ts';
import type { InvoiceStatus } from '../nodes/node.ts';
import { findPerson, type People } from './people.ts';

const invoiceParam = z.object({
  name: z.string().max(40).openapi({ example: 'merchant' }),
  payment_hash: z.string().regex(/^[0-9a-f]{64}$/, 'is not 32 bytes in lower-case hex'),
});

export const personInvoiceStatusSchema = z.object({
  state: z.enum(['pending', 'accepted', 'settled', 'cancelled', 'expired']).openapi({
    description:
      'accepted: a payment of it has arrived and is not claimed; expired: it may still be paid late',
  }),
  received_msat: msatText.nullable().openapi({ description: 'null: nothing' }),
});

/** What became of the invoices of people, as their own nodes say: the other end of what Argosy has paid. */
export function personInvoiceRoutes(api: Api, guarded: Guarded, people: People): void {
  api.openapi(
    guarded('practice:use', {
      method: 'get',
      path: '/v1/practice/people/{name}/invoices/{payment_hash}',
      summary: "What became of a person's invoice, as the person's node says",
      request: { params: invoiceParam },
      responses: { 200: json(personInvoiceStatusSchema, 'The invoice') },
    }),
    async (c) => {
      const { name, payment_hash: hash } = c.req.valid('param');
      const status = await findPerson(people, name).lookupInvoice(paymentHash(hash));
      return c.json(statusView(status, name, hash), 200);
    },
  );
}

/** @throws Problem not_found */
function statusView(
  status: InvoiceStatus,
  name: string,
  hash: string,
): z.infer<typeof personInvoiceStatusSchema> {
  if (status.kind === 'not_found') {
    throw new Problem('not_found', `payment_hash: ${name} has no invoice with ${hash}.`, {
      field: 'payment_hash',
    });
  }
  const received = status.kind === 'settled' ? status.receivedMsat.toString() : null;
  return { state: status.kind, received_msat: received };
}
