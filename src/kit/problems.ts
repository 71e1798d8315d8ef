import { ADVICE } from './problem-advice.ts';

/**
 * The one table of what can be refused, and how each surface says it: HTTP status (RFC 9457), CLI exit code,
 * documentation. `retryable`: the same request may succeed later without a change.
 */
interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly retryable?: true;
  /** 1 failed (default), 2 usage, 3 outcome unknown, 4 auth, 5 unreachable. */
  readonly exit?: 1 | 2 | 3 | 4 | 5;
}

const usage = (title: string): ProblemKind => ({ status: 400, title, exit: 2 });

export const PROBLEMS = {
  // requests
  request_invalid: usage('The request does not have the expected shape'),
  idempotency_key_missing: usage('A request that moves money needs an Idempotency-Key header'),
  idempotency_key_reused: {
    status: 422,
    title: 'This Idempotency-Key was used with another request',
    exit: 2,
  },
  cursor_invalid: usage('The cursor is not one that this list gave'),
  not_found: { status: 404, title: 'There is no such thing' },
  unauthenticated: { status: 401, title: 'A valid API key is needed', exit: 4 },
  forbidden: { status: 403, title: 'This API key lacks the permission', exit: 4 },
  internal: { status: 500, title: 'Argosy failed; nothing more is known', exit: 3 },
  database_unavailable: { status: 503, title: 'The database does not answer', retryable: true, exit: 3 },
  // the command line
  command_invalid: usage('The command line is not understood'),
  outcome_unknown: {
    status: 504,
    title: 'The outcome is unknown: do not retry with a new key',
    retryable: true,
    exit: 3,
  },
  // amounts
  amount_not_numeric: usage('The amount is not a whole number'),
  amount_negative: usage('The amount is negative'),
  amount_fractional: usage('The amount has a fraction'),
  amount_zero: usage('The amount is zero'),
  amount_overflow: usage('The amount is above 21 million bitcoin'),
  amount_missing: usage('The invoice leaves the amount to the payer, and none was given'),
  amount_mismatch: usage('The invoice asks for another amount'),
  // invoices to pay
  invoice_malformed: usage('This is not a BOLT11 invoice'),
  invoice_checksum: usage('The invoice is damaged: its checksum is wrong'),
  invoice_signature: usage('The invoice is forged or damaged: its signature is wrong'),
  invoice_wrong_network: usage('The invoice belongs to another network'),
  invoice_unsupported: usage('The invoice requires a feature that Argosy does not know'),
  invoice_expired: { status: 409, title: 'The invoice has expired' },
  invoice_already_paid: { status: 409, title: 'The invoice has been paid already' },
  payment_in_progress: { status: 409, title: 'A payment of this invoice is under way', exit: 3 },
  invoice_own: { status: 409, title: 'The invoice is of the account that would pay it' },
  invoice_own_unpayable: { status: 409, title: 'The invoice of our own cannot be paid any more' },
  // invoices to issue
  description_control_characters: usage('The description contains control characters'),
  description_bidi_characters: usage(
    'The description contains characters that reverse the reading direction',
  ),
  description_too_long: usage('The description is longer than BOLT 11 allows'),
  description_malformed: usage('The description is not valid text'),
  expiry_invalid: usage('The expiry is out of range'),
  no_receiver: { status: 503, title: 'No node can receive this amount now', retryable: true },
  // means
  insufficient_balance: { status: 409, title: 'The account does not have that much to spend' },
  account_unknown: { status: 404, title: 'There is no such account' },
  account_exists: { status: 409, title: 'There is such an account already' },
  account_name_invalid: usage('The account name is not allowed'),
  region_unknown: usage('No own node is in that region'),
  node_unavailable: { status: 503, title: 'The node does not answer', retryable: true, exit: 5 },
  sending_stopped: {
    status: 409,
    title: 'All sending was stopped by the panic switch',
    retryable: true,
  },
  history_missing: {
    status: 503,
    title: 'The database was put back, and what the nodes did since is not known yet',
    retryable: true,
  },
  exposure_cap: { status: 409, title: 'The node would hold more than it may' },
  node_drained: { status: 409, title: 'The node is drained: it begins nothing new' },
  // channels and coins
  chain_order_failed: { status: 409, title: 'The node did not do what was ordered' },
  channel_unknown: { status: 404, title: 'The node has no such channel' },
  peer_malformed: usage('This is not the public key of a node'),
  address_malformed: usage('This is not an on-chain address'),
  address_wrong_network: usage('The address is of another network'),
  amount_not_for_chain: usage('The amount cannot be moved on the chain'),
  coins_insufficient: { status: 409, title: 'The node has too few coins' },
  node_exists: { status: 409, title: 'There is a node of that name already' },
  // the practice fleet
  practice_person_unknown: { status: 404, title: 'There is nobody of that name in the practice world' },
  practice_node_unknown: { status: 404, title: 'There is no own node of that name in the practice world' },
  practice_channel_refused: { status: 409, title: 'The channel in the practice world was refused' },
  practice_payment_failed: { status: 409, title: 'The payment in the practice world failed' },
  practice_coins_invalid: usage('The faucet cannot pay that amount, or not to that address'),
  practice_faucet_dry: { status: 409, title: 'The faucet of the practice chain holds too little' },
  // connecting own nodes
  node_unknown: { status: 404, title: 'There is no own node of that name' },
  node_credentials_invalid: usage('These are no credentials of a node'),
  node_check_failed: { status: 409, title: 'The node cannot join as it is' },
  node_credentials_elsewhere: { status: 409, title: 'The credentials of this node are not in the vault' },
  node_in_use: { status: 409, title: 'The node has payments or funds in the books' },
  node_rotation_pending: { status: 409, title: 'The node has not taken its new certificate yet' },
  fleet_is_own: { status: 404, title: 'This Argosy runs an own fleet: there is no practice world' },
  fleet_is_practice: { status: 409, title: 'This Argosy runs the practice fleet' },
  // starting
  config_invalid: usage('The configuration is not valid'),
  config_unknown_key: usage('The configuration has a key that Argosy does not know'),
  network_refused: usage('Argosy does not run on this network yet'),
  listen_address_in_use: { status: 500, title: 'The address to listen on is taken', exit: 2 },
  folder_in_use: { status: 500, title: 'The data folder is in use by a running Argosy', exit: 2 },
  folder_newer: { status: 500, title: 'The data folder was written by a newer Argosy', exit: 2 },
  folder_other_world: { status: 500, title: 'The practice world that is here is another one', exit: 2 },
  folder_unusable: { status: 500, title: 'The data folder cannot be used', exit: 2 },
  folder_of_own_fleet: { status: 500, title: 'The data folder is that of an own fleet', exit: 2 },
  vault_key_unusable: { status: 500, title: 'The key of the vault cannot be used', exit: 2 },
  vault_other_key: { status: 500, title: 'The vault was sealed with another key', exit: 2 },
  database_binary_missing: { status: 500, title: 'No embedded PostgreSQL for this machine', exit: 2 },
  database_other_version: { status: 500, title: 'The database files are of another PostgreSQL', exit: 2 },
  database_not_started: { status: 500, title: 'The embedded PostgreSQL did not start', exit: 1 },
  database_unreachable: { status: 500, title: 'The database cannot be reached', exit: 5 },
  database_not_empty: {
    status: 500,
    title: 'The database holds the books of another fleet',
    exit: 2,
  },
  database_history_changed: { status: 500, title: 'A migration is not the one that was applied', exit: 2 },
  database_newer: { status: 500, title: 'The database was migrated by a newer Argosy', exit: 2 },
  starting: { status: 503, title: 'Argosy is starting', retryable: true, exit: 5 },
  stopping: { status: 503, title: 'Argosy is stopping', retryable: true, exit: 5 },
  not_shared: usage('Several processes need what all of them can reach'),
  server_unreachable: { status: 503, title: 'No running Argosy was found', retryable: true, exit: 5 },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;
export const problemKind = (code: ProblemCode): ProblemKind => PROBLEMS[code];

export interface ProblemDetails {
  /** Names the field that is wrong, as it is written in the request: `amount_msat`. */
  readonly field?: string;
  /** Members of the problem document beyond RFC 9457's, such as `payment`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A refusal that ends a request and undoes its transaction. `detail` names the field and the way out. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly details: ProblemDetails;
  constructor(code: ProblemCode, detail: string, details: ProblemDetails = {}) {
    super(detail);
    this.code = code;
    this.details = details;
  }
}

export const isProblemCode = (text: string): text is ProblemCode => Object.hasOwn(PROBLEMS, text);

/** A problem code explained: what `type` of a problem document leads to. */
export const explainProblem = (code: ProblemCode) => {
  const { status, title, retryable = false, exit = 1 } = problemKind(code);
  return { code, title, status, retryable, exit_code: exit, advice: ADVICE[code] };
};

/** The RFC 9457 document. `type` is a relative reference into the documentation served beside the API. */
export function problemDocument(problem: Problem): Record<string, unknown> {
  const kind = problemKind(problem.code);
  return {
    type: `/v1/problems/${problem.code}`,
    title: kind.title,
    status: kind.status,
    code: problem.code,
    detail: problem.message,
    retryable: kind.retryable === true,
    ...(problem.details.field === undefined ? {} : { field: problem.details.field }),
    ...problem.details.extra,
  };
}
