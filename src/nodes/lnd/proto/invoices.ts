// Generated from invoices.proto by `npm run wire`.
import type { Stream, Unary } from '../call.ts';
import type { Invoice } from './lightning.ts';

export interface Invoices {
  addHoldInvoice: Unary<AddHoldInvoiceRequest, AddHoldInvoiceResp>;
  settleInvoice: Unary<SettleInvoiceMsg, SettleInvoiceResp>;
  cancelInvoice: Unary<CancelInvoiceMsg, CancelInvoiceResp>;
  subscribeSingleInvoice: Stream<SubscribeSingleInvoiceRequest, Invoice>;
}

export interface AddHoldInvoiceRequest {
  memo: string;
  hash: Buffer;
  value_msat: string;
  description_hash: Buffer;
  expiry: string;
  cltv_expiry: string;
  private: boolean;
}

export interface AddHoldInvoiceResp {
  payment_request: string;
  add_index: string;
  payment_addr: Buffer;
}

export interface SettleInvoiceMsg {
  preimage: Buffer;
}

export type SettleInvoiceResp = Record<never, never>;

export interface CancelInvoiceMsg {
  payment_hash: Buffer;
}

export type CancelInvoiceResp = Record<never, never>;

export interface SubscribeSingleInvoiceRequest {
  r_hash: Buffer;
}
