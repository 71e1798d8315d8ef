/** Channels of own nodes, and their coins. */
import { call } from './call.ts';
import type { Connection } from './exchange.ts';
import { type PageOptions, type Pages, pagesOf } from './pages.ts';
import type { CallOptions, PayOptions } from './payments.ts';
import type { ChainOrder, OpenChannelRequest, SendCoinsRequest } from './shapes.ts';

/**
 * What is ordered is done once under its key, however often it is asked for. It has not been done when these return:
 * see `chainOrder`, and the events `chain_order.*`. Amounts are msat, in whole sat.
 */
export interface ChainVerbs {
  /**
   * Opens a channel out of the coins of an own node.
   * @throws ArgosyProblem refused: nothing was done; OutcomeUnknown: send it again under the same key; Unreachable
   * @example const { id } = await argosy.openChannel('eu', { peer, capacity_msat: sat(500_000n) });
   */
  openChannel(node: string, request: OpenChannelRequest, options?: PayOptions): Promise<ChainOrder>;
  /** Closes a channel of an own node; `force`: without the peer. @throws as `openChannel` */
  closeChannel(
    node: string,
    channel: string,
    options?: PayOptions & { readonly force?: boolean },
  ): Promise<ChainOrder>;
  /**
   * Sends coins of an own node to an address; they are the business's own.
   * @throws as `openChannel`
   * @example await argosy.sendCoins('eu', { address, amount_msat: sat(100_000n) }, { idempotencyKey: 'refund-7' });
   */
  sendCoins(node: string, request: SendCoinsRequest, options?: PayOptions): Promise<ChainOrder>;
  /** What has become of one order. @throws ArgosyProblem not_found, Unreachable */
  chainOrder(id: string, options?: CallOptions): Promise<ChainOrder>;
  /** All orders, newest first. */
  chainOrders(options?: PageOptions): Pages<ChainOrder>;
}

export function chainVerbs(connection: Connection): ChainVerbs {
  const order = (path: string, body: object, options: PayOptions = {}): Promise<ChainOrder> =>
    call(connection, {
      method: 'POST',
      path,
      body,
      acts: true,
      idempotencyKey: options.idempotencyKey ?? crypto.randomUUID(),
      signal: options.signal,
    });
  const of = (node: string): string => `/v1/nodes/${encodeURIComponent(node)}`;
  return {
    openChannel: (node, request, options) => order(`${of(node)}/channels`, request, options),
    closeChannel: (node, channel, { force = false, ...options } = {}) =>
      order(`${of(node)}/channels/${encodeURIComponent(channel)}/close`, { force }, options),
    sendCoins: (node, request, options) => order(`${of(node)}/coins`, request, options),
    chainOrder: (id, options) =>
      call(connection, {
        method: 'GET',
        path: `/v1/chain-orders/${encodeURIComponent(id)}`,
        acts: false,
        signal: options?.signal,
      }),
    chainOrders: (options) => pagesOf(connection, '/v1/chain-orders', options),
  };
}
