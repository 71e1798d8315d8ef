// Generated from lightning.proto by `npm run wire`.
import type { Duplex, Stream, Unary } from '../call.ts';

export interface Lightning {
  getInfo: Unary<GetInfoRequest, GetInfoResponse>;
  walletBalance: Unary<WalletBalanceRequest, WalletBalanceResponse>;
  channelBalance: Unary<ChannelBalanceRequest, ChannelBalanceResponse>;
  listChannels: Unary<ListChannelsRequest, ListChannelsResponse>;
  pendingChannels: Unary<PendingChannelsRequest, PendingChannelsResponse>;
  closedChannels: Unary<ClosedChannelsRequest, ClosedChannelsResponse>;
  listPayments: Unary<ListPaymentsRequest, ListPaymentsResponse>;
  addInvoice: Unary<Invoice, AddInvoiceResponse>;
  lookupInvoice: Unary<PaymentHash, Invoice>;
  listInvoices: Unary<ListInvoiceRequest, ListInvoiceResponse>;
  subscribeInvoices: Stream<InvoiceSubscription, Invoice>;
  queryRoutes: Unary<QueryRoutesRequest, QueryRoutesResponse>;
  forwardingHistory: Unary<ForwardingHistoryRequest, ForwardingHistoryResponse>;
  connectPeer: Unary<ConnectPeerRequest, ConnectPeerResponse>;
  newAddress: Unary<NewAddressRequest, NewAddressResponse>;
  getTransactions: Unary<GetTransactionsRequest, TransactionDetails>;
  subscribeTransactions: Stream<GetTransactionsRequest, Transaction>;
  subscribeChannelEvents: Stream<ChannelEventSubscription, ChannelEventUpdate>;
  openChannel: Stream<OpenChannelRequest, OpenStatusUpdate>;
  fundingStateStep: Unary<FundingTransitionMsg, FundingStateStepResp>;
  closeChannel: Stream<CloseChannelRequest, CloseStatusUpdate>;
  updateChannelPolicy: Unary<PolicyUpdateRequest, PolicyUpdateResponse>;
  getChanInfo: Unary<ChanInfoRequest, ChannelEdge>;
  describeGraph: Unary<ChannelGraphRequest, ChannelGraph>;
  subscribeChannelGraph: Stream<GraphTopologySubscription, GraphTopologyUpdate>;
  sendCustomMessage: Unary<SendCustomMessageRequest, SendCustomMessageResponse>;
  subscribeCustomMessages: Stream<SubscribeCustomMessagesRequest, CustomMessage>;
  subscribeChannelBackups: Stream<ChannelBackupSubscription, ChanBackupSnapshot>;
  exportAllChannelBackups: Unary<ChanBackupExportRequest, ChanBackupSnapshot>;
  signMessage: Unary<SignMessageRequest, SignMessageResponse>;
  verifyMessage: Unary<VerifyMessageRequest, VerifyMessageResponse>;
  channelAcceptor: Duplex<ChannelAcceptResponse, ChannelAcceptRequest>;
}

export interface State {
  getState: Unary<GetStateRequest, GetStateResponse>;
}

export type GetInfoRequest = Record<never, never>;

export interface GetInfoResponse {
  version: string;
  identity_pubkey: string;
  alias: string;
  num_peers: number;
  block_height: number;
  block_hash: string;
  best_header_timestamp: string;
  synced_to_chain: boolean;
  synced_to_graph: boolean;
  chains: Chain[];
  features: Record<string, Feature>;
}

export interface Chain {
  network: string;
}

export interface WalletBalanceRequest {
  account: string;
}

export interface WalletBalanceResponse {
  total_balance: string;
  confirmed_balance: string;
  unconfirmed_balance: string;
  reserved_balance_anchor_chan: string;
}

export type ChannelBalanceRequest = Record<never, never>;

export interface ChannelBalanceResponse {
  local_balance: Amount | null;
  remote_balance: Amount | null;
  unsettled_local_balance: Amount | null;
  unsettled_remote_balance: Amount | null;
  pending_open_local_balance: Amount | null;
  pending_open_remote_balance: Amount | null;
}

export interface Amount {
  sat: string;
  msat: string;
}

export interface ListChannelsRequest {
  active_only: boolean;
  peer_alias_lookup: boolean;
}

export interface ListChannelsResponse {
  channels: Channel[];
}

export interface Channel {
  active: boolean;
  remote_pubkey: string;
  channel_point: string;
  chan_id: string;
  capacity: string;
  local_balance: string;
  remote_balance: string;
  commit_fee: string;
  commit_weight: string;
  fee_per_kw: string;
  num_updates: string;
  pending_htlcs: HTLC[];
  private: boolean;
  initiator: boolean;
  commitment_type: CommitmentType;
  local_constraints: ChannelConstraints | null;
  push_amount_sat: string;
  remote_constraints: ChannelConstraints | null;
  alias_scids: string[];
  zero_conf: boolean;
  zero_conf_confirmed_scid: string;
  peer_alias: string;
  peer_scid_alias: string;
  memo: string;
}

export interface HTLC {
  incoming: boolean;
  amount: string;
  hash_lock: Buffer;
  expiration_height: number;
  htlc_index: string;
  forwarding_channel: string;
  forwarding_htlc_index: string;
  locked_in: boolean;
}

export type CommitmentType =
  | 'UNKNOWN_COMMITMENT_TYPE'
  | 'LEGACY'
  | 'STATIC_REMOTE_KEY'
  | 'ANCHORS'
  | 'SCRIPT_ENFORCED_LEASE'
  | 'TAPROOT'
  | 'SIMPLE_TAPROOT'
  | 'SIMPLE_TAPROOT_OVERLAY';

export interface ChannelConstraints {
  csv_delay: number;
  chan_reserve_sat: string;
  dust_limit_sat: string;
  max_pending_amt_msat: string;
  min_htlc_msat: string;
  max_accepted_htlcs: number;
}

export interface PendingChannelsRequest {
  include_raw_tx: boolean;
}

export interface PendingChannelsResponse {
  total_limbo_balance: string;
  pending_open_channels: PendingChannelsResponse_PendingOpenChannel[];
  pending_force_closing_channels: PendingChannelsResponse_ForceClosedChannel[];
  waiting_close_channels: PendingChannelsResponse_WaitingCloseChannel[];
}

export interface PendingChannelsResponse_PendingChannel {
  remote_node_pub: string;
  channel_point: string;
  capacity: string;
  local_balance: string;
  remote_balance: string;
  local_chan_reserve_sat: string;
  remote_chan_reserve_sat: string;
  initiator: Initiator;
  commitment_type: CommitmentType;
  num_forwarding_packages: string;
  chan_status_flags: string;
  private: boolean;
  memo: string;
  custom_channel_data: Buffer;
}

export interface PendingChannelsResponse_PendingOpenChannel {
  channel: PendingChannelsResponse_PendingChannel | null;
  commit_fee: string;
  commit_weight: string;
  fee_per_kw: string;
  funding_expiry_blocks: number;
  confirmations_until_active: number;
  confirmation_height: number;
}

export interface PendingChannelsResponse_WaitingCloseChannel {
  channel: PendingChannelsResponse_PendingChannel | null;
  limbo_balance: string;
  commitments: PendingChannelsResponse_Commitments | null;
  closing_txid: string;
  closing_tx_hex: string;
  blocks_til_close_confirmed: number;
  close_height: number;
}

export interface PendingChannelsResponse_Commitments {
  local_txid: string;
  remote_txid: string;
  remote_pending_txid: string;
  local_commit_fee_sat: string;
  remote_commit_fee_sat: string;
  remote_pending_commit_fee_sat: string;
}

export interface PendingChannelsResponse_ForceClosedChannel {
  channel: PendingChannelsResponse_PendingChannel | null;
  closing_txid: string;
  limbo_balance: string;
  maturity_height: number;
  blocks_til_maturity: number;
  recovered_balance: string;
  pending_htlcs: PendingHTLC[];
  anchor: PendingChannelsResponse_ForceClosedChannel_AnchorState;
}

export type PendingChannelsResponse_ForceClosedChannel_AnchorState =
  | 'LIMBO'
  | 'RECOVERED'
  | 'LOST';

export type Initiator =
  | 'INITIATOR_UNKNOWN'
  | 'INITIATOR_LOCAL'
  | 'INITIATOR_REMOTE'
  | 'INITIATOR_BOTH';

export interface PendingHTLC {
  incoming: boolean;
  amount: string;
  outpoint: string;
  maturity_height: number;
  blocks_til_maturity: number;
  stage: number;
}

export interface ClosedChannelsRequest {
  cooperative: boolean;
  local_force: boolean;
  remote_force: boolean;
  breach: boolean;
  funding_canceled: boolean;
  abandoned: boolean;
}

export interface ClosedChannelsResponse {
  channels: ChannelCloseSummary[];
}

export interface ChannelCloseSummary {
  channel_point: string;
  chan_id: string;
  closing_tx_hash: string;
  settled_balance: string;
  close_type: ChannelCloseSummary_ClosureType;
  open_initiator: Initiator;
  resolutions: Resolution[];
}

export type ChannelCloseSummary_ClosureType =
  | 'COOPERATIVE_CLOSE'
  | 'LOCAL_FORCE_CLOSE'
  | 'REMOTE_FORCE_CLOSE'
  | 'BREACH_CLOSE'
  | 'FUNDING_CANCELED'
  | 'ABANDONED';

export interface Resolution {
  resolution_type: ResolutionType;
  outcome: ResolutionOutcome;
  outpoint: OutPoint | null;
  amount_sat: string;
  sweep_txid: string;
}

export type ResolutionType =
  | 'TYPE_UNKNOWN'
  | 'ANCHOR'
  | 'INCOMING_HTLC'
  | 'OUTGOING_HTLC'
  | 'COMMIT';

export type ResolutionOutcome =
  | 'OUTCOME_UNKNOWN'
  | 'CLAIMED'
  | 'UNCLAIMED'
  | 'ABANDONED'
  | 'FIRST_STAGE'
  | 'TIMEOUT';

export interface OutPoint {
  txid_bytes: Buffer;
  txid_str: string;
  output_index: number;
}

export interface Invoice {
  memo: string;
  r_preimage: Buffer;
  r_hash: Buffer;
  value_msat: string;
  creation_date: string;
  payment_request: string;
  description_hash: Buffer;
  expiry: string;
  cltv_expiry: string;
  private: boolean;
  add_index: string;
  settle_index: string;
  amt_paid_msat: string;
  state: Invoice_InvoiceState;
  htlcs: InvoiceHTLC[];
  is_keysend: boolean;
  payment_addr: Buffer;
}

export type Invoice_InvoiceState =
  | 'OPEN'
  | 'SETTLED'
  | 'CANCELED'
  | 'ACCEPTED';

export interface InvoiceHTLC {
  chan_id: string;
  htlc_index: string;
  amt_msat: string;
  expiry_height: number;
  state: InvoiceHTLCState;
  custom_records: Record<string, Buffer>;
}

export type InvoiceHTLCState =
  | 'ACCEPTED'
  | 'SETTLED'
  | 'CANCELED';

export interface AddInvoiceResponse {
  r_hash: Buffer;
  payment_request: string;
  add_index: string;
  payment_addr: Buffer;
}

export interface PaymentHash {
  r_hash: Buffer;
}

export interface ListInvoiceRequest {
  num_max_invoices: string;
  reversed: boolean;
}

export interface ListInvoiceResponse {
  invoices: Invoice[];
}

export interface InvoiceSubscription {
  add_index: string;
  settle_index: string;
}

export interface QueryRoutesRequest {
  pub_key: string;
  amt_msat: string;
  final_cltv_delta: number;
  fee_limit: FeeLimit | null;
  ignored_nodes: Buffer[];
  use_mission_control: boolean;
  ignored_pairs: NodePair[];
  cltv_limit: number;
  last_hop_pubkey: Buffer;
  route_hints: RouteHint[];
  dest_features: FeatureBit[];
  time_pref: number;
  outgoing_chan_ids: string[];
}

export interface FeeLimit {
  fixed?: string;
  fixed_msat?: string;
  percent?: string;
}

export interface NodePair {
  from: Buffer;
  to: Buffer;
}

export interface RouteHint {
  hop_hints: HopHint[];
}

export interface HopHint {
  node_id: string;
  chan_id: string;
  fee_base_msat: number;
  fee_proportional_millionths: number;
  cltv_expiry_delta: number;
}

export type FeatureBit =
  | 'DATALOSS_PROTECT_REQ'
  | 'DATALOSS_PROTECT_OPT'
  | 'INITIAL_ROUING_SYNC'
  | 'UPFRONT_SHUTDOWN_SCRIPT_REQ'
  | 'UPFRONT_SHUTDOWN_SCRIPT_OPT'
  | 'GOSSIP_QUERIES_REQ'
  | 'GOSSIP_QUERIES_OPT'
  | 'TLV_ONION_REQ'
  | 'TLV_ONION_OPT'
  | 'EXT_GOSSIP_QUERIES_REQ'
  | 'EXT_GOSSIP_QUERIES_OPT'
  | 'STATIC_REMOTE_KEY_REQ'
  | 'STATIC_REMOTE_KEY_OPT'
  | 'PAYMENT_ADDR_REQ'
  | 'PAYMENT_ADDR_OPT'
  | 'MPP_REQ'
  | 'MPP_OPT'
  | 'WUMBO_CHANNELS_REQ'
  | 'WUMBO_CHANNELS_OPT'
  | 'ANCHORS_REQ'
  | 'ANCHORS_OPT'
  | 'ANCHORS_ZERO_FEE_HTLC_REQ'
  | 'ANCHORS_ZERO_FEE_HTLC_OPT'
  | 'ROUTE_BLINDING_REQUIRED'
  | 'ROUTE_BLINDING_OPTIONAL'
  | 'AMP_REQ'
  | 'AMP_OPT';

export interface QueryRoutesResponse {
  routes: Route[];
  success_prob: number;
}

export interface Route {
  total_time_lock: number;
  hops: Hop[];
  total_fees_msat: string;
  total_amt_msat: string;
}

export interface Hop {
  chan_id: string;
  expiry: number;
  amt_to_forward_msat: string;
  fee_msat: string;
  pub_key: string;
  mpp_record: MPPRecord | null;
  custom_records: Record<string, Buffer>;
  metadata: Buffer;
}

export interface MPPRecord {
  payment_addr: Buffer;
  total_amt_msat: string;
}

export interface ForwardingHistoryRequest {
  start_time: string;
  end_time: string;
  index_offset: number;
  num_max_events: number;
}

export interface ForwardingHistoryResponse {
  forwarding_events: ForwardingEvent[];
  last_offset_index: number;
}

export interface ForwardingEvent {
  chan_id_in: string;
  chan_id_out: string;
  fee_msat: string;
  amt_in_msat: string;
  amt_out_msat: string;
  timestamp_ns: string;
  incoming_htlc_id?: string;
  outgoing_htlc_id?: string;
}

export interface ConnectPeerRequest {
  addr: LightningAddress | null;
  perm: boolean;
  timeout: string;
}

export interface LightningAddress {
  pubkey: string;
  host: string;
}

export interface ConnectPeerResponse {
  status: string;
}

export interface Feature {
  name: string;
  is_required: boolean;
  is_known: boolean;
}

export interface NewAddressRequest {
  type: AddressType;
  account: string;
}

export type AddressType =
  | 'WITNESS_PUBKEY_HASH'
  | 'NESTED_PUBKEY_HASH'
  | 'UNUSED_WITNESS_PUBKEY_HASH'
  | 'UNUSED_NESTED_PUBKEY_HASH'
  | 'TAPROOT_PUBKEY'
  | 'UNUSED_TAPROOT_PUBKEY';

export interface NewAddressResponse {
  address: string;
}

export interface GetTransactionsRequest {
  start_height: number;
  end_height: number;
}

export interface TransactionDetails {
  transactions: Transaction[];
}

export interface Transaction {
  tx_hash: string;
  amount: string;
  num_confirmations: number;
  block_height: number;
  total_fees: string;
  label: string;
  previous_outpoints: PreviousOutPoint[];
}

export interface PreviousOutPoint {
  outpoint: string;
  is_our_output: boolean;
}

export type ChannelEventSubscription = Record<never, never>;

export interface ChannelEventUpdate {
  open_channel?: Channel;
  closed_channel?: ChannelCloseSummary;
  active_channel?: ChannelPoint;
  inactive_channel?: ChannelPoint;
  pending_open_channel?: PendingUpdate;
  fully_resolved_channel?: ChannelPoint;
  channel_funding_timeout?: ChannelPoint;
  type: ChannelEventUpdate_UpdateType;
}

export type ChannelEventUpdate_UpdateType =
  | 'OPEN_CHANNEL'
  | 'CLOSED_CHANNEL'
  | 'ACTIVE_CHANNEL'
  | 'INACTIVE_CHANNEL'
  | 'PENDING_OPEN_CHANNEL'
  | 'FULLY_RESOLVED_CHANNEL'
  | 'CHANNEL_FUNDING_TIMEOUT'
  | 'CHANNEL_UPDATE';

export interface ChannelPoint {
  funding_txid_bytes?: Buffer;
  funding_txid_str?: string;
  output_index: number;
}

export interface PendingUpdate {
  txid: Buffer;
  output_index: number;
  fee_per_vbyte: string;
  local_close_tx: boolean;
}

export interface OpenChannelRequest {
  sat_per_vbyte: string;
  node_pubkey: Buffer;
  local_funding_amount: string;
  push_sat: string;
  private: boolean;
  min_htlc_msat: string;
  remote_csv_delay: number;
  min_confs: number;
  spend_unconfirmed: boolean;
  funding_shim: FundingShim | null;
  remote_max_htlcs: number;
  commitment_type: CommitmentType;
  zero_conf: boolean;
  scid_alias: boolean;
  base_fee: string;
  fee_rate: string;
  use_base_fee: boolean;
  use_fee_rate: boolean;
  remote_chan_reserve_sat: string;
  memo: string;
}

export interface FundingShim {
  psbt_shim?: PsbtShim;
}

export interface PsbtShim {
  pending_chan_id: Buffer;
  base_psbt: Buffer;
  no_publish: boolean;
}

export interface OpenStatusUpdate {
  chan_pending?: PendingUpdate;
  chan_open?: ChannelOpenUpdate;
  psbt_fund?: ReadyForPsbtFunding;
  pending_chan_id: Buffer;
}

export interface ChannelOpenUpdate {
  channel_point: ChannelPoint | null;
}

export interface FundingTransitionMsg {
  shim_cancel?: FundingShimCancel;
  psbt_verify?: FundingPsbtVerify;
}

export interface FundingShimCancel {
  pending_chan_id: Buffer;
}

export interface FundingPsbtVerify {
  funded_psbt: Buffer;
  pending_chan_id: Buffer;
  skip_finalize: boolean;
}

export type FundingStateStepResp = Record<never, never>;

export interface ReadyForPsbtFunding {
  funding_address: string;
  funding_amount: string;
  psbt: Buffer;
}

export interface CloseChannelRequest {
  channel_point: ChannelPoint | null;
  force: boolean;
  target_conf: number;
  delivery_address: string;
  sat_per_vbyte: string;
  max_fee_per_vbyte: string;
  no_wait: boolean;
}

export interface CloseStatusUpdate {
  close_pending?: PendingUpdate;
  chan_close?: ChannelCloseUpdate;
  close_instant?: InstantUpdate;
}

export interface ChannelCloseUpdate {
  closing_txid: Buffer;
  success: boolean;
  local_close_output: CloseOutput | null;
  remote_close_output: CloseOutput | null;
  additional_outputs: CloseOutput[];
}

export interface CloseOutput {
  amount_sat: string;
  pk_script: Buffer;
  is_local: boolean;
  custom_channel_data: Buffer;
}

export interface InstantUpdate {
  num_pending_htlcs: number;
}

export interface PolicyUpdateRequest {
  global?: boolean;
  chan_point?: ChannelPoint;
  base_fee_msat: string;
  fee_rate_ppm: number;
  time_lock_delta: number;
  max_htlc_msat: string;
  min_htlc_msat: string;
  min_htlc_msat_specified: boolean;
  inbound_fee: InboundFee | null;
  create_missing_edge: boolean;
}

export interface InboundFee {
  base_fee_msat: number;
  fee_rate_ppm: number;
}

export interface PolicyUpdateResponse {
  failed_updates: FailedUpdate[];
}

export interface FailedUpdate {
  outpoint: OutPoint | null;
  reason: UpdateFailure;
  update_error: string;
}

export type UpdateFailure =
  | 'UPDATE_FAILURE_UNKNOWN'
  | 'UPDATE_FAILURE_PENDING'
  | 'UPDATE_FAILURE_NOT_FOUND'
  | 'UPDATE_FAILURE_INTERNAL_ERR'
  | 'UPDATE_FAILURE_INVALID_PARAMETER';

export interface ChannelGraphRequest {
  include_unannounced: boolean;
  include_auth_proof: boolean;
}

export interface ChanInfoRequest {
  chan_id: string;
  chan_point: string;
}

export interface ChannelGraph {
  nodes: LightningNode[];
  edges: ChannelEdge[];
}

export interface LightningNode {
  last_update: number;
  pub_key: string;
  alias: string;
  addresses: NodeAddress[];
  features: Record<string, Feature>;
}

export interface NodeAddress {
  network: string;
  addr: string;
}

export interface ChannelEdge {
  channel_id: string;
  chan_point: string;
  node1_pub: string;
  node2_pub: string;
  capacity: string;
  node1_policy: RoutingPolicy | null;
  node2_policy: RoutingPolicy | null;
}

export interface RoutingPolicy {
  time_lock_delta: number;
  min_htlc: string;
  fee_base_msat: string;
  fee_rate_milli_msat: string;
  disabled: boolean;
  max_htlc_msat: string;
  last_update: number;
  inbound_fee_base_msat: number;
  inbound_fee_rate_milli_msat: number;
}

export type GraphTopologySubscription = Record<never, never>;

export interface GraphTopologyUpdate {
  node_updates: NodeUpdate[];
  channel_updates: ChannelEdgeUpdate[];
  closed_chans: ClosedChannelUpdate[];
}

export interface NodeUpdate {
  identity_key: string;
  alias: string;
  node_addresses: NodeAddress[];
}

export interface ChannelEdgeUpdate {
  chan_id: string;
  chan_point: ChannelPoint | null;
  capacity: string;
  routing_policy: RoutingPolicy | null;
  advertising_node: string;
  connecting_node: string;
}

export interface ClosedChannelUpdate {
  chan_id: string;
  capacity: string;
  closed_height: number;
  chan_point: ChannelPoint | null;
}

export interface SendCustomMessageRequest {
  peer: Buffer;
  type: number;
  data: Buffer;
}

export interface SendCustomMessageResponse {
  status: string;
}

export type SubscribeCustomMessagesRequest = Record<never, never>;

export interface CustomMessage {
  peer: Buffer;
  type: number;
  data: Buffer;
}

export type ChannelBackupSubscription = Record<never, never>;

export interface ChanBackupSnapshot {
  single_chan_backups: ChannelBackups | null;
  multi_chan_backup: MultiChanBackup | null;
}

export interface ChannelBackups {
  chan_backups: ChannelBackup[];
}

export interface ChannelBackup {
  chan_point: ChannelPoint | null;
  chan_backup: Buffer;
}

export interface MultiChanBackup {
  chan_points: ChannelPoint[];
  multi_chan_backup: Buffer;
}

export type ChanBackupExportRequest = Record<never, never>;

export interface SignMessageRequest {
  msg: Buffer;
  single_hash: boolean;
}

export interface SignMessageResponse {
  signature: string;
}

export interface VerifyMessageRequest {
  msg: Buffer;
  signature: string;
}

export interface VerifyMessageResponse {
  valid: boolean;
  pubkey: string;
}

export interface ChannelAcceptResponse {
  accept: boolean;
  pending_chan_id: Buffer;
  error: string;
  upfront_shutdown: string;
  csv_delay: number;
  reserve_sat: string;
  in_flight_max_msat: string;
  max_htlc_count: number;
  min_htlc_in: string;
  min_accept_depth: number;
  zero_conf: boolean;
}

export interface ChannelAcceptRequest {
  node_pubkey: Buffer;
  chain_hash: Buffer;
  pending_chan_id: Buffer;
  funding_amt: string;
  push_amt: string;
  dust_limit: string;
  max_value_in_flight: string;
  channel_reserve: string;
  min_htlc: string;
  fee_per_kw: string;
  csv_delay: number;
  max_accepted_htlcs: number;
  channel_flags: number;
  commitment_type: CommitmentType;
  wants_zero_conf: boolean;
  wants_scid_alias: boolean;
}

export interface Payment {
  payment_hash: string;
  status: Payment_PaymentStatus;
  htlcs: HTLCAttempt[];
  payment_index: string;
  failure_reason: PaymentFailureReason;
}

export type Payment_PaymentStatus =
  | 'UNKNOWN'
  | 'IN_FLIGHT'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'INITIATED';

export interface HTLCAttempt {
  attempt_id: string;
  status: HTLCAttempt_HTLCStatus;
  route: Route | null;
  attempt_time_ns: string;
  failure: Failure | null;
  preimage: Buffer;
}

export type HTLCAttempt_HTLCStatus =
  | 'IN_FLIGHT'
  | 'SUCCEEDED'
  | 'FAILED';

export interface Failure {
  code: Failure_FailureCode;
  failure_source_index: number;
}

export type Failure_FailureCode =
  | 'RESERVED'
  | 'INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS'
  | 'INCORRECT_PAYMENT_AMOUNT'
  | 'FINAL_INCORRECT_CLTV_EXPIRY'
  | 'FINAL_INCORRECT_HTLC_AMOUNT'
  | 'FINAL_EXPIRY_TOO_SOON'
  | 'INVALID_REALM'
  | 'EXPIRY_TOO_SOON'
  | 'INVALID_ONION_VERSION'
  | 'INVALID_ONION_HMAC'
  | 'INVALID_ONION_KEY'
  | 'AMOUNT_BELOW_MINIMUM'
  | 'FEE_INSUFFICIENT'
  | 'INCORRECT_CLTV_EXPIRY'
  | 'CHANNEL_DISABLED'
  | 'TEMPORARY_CHANNEL_FAILURE'
  | 'REQUIRED_NODE_FEATURE_MISSING'
  | 'REQUIRED_CHANNEL_FEATURE_MISSING'
  | 'UNKNOWN_NEXT_PEER'
  | 'TEMPORARY_NODE_FAILURE'
  | 'PERMANENT_NODE_FAILURE'
  | 'PERMANENT_CHANNEL_FAILURE'
  | 'EXPIRY_TOO_FAR'
  | 'MPP_TIMEOUT'
  | 'INVALID_ONION_PAYLOAD'
  | 'INVALID_ONION_BLINDING'
  | 'INTERNAL_FAILURE'
  | 'UNKNOWN_FAILURE'
  | 'UNREADABLE_FAILURE';

export type PaymentFailureReason =
  | 'FAILURE_REASON_NONE'
  | 'FAILURE_REASON_TIMEOUT'
  | 'FAILURE_REASON_NO_ROUTE'
  | 'FAILURE_REASON_ERROR'
  | 'FAILURE_REASON_INCORRECT_PAYMENT_DETAILS'
  | 'FAILURE_REASON_INSUFFICIENT_BALANCE'
  | 'FAILURE_REASON_CANCELED';

export interface AliasMap {
  base_scid: string;
  aliases: string[];
}

export type GetStateRequest = Record<never, never>;

export interface GetStateResponse {
  state: WalletState;
}

export type WalletState =
  | 'NON_EXISTING'
  | 'LOCKED'
  | 'UNLOCKED'
  | 'RPC_ACTIVE'
  | 'SERVER_ACTIVE'
  | 'WAITING_TO_START';

export interface ListPaymentsRequest {
  include_incomplete: boolean;
  index_offset: string;
  max_payments: string;
  reversed: boolean;
}

export interface ListPaymentsResponse {
  payments: Payment[];
}
