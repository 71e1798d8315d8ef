/** The practice world: strangers who ask for money and pay, in worthless coins. */
import { call } from './call.ts';
import type { Connection } from './exchange.ts';
import type { CallOptions } from './payments.ts';
import type {
  ChannelRequest,
  ClosingChannel,
  Coins,
  CoinsRequest,
  Doors,
  MadeChannel,
  NodeCondition,
  NodeConditions,
  NodeFault,
  People,
  PersonInvoice,
  PersonInvoiceRequest,
  PersonInvoiceStatus,
  PersonPaid,
  PersonPayRequest,
  PracticeBalances,
  PracticeMap,
} from './shapes.ts';

/** All of them throw ArgosyProblem, such as practice_person_unknown; those that act OutcomeUnknown, too; Unreachable. */
export interface PracticeVerbs {
  /** Who there is, and the height of the chain. */
  people(options?: CallOptions): Promise<People>;
  /** What everybody has, own nodes and people: channels with both their sides, and coins. */
  balances(options?: CallOptions): Promise<PracticeBalances>;
  /** The world around the own nodes: people, their channels, what is broken, what they paid lately. */
  map(options?: CallOptions): Promise<PracticeMap>;
  /** A person asks for money. @example await argosy.practice.invoiceAs('merchant', { amount_msat: sat(25_000n) }) */
  invoiceAs(name: string, request?: PersonInvoiceRequest, options?: CallOptions): Promise<PersonInvoice>;
  /** What became of a person's invoice, as the person's own node says. @throws ArgosyProblem not_found */
  invoiceOf(name: string, paymentHash: string, options?: CallOptions): Promise<PersonInvoiceStatus>;
  /** A person pays an invoice; it has been paid when this returns. @throws ArgosyProblem practice_payment_failed */
  payAs(name: string, request: PersonPayRequest, options?: CallOptions): Promise<PersonPaid>;
  /** Mines blocks, 1 to 1,000. @returns the new height */
  mine(count?: number, options?: CallOptions): Promise<{ readonly height: number }>;
  /** Opens a channel between any two of the world; usable some seconds later. @throws ArgosyProblem practice_channel_refused */
  openChannel(request: ChannelRequest, options?: CallOptions): Promise<MadeChannel>;
  /** Begins to close a channel; `force`: without the peer. @throws ArgosyProblem practice_channel_refused */
  closeChannel(
    channel: string,
    options?: CallOptions & { readonly force?: boolean },
  ): Promise<ClosingChannel>;
  /** Coins on the chain, confirmed when this returns. @throws ArgosyProblem practice_coins_invalid, practice_faucet_dry */
  fund(request: CoinsRequest, options?: CallOptions): Promise<Coins>;
  /** Where nodes from outside come in: the chain's RPC with its password, and the addresses of the nodes. */
  doors(options?: CallOptions): Promise<Doors>;
  /** Breaks an own node; another fault takes the place of the last. @example await argosy.practice.breakNode('eu', { how: 'dies' }) */
  breakNode(node: string, fault: NodeFault, options?: CallOptions): Promise<NodeCondition>;
  /** The own nodes that are broken now, and how. */
  faults(options?: CallOptions): Promise<NodeConditions>;
  /** Makes an own node well again; its links come back within a second. */
  healNode(node: string, options?: CallOptions): Promise<NodeCondition>;
}

/** A person tries three times, a minute each. */
const PERSON_PAYS_MS = 200_000;

export function practiceVerbs(connection: Connection): PracticeVerbs {
  const act = <T>(path: string, body: object, options?: CallOptions, timeoutMs = connection.timeoutMs) =>
    call<T>(connection, {
      method: 'POST',
      path: `/v1/practice/${path}`,
      body,
      acts: true,
      signal: options?.signal,
      timeoutMs,
    });
  const read = <T>(path: string, options?: CallOptions) =>
    call<T>(connection, {
      method: 'GET',
      path: `/v1/practice/${path}`,
      acts: false,
      signal: options?.signal,
    });
  const personPath = (name: string, what: string): string => `people/${encodeURIComponent(name)}/${what}`;
  const nodePath = (node: string, what: string): string => `nodes/${encodeURIComponent(node)}/${what}`;
  return {
    people: (options) => read('people', options),
    map: (options) => read('map', options),
    balances: (options) => read('balances', options),
    invoiceAs: (name, request = {}, options) => act(personPath(name, 'invoices'), request, options),
    invoiceOf: (name, paymentHash, options) =>
      read(`${personPath(name, 'invoices')}/${encodeURIComponent(paymentHash)}`, options),
    payAs: (name, request, options) => act(personPath(name, 'payments'), request, options, PERSON_PAYS_MS),
    mine: (count = 1, options) => act('blocks', { count }, options),
    openChannel: (request, options) => act('channels', request, options, PERSON_PAYS_MS),
    closeChannel: (channel, { force = false, ...options } = {}) =>
      act(`channels/${encodeURIComponent(channel)}/close`, { force }, options),
    fund: (request, options) => act('coins', request, options),
    doors: (options) => read('doors', options),
    faults: (options) => read('faults', options),
    breakNode: (node, fault, options) => act(nodePath(node, 'faults'), fault, options),
    healNode: (node, options) => act(nodePath(node, 'heal'), {}, options),
  };
}
