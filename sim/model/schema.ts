/**
 * The tables of `migrations/`: their columns as they arrive through `src/kit/columns.ts`, and what PostgreSQL refuses,
 * by the names of its constraints. JSON is kept as text, as it was written.
 */
import { keyed, table } from './table.ts';

export interface NodeData {
  readonly id: string;
  readonly region: string;
  readonly driver: string;
  readonly pubkey: string;
  readonly network: string;
  readonly created_at: number;
}
export interface SessionData {
  readonly node_id: string;
  readonly owner: string;
  readonly token: bigint;
  readonly expires_at: number;
  readonly cursor: string | null;
  readonly panic_seen: bigint;
  readonly imported_epoch: bigint;
  readonly waived_epoch: bigint;
  readonly trouble: string | null;
}
export interface AccountData {
  readonly id: string;
  readonly kind: string;
  readonly floored: boolean;
  readonly balance_msat: bigint;
  readonly created_at: number;
}
export interface TransferData {
  readonly id: bigint;
  readonly debit: string;
  readonly credit: string;
  readonly amount_msat: bigint;
  readonly source: string;
  readonly reason: string;
  readonly at: number;
}
export interface ObligationData {
  readonly id: string;
  readonly source: string;
  readonly account_id: string;
  readonly amount_msat: bigint;
  readonly created_at: number;
}
export interface PaymentData {
  readonly id: string;
  readonly obligation_id: string;
  readonly account_id: string;
  readonly network: string;
  readonly payment_hash: string;
  readonly bolt11: string;
  readonly payment_secret: string;
  readonly payment_metadata: string | null;
  readonly amount_msat: bigint;
  readonly fee_limit_msat: bigint;
  readonly state: string;
  readonly failure: string | null;
  readonly preimage: string | null;
  readonly paid_fee_msat: bigint;
  readonly fee_msat: bigint | null;
  readonly attempt: number;
  readonly internal_invoice_id: string | null;
  readonly preferred_region: string | null;
  readonly deadline_at: number;
  readonly created_at: number;
  readonly ended_at: number | null;
  readonly epoch: bigint;
}
export interface AttemptData {
  readonly payment_id: string;
  readonly attempt: number;
  /** JSON */
  readonly plan: string;
  readonly rounds: number;
  readonly planned_at: number;
}
export interface ClaimData {
  readonly network: string;
  readonly payment_hash: string;
  readonly payment_id: string | null;
}
export interface ForeignData {
  readonly token: string;
  readonly node_id: string;
  readonly network: string;
  readonly payment_hash: string;
  readonly amount_msat: bigint;
  readonly fee_msat: bigint;
  readonly state: string;
  readonly preimage: string | null;
  readonly found_at: number;
  readonly ended_at: number | null;
}
export interface PartData {
  readonly id: string;
  readonly payment_id: string;
  readonly attempt: number;
  readonly node_id: string;
  readonly token: string;
  readonly amount_msat: bigint;
  readonly fee_msat: bigint;
  /** JSON */
  readonly route: string;
  readonly state: string;
  readonly failure: string | null;
  readonly created_at: number;
  readonly sent_at: number | null;
  readonly send_ms: number | null;
  readonly ended_at: number | null;
  readonly checked_at: number;
}
export interface InvoiceData {
  readonly id: string;
  readonly node_id: string;
  readonly account_id: string;
  readonly network: string;
  readonly payment_hash: string;
  readonly bolt11: string;
  readonly amount_msat: bigint | null;
  readonly description: string;
  readonly state: string;
  readonly received_msat: bigint | null;
  readonly paid: string | null;
  readonly internal: boolean;
  readonly expires_at: number;
  readonly created_at: number;
  readonly settled_at: number | null;
  /** Infinity: never to be looked at again. */
  readonly checked_at: number;
}
export interface AnsweredData {
  readonly principal_id: string;
  readonly key: string;
  readonly request_hash: string;
  readonly status: number;
  /** JSON */
  readonly body: string;
  readonly created_at: number;
}
export interface EffectData {
  readonly id: bigint;
  readonly kind: string;
  readonly key: string;
  readonly node_id: string | null;
  /** JSON */
  readonly payload: string;
  readonly run_after: number;
  readonly attempts: number;
  readonly claim: bigint;
}
export interface EventData {
  readonly id: bigint;
  readonly type: string;
  readonly subject: string;
  /** JSON */
  readonly data: string;
  readonly at: number;
}

const OPEN_PART = new Set(['planned', 'in_flight', 'unknown']);
const isOver = (state: string): boolean => state === 'settled' || state === 'failed';

export type Tables = ReturnType<typeof createTables>;

const copies = new WeakMap<object, number>();
/** What `database_identity()` says: no copy has that of the other. */
export const identityOf = ({ past }: Pick<Tables, 'past'>): string => `copy ${copies.get(past) ?? 0}`;
export const becomeCopy = ({ past }: Pick<Tables, 'past'>): unknown =>
  copies.set(past, (copies.get(past) ?? 0) + 1);

/** Empty but for the rows that the migrations themselves write. */
export function createTables() {
  const principal = table<{ readonly id: string; readonly name: string; readonly created_at: number }>(
    'principal',
  )({ unique: { principal_pkey: ({ id }) => id }, index: { name: ({ name }) => name } });
  const api_key = table<{
    readonly id: string;
    readonly principal_id: string;
    readonly secret_hash: string;
    readonly permissions: readonly string[];
    readonly created_at: number;
    readonly revoked_at: number | null;
  }>('api_key')({
    unique: {
      api_key_pkey: ({ id }) => id,
      api_key_secret_hash_key: ({ secret_hash }) => secret_hash,
    },
    references: { api_key_principal_id_fkey: [(key) => key.principal_id, principal.by.principal_pkey] },
  });
  const node = table<NodeData>('node')({
    unique: { node_pkey: ({ id }) => id, node_pubkey_key: ({ pubkey }) => pubkey },
  });
  const node_session = table<SessionData>('node_session')({
    unique: { node_session_pkey: ({ node_id }) => node_id },
  });
  const process = table<{
    readonly id: string;
    readonly role: 'up' | 'serve' | 'work';
    readonly region: string | null;
    readonly seen_at: number;
  }>('process')({ unique: { process_pkey: ({ id }) => id } });
  const owner_answer = table<{ readonly key: string; readonly body: string; readonly at: number }>(
    'owner_answer',
  )({ unique: { owner_answer_pkey: ({ key }) => key } });
  const node_drain = table<{
    readonly node_id: string;
    readonly cause: 'hand' | 'rule' | 'past';
    readonly reason: string;
    readonly principal: string | null;
    readonly since: number;
  }>('node_drain')({
    unique: { node_drain_pkey: ({ node_id, cause }) => keyed(node_id, cause) },
    index: { node_id: ({ node_id }) => node_id },
    references: { node_drain_node_id_fkey: [({ node_id }) => node_id, node.by.node_pkey] },
  });
  const panic = table<{
    readonly is_on: boolean;
    readonly epoch: bigint;
    readonly reason: string | null;
    readonly principal: string | null;
    readonly at: number;
  }>('panic')({ unique: { panic_pkey: () => 1 } });

  const past = table<{
    readonly epoch: bigint;
    readonly identity: string | null;
    readonly since: number;
  }>('past')({ unique: { past_pkey: () => 1 } });

  const account = table<AccountData>('account')({
    unique: { account_pkey: ({ id }) => id },
    check: ({ floored, balance_msat }) => (floored && balance_msat < 0n ? 'account_floor' : null),
  });
  const { account_pkey } = account.by;
  const transfer = table<TransferData>('transfer')({
    unique: { transfer_pkey: ({ id }) => id, transfer_once: ({ source, reason }) => keyed(source, reason) },
    index: { source: ({ source }) => source },
    references: {
      transfer_debit_fkey: [({ debit }) => debit, account_pkey],
      transfer_credit_fkey: [({ credit }) => credit, account_pkey],
    },
    check: ({ debit, credit, amount_msat }) => {
      if (amount_msat <= 0n) return 'transfer_amount_msat_check';
      return debit === credit ? 'transfer_two_accounts' : null;
    },
  });

  const obligation = table<ObligationData>('obligation')({
    unique: { obligation_pkey: ({ id }) => id, obligation_source_key: ({ source }) => source },
    references: { obligation_account_id_fkey: [({ account_id }) => account_id, account_pkey] },
    check: ({ amount_msat }) => (amount_msat <= 0n ? 'obligation_amount_msat_check' : null),
  });
  const payment = table<PaymentData>('payment')({
    unique: {
      payment_pkey: ({ id }) => id,
      payment_live: ({ state, obligation_id }) => (state === 'failed' ? null : obligation_id),
    },
    references: {
      payment_obligation_id_fkey: [({ obligation_id }) => obligation_id, obligation.by.obligation_pkey],
      payment_account_id_fkey: [({ account_id }) => account_id, account_pkey],
    },
    check: ({ amount_msat, fee_limit_msat, state, failure, fee_msat, ended_at }) => {
      if (amount_msat <= 0n) return 'payment_amount_msat_check';
      if ((state === 'failed') !== (failure !== null)) return 'payment_check';
      if ((state === 'settled') !== (fee_msat !== null)) return 'payment_check1';
      if (isOver(state) !== (ended_at !== null)) return 'payment_check2';
      if (fee_limit_msat < 0n) return 'payment_fee_limit_msat_check';
      return fee_msat !== null && fee_msat < 0n ? 'payment_fee_msat_check' : null;
    },
  });
  const { payment_pkey } = payment.by;
  const attempt = table<AttemptData>('attempt')({
    unique: { attempt_pkey: ({ payment_id, attempt: number }) => keyed(payment_id, number) },
    index: { payment_id: ({ payment_id }) => payment_id },
    references: { attempt_payment_id_fkey: [({ payment_id }) => payment_id, payment_pkey] },
  });
  const hash_claim = table<ClaimData>('hash_claim')({
    unique: { hash_claim_pkey: ({ network, payment_hash }) => keyed(network, payment_hash) },
    references: { hash_claim_payment_id_fkey: [({ payment_id }) => payment_id, payment_pkey] },
  });
  const part = table<PartData>('part')({
    unique: {
      part_pkey: ({ id }) => id,
      part_token_key: ({ token }) => token,
      part_payment_id_node_id_attempt_amount_msat_key: ({
        payment_id,
        node_id,
        attempt: number,
        amount_msat,
      }) => keyed(payment_id, node_id, number, amount_msat),
    },
    index: {
      payment_id: ({ payment_id }) => payment_id,
      open: ({ state, node_id }) => (OPEN_PART.has(state) ? node_id : null),
    },
    references: {
      part_payment_id_fkey: [({ payment_id }) => payment_id, payment_pkey],
      part_node_id_fkey: [({ node_id }) => node_id, node.by.node_pkey],
    },
    check: ({ amount_msat, fee_msat, state, failure, ended_at }) => {
      if (amount_msat <= 0n) return 'part_amount_msat_check';
      if ((state === 'failed') !== (failure !== null)) return 'part_check';
      if (isOver(state) !== (ended_at !== null)) return 'part_check1';
      return fee_msat < 0n ? 'part_fee_msat_check' : null;
    },
  });
  const foreign_part = table<ForeignData>('foreign_part')({
    unique: { foreign_part_pkey: ({ token }) => token },
    index: {
      hash: ({ network, payment_hash }) => keyed(network, payment_hash),
      open: ({ state, node_id }) => (state === 'in_flight' ? node_id : null),
    },
    references: { foreign_part_node_id_fkey: [({ node_id }) => node_id, node.by.node_pkey] },
    check: ({ amount_msat, fee_msat, state, ended_at }) => {
      if (amount_msat <= 0n) return 'foreign_part_amount_msat_check';
      if ((state === 'in_flight') !== (ended_at === null)) return 'foreign_part_check';
      return fee_msat < 0n ? 'foreign_part_fee_msat_check' : null;
    },
  });
  const invoice = table<InvoiceData>('invoice')({
    unique: {
      invoice_pkey: ({ id }) => id,
      invoice_network_payment_hash_key: ({ network, payment_hash }) => keyed(network, payment_hash),
    },
    index: {
      open: ({ state, node_id }) => (state === 'new' || state === 'expired' ? node_id : null),
    },
    references: {
      invoice_node_id_fkey: [({ node_id }) => node_id, node.by.node_pkey],
      invoice_account_id_fkey: [({ account_id }) => account_id, account_pkey],
    },
    check: ({ amount_msat, state, received_msat, settled_at, paid }) => {
      if (amount_msat !== null && amount_msat <= 0n) return 'invoice_amount_msat_check';
      const isPaid = received_msat !== null && settled_at !== null && paid !== null;
      if ((state === 'settled') !== isPaid) return 'invoice_check';
      return received_msat !== null && received_msat <= 0n ? 'invoice_received_msat_check' : null;
    },
  });

  const idempotency = table<AnsweredData>('idempotency')({
    unique: { idempotency_pkey: ({ principal_id, key }) => keyed(principal_id, key) },
    references: {
      idempotency_principal_id_fkey: [({ principal_id }) => principal_id, principal.by.principal_pkey],
    },
  });
  const effect = table<EffectData>('effect')({
    unique: { effect_pkey: ({ id }) => id, effect_kind_key_key: ({ kind, key }) => keyed(kind, key) },
    references: { effect_node_id_fkey: [({ node_id }) => node_id, node.by.node_pkey] },
  });
  const outbox = table<EventData>('outbox')({ unique: { outbox_pkey: ({ id }) => id } });
  const event = table<EventData>('event')({ unique: { event_pkey: ({ id }) => id } });
  const event_head = table<{ readonly last_id: bigint }>('event_head')({
    unique: { event_head_pkey: () => 1 },
  });

  return {
    principal,
    api_key,
    node,
    node_session,
    process,
    owner_answer,
    node_drain,
    panic,
    past,
    account,
    transfer,
    obligation,
    payment,
    attempt,
    hash_claim,
    part,
    foreign_part,
    invoice,
    idempotency,
    effect,
    outbox,
    event,
    event_head,
  };
}
