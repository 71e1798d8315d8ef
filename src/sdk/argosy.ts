/** One Argosy, as a program that uses it sees it. */
import { type ChainVerbs, chainVerbs } from './chain.ts';
import { type EventOptions, follow } from './events.ts';
import type { Connection } from './exchange.ts';
import { type FleetVerbs, fleetVerbs } from './fleet.ts';
import { type InvoiceVerbs, invoiceVerbs } from './invoices.ts';
import { type PaymentVerbs, paymentVerbs } from './payments.ts';
import { type PracticeVerbs, practiceVerbs } from './practice.ts';
import type { ArgosyEvent } from './shapes.ts';

export interface ArgosyOptions {
  /** @example 'http://127.0.0.1:7300' */
  readonly api: string;
  /** An API key. */
  readonly key: string;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
  /** For one answer. Default: 30 s. */
  readonly timeoutMs?: number;
  /** How often a request is sent again at most, where that is safe. Default: 4, over some 3 s. */
  readonly retries?: number;
}

export interface Argosy extends PaymentVerbs, InvoiceVerbs, FleetVerbs, ChainVerbs {
  /**
   * Events in their order, each once. Lost connections are opened again behind the last event, until `signal` comes or
   * the loop is left: an Argosy that is down is waited for.
   * @throws ArgosyProblem the key may not listen, or `after` is no id; Unreachable: what answers is no Argosy
   * @example for await (const { type, subject } of argosy.events({ types: ['payment.settled'] })) book(subject);
   */
  events(options?: EventOptions): AsyncGenerator<ArgosyEvent, void, undefined>;
  readonly practice: PracticeVerbs;
}

const TIMEOUT_MS = 30_000;
const RETRIES = 4;

/**
 * A client of one Argosy. Nothing is sent before a verb is called; it holds nothing that would have to be closed.
 * @throws TypeError `api` is no http(s) URL, or `key` is none
 * @example const argosy = createArgosy({ api: 'http://127.0.0.1:7300', key });
 */
export function createArgosy(options: ArgosyOptions): Argosy {
  const connection = connectionOf(options);
  return {
    ...paymentVerbs(connection),
    ...invoiceVerbs(connection),
    ...fleetVerbs(connection),
    ...chainVerbs(connection),
    events: (wanted = {}) => follow(connection, wanted),
    practice: practiceVerbs(connection),
  };
}

function connectionOf(options: ArgosyOptions): Connection {
  const { api, key, fetch = globalThis.fetch, timeoutMs = TIMEOUT_MS, retries = RETRIES } = options;
  if (!URL.canParse(api) || !/^https?:$/.test(new URL(api).protocol)) {
    throw new TypeError('api: must be a URL such as http://127.0.0.1:7300');
  }
  if (!/^[\x21-\x7e]+$/.test(key)) throw new TypeError('key: must be an API key of Argosy');
  return { api: api.replace(/\/+$/, ''), key, fetch, timeoutMs, retries };
}
