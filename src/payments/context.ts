import type { Fleet } from '../fleet/fleet.ts';
import type { Clock } from '../kit/clock.ts';
import type { Db } from '../kit/db.ts';
import type { Log } from '../kit/log.ts';
import type { SharedBooks } from '../ledger/shared-books.ts';
import type { Network, PartToken } from '../lightning/ids.ts';

/** What the verbs of this room work with. */
export interface PaymentsContext {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly fleet: () => Fleet;
  readonly network: Network;
  readonly patience: Patience;
  /** Sends of this process that have no answer: they may be on their way still. */
  readonly unanswered: Set<PartToken>;
  /** Where payments are intended: keyed by what may be there once, the request's key and the payment hash. */
  readonly intents: SharedBooks;
  /** Where sends and looks are concluded: keyed by the payment. */
  readonly conclusions: SharedBooks;
  /** There is something new: effects to do, events to tell. */
  readonly kick: () => void;
}

/** How long to wait before drawing a conclusion. ms. */
export interface Patience {
  /** A send without an answer is unknown after this. */
  readonly sendMs: number;
  /** The stream tells most ends by itself; a status read from the node is believed at a second look, after this. */
  readonly secondLookMs: number;
  /** A request may be on its way to the daemon for so long; only later does its absence prove anything. */
  readonly absenceMs: number;
  /** What nobody has heard of for so long is looked up by the sweep. */
  readonly staleMs: number;
}
export const DEFAULT_PATIENCE: Patience = {
  sendMs: 20_000,
  secondLookMs: 2_000,
  absenceMs: 60_000,
  staleMs: 60_000,
};
