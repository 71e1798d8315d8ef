/** What the fleet is, what it holds, and whose that is. */
import { call } from './call.ts';
import type { Connection } from './exchange.ts';
import type { CallOptions } from './payments.ts';
import type { Account, Balance, Books, Health, Node } from './shapes.ts';

/** Amounts in answers are msat, as decimal digits. All of them throw ArgosyProblem and Unreachable. */
export interface FleetVerbs {
  /** What the fleet can send and receive, and whose it is. @example (await argosy.balance()).largest_payment_msat */
  balance(options?: CallOptions): Promise<Balance>;
  /** The own nodes, their health and channels. */
  nodes(options?: CallOptions): Promise<readonly Node[]>;
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
  /** Is it well? Also an Argosy that is `down` answers; asked once, without retries. */
  health(options?: CallOptions): Promise<Health>;
}

interface All<T> {
  readonly data: readonly T[];
}

export function fleetVerbs(connection: Connection): FleetVerbs {
  const read = <T>(path: string, options: CallOptions | undefined): Promise<T> =>
    call<T>(connection, { method: 'GET', path, acts: false, signal: options?.signal });
  return {
    balance: (options) => read('/v1/balance', options),
    nodes: async (options) => (await read<All<Node>>('/v1/nodes', options)).data,
    accounts: async (options) => (await read<All<Account>>('/v1/accounts', options)).data,
    openAccount: (name, options) =>
      call(connection, {
        method: 'POST',
        path: '/v1/accounts',
        body: { name },
        acts: true,
        signal: options?.signal,
      }),
    checkBooks: (options) => read('/v1/books/check', options),
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
