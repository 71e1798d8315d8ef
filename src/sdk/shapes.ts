/** What the API takes and answers, by its own schemas: types alone, nothing of them is there at run time. */
import type { z } from '@hono/zod-openapi';
import type { eventSchema } from '../events/routes.ts';
import type {
  connectedSchema,
  nodeBody,
  removedSchema,
  rotatedSchema,
  rotationBody,
  shownNodeSchema,
} from '../fleet/connecting-routes.ts';
import type {
  balanceSchema,
  booksSchema,
  goOnSchema,
  healthSchema,
  nodeSchema,
  panicSchema,
} from '../fleet/schemas.ts';
import type { chainOrderSchema, openBody, sendBody } from '../liquidity/schemas.ts';
import type { accountSchema } from '../payments/account-routes.ts';
import type { invoiceBody, invoiceSchema, payBody, paymentSchema, quoteSchema } from '../payments/schemas.ts';
import type { suspenseSchema } from '../payments/suspense-routes.ts';
import type { holdersSchema } from '../practice/balance-routes.ts';
import type { channelBody, closingSchema, madeChannelSchema } from '../practice/channel-routes.ts';
import type { coinsBody, coinsSchema } from '../practice/coin-routes.ts';
import type { doorsSchema } from '../practice/door-routes.ts';
import type { conditionSchema, conditionsSchema, faultSchema } from '../practice/fault-routes.ts';
import type { personInvoiceStatusSchema } from '../practice/invoice-routes.ts';
import type { practiceMapSchema } from '../practice/map-routes.ts';
import type {
  peopleSchema,
  personInvoiceBody,
  personInvoiceSchema,
  personPaidSchema,
  personPayBody,
} from '../practice/routes.ts';

/** Amounts may be given as a bigint or as decimal digits; both are msat. In answers they are digits. */
export type AmountsIn<T> = {
  readonly [K in keyof T]: K extends `${string}_msat` ? T[K] | bigint : T[K];
};

export type PaymentRequest = AmountsIn<z.input<typeof payBody>>;
export type Payment = z.infer<typeof paymentSchema>;
export type Attempt = Payment['attempts'][number];
export type Part = Attempt['parts'][number];
export type Quote = z.infer<typeof quoteSchema>;
export type Candidate = Quote['plan']['candidates'][number];

export type InvoiceRequest = AmountsIn<z.input<typeof invoiceBody>>;
export type Invoice = z.infer<typeof invoiceSchema>;

export type Node = z.infer<typeof nodeSchema>;
/** A node with the way to it. */
export type ShownNode = z.infer<typeof shownNodeSchema>;
export type NodeRequest = AmountsIn<z.input<typeof nodeBody>>;
export type ConnectedNode = z.infer<typeof connectedSchema>;
export type CheckLine = ConnectedNode['checks'][number];
export type NodeRotation = z.input<typeof rotationBody>;
export type RotatedNode = z.infer<typeof rotatedSchema>;
export type RemovedNode = z.infer<typeof removedSchema>;
export type Channel = Node['channels'][number];
export type Balance = z.infer<typeof balanceSchema>;
export type Account = z.infer<typeof accountSchema>;
export type Panic = z.infer<typeof panicSchema>;
export type Suspense = z.infer<typeof suspenseSchema>;
export type WentOn = z.infer<typeof goOnSchema>;
export type Books = z.infer<typeof booksSchema>;
export type BookSide = Books['nodes'][number]['ledger'];
export type Health = z.infer<typeof healthSchema>;

/** `id` is its number in the one order of all events: pass it as `after` to go on behind it. */
export type ArgosyEvent = z.infer<typeof eventSchema> & { readonly id: string };

export type OpenChannelRequest = AmountsIn<z.input<typeof openBody>>;
export type SendCoinsRequest = AmountsIn<z.input<typeof sendBody>>;
export type ChainOrder = z.infer<typeof chainOrderSchema>;

export type PracticeMap = z.infer<typeof practiceMapSchema>;
export type People = z.infer<typeof peopleSchema>;
export type PersonInvoiceRequest = AmountsIn<z.input<typeof personInvoiceBody>>;
export type PersonInvoice = z.infer<typeof personInvoiceSchema>;
export type PersonInvoiceStatus = z.infer<typeof personInvoiceStatusSchema>;
export type PersonPayRequest = AmountsIn<z.input<typeof personPayBody>>;
export type PersonPaid = z.infer<typeof personPaidSchema>;
/** Everybody, with channels and coins. */
export type PracticeBalances = z.infer<typeof holdersSchema>;
export type HeldChannel = PracticeBalances['data'][number]['channels'][number];
/** Between any two of the practice world. */
export type ChannelRequest = AmountsIn<z.input<typeof channelBody>>;
export type MadeChannel = z.infer<typeof madeChannelSchema>;
export type ClosingChannel = z.infer<typeof closingSchema>;
export type CoinsRequest = AmountsIn<z.input<typeof coinsBody>>;
export type Coins = z.infer<typeof coinsSchema>;
export type Doors = z.infer<typeof doorsSchema>;
export type NodeFault = z.input<typeof faultSchema>;
export type NodeCondition = z.infer<typeof conditionSchema>;
/** Of the nodes that are broken. */
export type NodeConditions = z.infer<typeof conditionsSchema>;

/** A page of a list; `next_cursor` leads to the one after it, null: there is none. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
}
