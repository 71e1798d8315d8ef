// Generated from router.proto by `npm run wire`.
import type { Duplex, Stream, Unary } from '../call.ts';
import type { AliasMap, Failure_FailureCode, HTLCAttempt, Payment, Route } from './lightning.ts';

export interface Router {
  sendToRouteV2: Unary<SendToRouteRequest, HTLCAttempt>;
  trackPaymentV2: Stream<TrackPaymentRequest, Payment>;
  subscribeHtlcEvents: Stream<SubscribeHtlcEventsRequest, HtlcEvent>;
  htlcInterceptor: Duplex<ForwardHtlcInterceptResponse, ForwardHtlcInterceptRequest>;
  xAddLocalChanAliases: Unary<AddAliasesRequest, AddAliasesResponse>;
  xDeleteLocalChanAliases: Unary<DeleteAliasesRequest, DeleteAliasesResponse>;
}

export interface SendToRouteRequest {
  payment_hash: Buffer;
  route: Route | null;
  skip_temp_err: boolean;
}

export interface TrackPaymentRequest {
  payment_hash: Buffer;
  no_inflight_updates: boolean;
}

export type SubscribeHtlcEventsRequest = Record<never, never>;

export interface HtlcEvent {
  incoming_channel_id: string;
  outgoing_channel_id: string;
  incoming_htlc_id: string;
  outgoing_htlc_id: string;
  timestamp_ns: string;
  event_type: HtlcEvent_EventType;
  forward_event?: ForwardEvent;
  forward_fail_event?: ForwardFailEvent;
  settle_event?: SettleEvent;
  link_fail_event?: LinkFailEvent;
  subscribed_event?: SubscribedEvent;
  final_htlc_event?: FinalHtlcEvent;
}

export type HtlcEvent_EventType =
  | 'UNKNOWN'
  | 'SEND'
  | 'RECEIVE'
  | 'FORWARD';

export interface ForwardEvent {
  info: HtlcInfo | null;
}

export interface HtlcInfo {
  incoming_timelock: number;
  outgoing_timelock: number;
  incoming_amt_msat: string;
  outgoing_amt_msat: string;
}

export type ForwardFailEvent = Record<never, never>;

export interface SettleEvent {
  preimage: Buffer;
}

export interface LinkFailEvent {
  info: HtlcInfo | null;
}

export type SubscribedEvent = Record<never, never>;

export interface FinalHtlcEvent {
  settled: boolean;
  offchain: boolean;
}

export interface ForwardHtlcInterceptResponse {
  incoming_circuit_key: CircuitKey | null;
  action: ResolveHoldForwardAction;
  preimage: Buffer;
  failure_message: Buffer;
  failure_code: Failure_FailureCode;
  in_amount_msat: string;
  out_amount_msat: string;
}

export interface CircuitKey {
  chan_id: string;
  htlc_id: string;
}

export type ResolveHoldForwardAction =
  | 'SETTLE'
  | 'FAIL'
  | 'RESUME'
  | 'RESUME_MODIFIED';

export interface ForwardHtlcInterceptRequest {
  incoming_circuit_key: CircuitKey | null;
  incoming_amount_msat: string;
  incoming_expiry: number;
  payment_hash: Buffer;
  outgoing_requested_chan_id: string;
  outgoing_amount_msat: string;
  outgoing_expiry: number;
  custom_records: Record<string, Buffer>;
  onion_blob: Buffer;
  auto_fail_height: number;
}

export interface AddAliasesRequest {
  alias_maps: AliasMap[];
}

export interface AddAliasesResponse {
  alias_maps: AliasMap[];
}

export interface DeleteAliasesRequest {
  alias_maps: AliasMap[];
}

export interface DeleteAliasesResponse {
  alias_maps: AliasMap[];
}
