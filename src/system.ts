/** The system over its nodes: fleet, payments, effects, events and the API. Tests and the server open it alike. */
import type { Context } from 'hono';
import { type Guarded, guardOf } from './access/http.ts';
import { eventRoutes } from './events/routes.ts';
import type { ChainPatience } from './fleet/chain-view.ts';
import { type Fleet, fleetEffects, type OwnNode, startFleet } from './fleet/fleet.ts';
import type { ProcessRow } from './fleet/process-store.ts';
import { fleetRoutes } from './fleet/routes.ts';
import type { BookEvent } from './fleet/session.ts';
import { switchRoutes } from './fleet/switch-routes.ts';
import type { Clock } from './kit/clock.ts';
import type { Db } from './kit/db.ts';
import { noEffects, startEffects } from './kit/effects.ts';
import { noHints, openHints } from './kit/hints.ts';
import { type Api, createApi } from './kit/http.ts';
import type { Log } from './kit/log.ts';
import { startPublisher } from './kit/outbox.ts';
import type { Network } from './lightning/ids.ts';
import { accountRoutes } from './payments/account-routes.ts';
import { applyPartEvent } from './payments/apply.ts';
import { DEFAULT_PATIENCE, type Patience, type PaymentsContext } from './payments/context.ts';
import { creditInvoice, invoiceEffects } from './payments/receive.ts';
import { noRecovery, startRecovery } from './payments/recovery.ts';
import { invoiceRoutes, paymentRoutes } from './payments/routes.ts';
import { paymentEffects } from './payments/sending.ts';
import { pageRoutes } from './ui/routes.ts';

export interface SystemOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly network: Network;
  readonly nodes: readonly OwnNode[];
  readonly patience?: Patience;
  /** Default: `DEFAULT_CHAIN_PATIENCE`. */
  readonly chainPatience?: Partial<ChainPatience>;
  /** What this process is among others on its database. Default: it is alone, and does everything. */
  readonly self?: ProcessRow;
  /** Rooms that are switched on add their routes here. */
  readonly rooms?: (api: Api, guarded: Guarded, fleet: Fleet) => void;
}

export interface System {
  readonly api: Api;
  readonly fleet: Fleet;
  readonly payments: PaymentsContext;
  /** Something was written: do the effects, number the events. */
  kick(): void;
  stop(): Promise<void>;
}

export async function openSystem(options: SystemOptions): Promise<System> {
  const { db, clock, log, network } = options;
  let fleet: Fleet | null = null;
  const payments: PaymentsContext = {
    db,
    clock,
    log,
    network,
    patience: options.patience ?? DEFAULT_PATIENCE,
    unanswered: new Set(),
    kick() {
      look();
      if (fleet?.hasOthers()) hints.tell();
    },
    fleet() {
      if (fleet === null) throw new Error('the fleet has not started');
      return fleet;
    },
  };

  const book: BookEvent = async (tx, node, event) => {
    switch (event.kind) {
      case 'part_settled': {
        const { token, preimage, feeMsat } = event;
        await applyPartEvent(payments, tx, { kind: 'settled', token, preimage, feeMsat });
        return;
      }
      case 'part_failed':
        await applyPartEvent(payments, tx, { kind: 'failed', token: event.token, reason: event.reason });
        return;
      case 'invoice_settled':
        return creditInvoice(payments, tx, node, event.paymentHash, event.receivedMsat);
      default: // the fleet itself has dealt with the others
        return;
    }
  };
  const { self } = options;
  const works = self?.role !== 'serve';
  const publisher = startPublisher(db, clock, log);
  const handlers = new Map([
    ...paymentEffects(payments),
    ...invoiceEffects(payments),
    ...fleetEffects(db, payments.fleet),
  ]);
  const runner = works ? startEffects(db, handlers, () => fleet?.owned() ?? [], clock, log) : noEffects;
  const look = (): void => {
    runner.kick();
    publisher.kick();
  };
  const { kick } = payments;
  const recovery = works ? startRecovery(payments, clock, kick) : noRecovery;
  const hints = self === undefined ? noHints : openHints(db, log, self.id, look);
  try {
    const { cameUp } = recovery;
    const { chainPatience = {} } = options;
    const { idle } = runner;
    const context = { db, clock, log, network, book, afterBooking: kick, cameUp, idle, chainPatience };
    fleet = await startFleet({ ...context, ...(self && { self }) }, options.nodes);
  } catch (error) {
    await Promise.all([recovery.stop(), runner.stop(), publisher.stop(), hints.stop()]);
    throw error;
  }

  const api = createApi(log);
  const guarded = guardOf(db);
  fleetRoutes(api, guarded, db, fleet);
  switchRoutes(api, guarded, fleet);
  accountRoutes(api, guarded, db);
  paymentRoutes(api, guarded, payments, kick);
  invoiceRoutes(api, guarded, payments, kick);
  eventRoutes(api, guarded, db, publisher);
  options.rooms?.(api, guarded, fleet);
  pageRoutes(api);
  document(api);

  return {
    api,
    fleet,
    payments,
    kick,
    async stop() {
      await recovery.stop();
      await runner.stop();
      await fleet?.stop();
      await publisher.stop();
      await hints.stop();
    },
  };
}

function document(api: Api): void {
  api.doc31('/v1/openapi.json', (c: Context) => ({
    openapi: '3.1.0',
    info: {
      title: 'Argosy',
      version: '0.1.0',
      description:
        'One Lightning payment system out of many nodes. Amounts are decimal strings of msat; errors are RFC 9457 problems.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: new URL(c.req.url).origin }],
  }));
}
