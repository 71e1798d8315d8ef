/** The system over its nodes: the engine and its API. Tests and the server open it alike. */
import type { Context } from 'hono';
import { type Guarded, guardOf } from './access/http.ts';
import { type Engine, type EngineOptions, startEngine } from './engine.ts';
import { eventRoutes } from './events/routes.ts';
import type { Fleet } from './fleet/fleet.ts';
import { fleetRoutes } from './fleet/routes.ts';
import { switchRoutes } from './fleet/switch-routes.ts';
import { type Api, createApi } from './kit/http.ts';
import { inTurns } from './kit/turns.ts';
import { chainRoutes } from './liquidity/routes.ts';
import { accountRoutes } from './payments/account-routes.ts';
import { invoiceRoutes, paymentRoutes } from './payments/routes.ts';
import { suspenseRoutes } from './payments/suspense-routes.ts';
import { pageRoutes } from './ui/routes.ts';

export interface SystemOptions extends EngineOptions {
  /** Rooms that are switched on add their routes here. */
  readonly rooms?: (api: Api, guarded: Guarded, fleet: Fleet) => void;
}

export interface System extends Pick<Engine, 'fleet' | 'payments' | 'kick' | 'stop'> {
  readonly api: Api;
}

/** However many ask: connections are left for the leases, the effects and the events of nodes, which cannot wait. */
const REQUESTS_AT_ONCE = 8;

export async function openSystem(options: SystemOptions): Promise<System> {
  const { db, log } = options;
  const engine = await startEngine(options);
  const { fleet, publisher, kick } = engine;
  const door = inTurns(db, REQUESTS_AT_ONCE);
  const payments = { ...engine.payments, db: door };
  const api = createApi(log);
  const guarded = guardOf(door);
  fleetRoutes(api, guarded, db, fleet);
  switchRoutes(api, guarded, fleet);
  accountRoutes(api, guarded, door);
  suspenseRoutes(api, guarded, door);
  paymentRoutes(api, guarded, payments, kick);
  invoiceRoutes(api, guarded, payments, kick);
  chainRoutes(api, guarded, payments);
  eventRoutes(api, guarded, door, publisher);
  options.rooms?.(api, guarded, fleet);
  pageRoutes(api);
  document(api);

  return { ...engine, api };
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
