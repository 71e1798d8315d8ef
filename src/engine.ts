/** What pays and receives over the nodes, without a door to the outside: fleet, payments, effects, events. */
import type { ChainPatience } from './fleet/chain-view.ts';
import { type Fleet, fleetEffects, type OwnNode, startFleet } from './fleet/fleet.ts';
import { IMPORT_AFTER_MS } from './fleet/past.ts';
import type { ProcessRow } from './fleet/process-store.ts';
import type { BookEvents } from './fleet/session.ts';
import type { Clock } from './kit/clock.ts';
import type { Db } from './kit/db.ts';
import { noEffects, startEffects } from './kit/effects.ts';
import { noHints, openHints } from './kit/hints.ts';
import type { Log } from './kit/log.ts';
import { type Publisher, startPublisher } from './kit/outbox.ts';
import {
  DEFAULT_RETENTION,
  type Kept,
  noRetention,
  type RetentionDays,
  startRetention,
} from './kit/retention.ts';
import { dropOldAnswers, dropOldEvents } from './kit/retention-store.ts';
import { shareBooks } from './ledger/shared-books.ts';
import type { Network } from './lightning/ids.ts';
import { followChannels } from './liquidity/apply.ts';
import { chainEffects } from './liquidity/doing.ts';
import { DEFAULT_PATIENCE, type Patience, type PaymentsContext } from './payments/context.ts';
import { bookEvents } from './payments/events.ts';
import { invoiceEffects } from './payments/receive.ts';
import { noRecovery, startRecovery } from './payments/recovery.ts';
import { dropOldPlans } from './payments/retention-store.ts';
import { paymentEffects } from './payments/sending.ts';

export interface EngineOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly network: Network;
  readonly nodes: readonly OwnNode[];
  readonly patience?: Patience;
  /** Default: `DEFAULT_CHAIN_PATIENCE`. */
  readonly chainPatience?: Partial<ChainPatience>;
  /** Default: `IMPORT_AFTER_MS`. */
  readonly importAfterMs?: number;
  /** Default: `DEFAULT_RETENTION`. */
  readonly retention?: RetentionDays;
  /** What this process is among others on its database. Default: it is alone, and does everything. */
  readonly self?: ProcessRow;
}

export interface Engine {
  readonly fleet: Fleet;
  readonly payments: PaymentsContext;
  readonly publisher: Publisher;
  /** Something was written: do the effects, number the events. */
  kick(): void;
  stop(): Promise<void>;
}

export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { db, clock, log, network } = options;
  let fleet: Fleet | null = null;
  const payments: PaymentsContext = {
    db,
    clock,
    log,
    network,
    patience: options.patience ?? DEFAULT_PATIENCE,
    unanswered: new Set(),
    intents: shareBooks(db),
    conclusions: shareBooks(db),
    kick() {
      look();
      if (fleet?.hasOthers()) hints.tell();
    },
    fleet() {
      if (fleet === null) throw new Error('the fleet has not started');
      return fleet;
    },
  };

  const book: BookEvents = async (tx, node, events) => {
    await bookEvents(payments, tx, node, events);
    for (const event of events) await followChannels(tx, node, event);
  };
  const { self } = options;
  const works = self?.role !== 'serve';
  const publisher = startPublisher(db, clock, log);
  const handlers = new Map([
    ...paymentEffects(payments),
    ...invoiceEffects(payments),
    ...chainEffects(payments),
    ...fleetEffects(db, payments.fleet),
  ]);
  const runner = works ? startEffects(db, handlers, () => fleet?.owned() ?? [], clock, log) : noEffects;
  const look = (): void => {
    runner.kick();
    publisher.kick();
  };
  const retention = works
    ? startRetention(db, clock, log, whatIsKept(options.retention ?? DEFAULT_RETENTION))
    : noRetention;
  const { kick } = payments;
  const recovery = works ? startRecovery(payments, clock, kick) : noRecovery;
  const hints = self === undefined ? noHints : openHints(db, log, self.id, look);
  try {
    const { cameUp } = recovery;
    const { chainPatience = {}, importAfterMs = IMPORT_AFTER_MS } = options;
    const { idle } = runner;
    const told = { book, afterBooking: kick, cameUp, idle };
    const context = { db, clock, log, network, ...told, chainPatience, importAfterMs };
    fleet = await startFleet({ ...context, ...(self && { self }) }, options.nodes);
  } catch (error) {
    const started = [recovery, runner, publisher, hints, retention];
    await Promise.all(started.map((each) => each.stop()));
    throw error;
  }

  return {
    fleet,
    payments,
    publisher,
    kick,
    async stop() {
      await recovery.stop();
      await runner.stop();
      await fleet?.stop();
      await publisher.stop();
      await hints.stop();
      await retention.stop();
    },
  };
}

const DAY_MS = 86_400_000;

/** Rows that explain or repeat; never rows that prove or forbid. */
const whatIsKept = (days: RetentionDays): readonly Kept[] => [
  { what: 'events', keepMs: days.events * DAY_MS, drop: dropOldEvents },
  { what: 'answers', keepMs: days.answers * DAY_MS, drop: dropOldAnswers },
  { what: 'plans', keepMs: days.plans * DAY_MS, drop: dropOldPlans },
];
