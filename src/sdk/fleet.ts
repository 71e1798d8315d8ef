/** What the fleet is, what it holds, and whose that is. */
import { call } from './call.ts';
import type { Connection } from './exchange.ts';
import { pagesOf } from './pages.ts';
import type { CallOptions } from './payments.ts';
import type {
  Account,
  Balance,
  Books,
  ConnectedNode,
  Health,
  Node,
  NodeRequest,
  NodeRotation,
  Panic,
  RemovedNode,
  RotatedNode,
  ShownNode,
  Suspense,
  WentOn,
} from './shapes.ts';

/** Amounts in answers are msat, as decimal digits. All of them throw ArgosyProblem and Unreachable. */
export interface FleetVerbs {
  /** What the fleet can send and receive, and whose it is. @example (await argosy.balance()).largest_payment_msat */
  balance(options?: CallOptions): Promise<Balance>;
  /** The own nodes, their health and channels. */
  nodes(options?: CallOptions): Promise<readonly Node[]>;
  /**
   * The node starts nothing new, also after a restart, until it is resumed; what is under way goes on. Idempotent.
   * @throws ArgosyProblem not_found, node_unavailable; OutcomeUnknown: call it again
   */
  drainNode(id: string, reason: string, options?: CallOptions): Promise<Node>;
  /** Ends a drain. A rule that still holds, such as a chain that stands still, drains the node again. */
  resumeNode(id: string, options?: CallOptions): Promise<Node>;
  /**
   * After the database was put back: goes on without the history of a node that is gone for good. Idempotent.
   * @throws ArgosyProblem not_found, node_unavailable; OutcomeUnknown: call it again
   */
  goOnWithoutNode(id: string, reason: string, options?: CallOptions): Promise<WentOn>;
  /** Whether all sending is stopped; since when, by whom and why. */
  panic(options?: CallOptions): Promise<Panic>;
  /**
   * Throws the panic switch: once it answers with nobody in `waiting_for`, no part leaves any more. Idempotent.
   * @throws OutcomeUnknown: call it again
   */
  stopSending(reason?: string, options?: CallOptions): Promise<Panic>;
  resumeSending(options?: CallOptions): Promise<Panic>;
  /** One own node, and how it is reached. @throws ArgosyProblem node_unknown */
  node(id: string, options?: CallOptions): Promise<ShownNode>;
  /**
   * Checks a node, stores its credentials sealed, and takes it into the fleet; `check_only` looks alone.
   * @throws ArgosyProblem node_check_failed (its `checks` say how to mend what failed), node_exists; OutcomeUnknown: see
   * `nodes()`
   * @example const { joined } = await argosy.addNode({ id: 'eu', lndconnect: process.env.EU_LND });
   */
  addNode(request: NodeRequest, options?: CallOptions): Promise<ConnectedNode>;
  /**
   * New credentials of the same node. A certificate is pinned beside the old one until `{ done: true }` ends that.
   * Sending it again does no harm. @throws ArgosyProblem node_unknown, node_check_failed; OutcomeUnknown
   */
  rotateNode(id: string, change: NodeRotation, options?: CallOptions): Promise<RotatedNode>;
  /** Forgets its credentials; its history stays. @throws ArgosyProblem node_unknown, node_in_use; OutcomeUnknown */
  removeNode(id: string, options?: CallOptions & { readonly force?: boolean }): Promise<RemovedNode>;
  /** Own funds, and customers'. */
  accounts(options?: CallOptions): Promise<readonly Account[]>;
  /**
   * Opens the account of a customer.
   * @throws ArgosyProblem account_exists, account_name_invalid; OutcomeUnknown: look at `accounts()`; Unreachable
   * @example const { id } = await argosy.openAccount('acme'); // 'customer:acme'
   */
  openAccount(name: string, options?: CallOptions): Promise<Account>;
  /** Proves the ledger against every node. `difference_msat` is '0', or something is wrong. */
  checkBooks(options?: CallOptions): Promise<Books>;
  /** What nodes paid and received that is of no payment or invoice of these books, newest first. */
  suspense(options?: CallOptions): Promise<Suspense['data']>;
  /** Is it well? Also an Argosy that is `down` answers; asked once, without retries. */
  health(options?: CallOptions): Promise<Health>;
}

/** A daemon that does not answer is waited for at each step. */
const CHECK_MS = 60_000;

interface All<T> {
  readonly data: readonly T[];
}

export function fleetVerbs(connection: Connection): FleetVerbs {
  const read = <T>(path: string, options: CallOptions | undefined): Promise<T> =>
    call<T>(connection, { method: 'GET', path, acts: false, signal: options?.signal });
  const write = <T>(
    path: string,
    body: object,
    options: CallOptions | undefined,
    more: { readonly acts?: boolean; readonly timeoutMs?: number } = {},
  ): Promise<T> =>
    call<T>(connection, { method: 'POST', path, body, acts: true, signal: options?.signal, ...more });
  const timeoutMs = Math.max(CHECK_MS, connection.timeoutMs);
  const nodePath = (id: string, verb = ''): string => `/v1/nodes/${encodeURIComponent(id)}${verb}`;
  return {
    drainNode: (id, reason, options) => write(nodePath(id, '/drain'), { reason }, options),
    resumeNode: (id, options) => write(nodePath(id, '/resume'), {}, options),
    goOnWithoutNode: (id, reason, options) => write(nodePath(id, '/go-on-without'), { reason }, options),
    panic: (options) => read('/v1/panic', options),
    stopSending: (reason, options) => write('/v1/panic', { on: true, reason }, options),
    resumeSending: (options) => write('/v1/panic', { on: false }, options),
    balance: (options) => read('/v1/balance', options),
    nodes: async (options) => (await read<All<Node>>('/v1/nodes', options)).data,
    node: (id, options) => read(nodePath(id), options),
    addNode: (request, options) =>
      write('/v1/nodes', request, options, { acts: request.check_only !== true, timeoutMs }),
    rotateNode: (id, change, options) => write(nodePath(id, '/rotate'), change, options, { timeoutMs }),
    removeNode: (id, { force = false, ...options } = {}) =>
      write(nodePath(id, '/remove'), { force }, options, { timeoutMs }),
    accounts: (options) =>
      Array.fromAsync(pagesOf<Account>(connection, '/v1/accounts', { limit: 200, ...options })),
    openAccount: (name, options) => write('/v1/accounts', { name }, options),
    checkBooks: (options) => read('/v1/books/check', options),
    suspense: async (options) => (await read<Suspense>('/v1/books/suspense', options)).data,
    health: (options) =>
      call(connection, {
        method: 'GET',
        path: '/v1/health',
        acts: false,
        retries: 0,
        accepts: 503,
        signal: options?.signal,
      }),
  };
}
