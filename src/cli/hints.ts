/** The next command to try after a problem: every error ends with one. Without `npx argosy`. */
import type { ProblemText } from './problem.ts';

const MERCHANT_INVOICE = 'practice invoice --as merchant 25000';

const BY_CODE: Readonly<Record<string, string>> = {
  server_unreachable: 'up',
  listen_address_in_use: 'up --listen 127.0.0.1:0',
  folder_in_use: 'nodes',
  folder_other_world: 'practice reset',
  database_not_empty: 'practice reset',
  account_unknown: 'accounts',
  account_exists: 'accounts',
  insufficient_balance: 'balance',
  no_receiver: 'nodes',
  node_unavailable: 'nodes',
  node_unknown: 'nodes',
  node_exists: 'nodes',
  node_drained: 'nodes',
  channel_unknown: 'nodes',
  coins_insufficient: 'nodes',
  chain_order_failed: 'chain-orders',
  node_in_use: 'nodes',
  fleet_is_own: 'nodes',
  fleet_is_practice: 'nodes',
  exposure_cap: 'nodes',
  sending_stopped: 'panic status',
  practice_person_unknown: 'practice people',
  practice_node_unknown: 'nodes',
  practice_channel_refused: 'practice balances',
  practice_faucet_dry: 'practice mine 100',
  invoice_malformed: MERCHANT_INVOICE,
  invoice_checksum: MERCHANT_INVOICE,
  invoice_signature: MERCHANT_INVOICE,
  invoice_wrong_network: MERCHANT_INVOICE,
  invoice_expired: MERCHANT_INVOICE,
  invoice_own_unpayable: MERCHANT_INVOICE,
  invoice_own: 'accounts',
  payment_in_progress: 'payments',
  invoice_already_paid: 'payments',
  outcome_unknown: 'payments',
  internal: 'payments',
  database_unavailable: 'payments',
  unauthenticated: 'help',
  forbidden: 'help',
};

const STARTING = /^(config|database|folder|network|listen)_/;

/** @param command what was run, such as `practice pay` */
export function nextCommand(problem: ProblemText, command: string): string {
  if (problem.next !== undefined) return problem.next;
  const { payment } = problem.document;
  if (typeof payment === 'string') return `payment ${payment}`;
  const known = BY_CODE[problem.code];
  if (known !== undefined) return known;
  if (STARTING.test(problem.code)) return 'config check';
  return problem.exit === 2 ? `${command} --help`.trim() : 'nodes';
}
