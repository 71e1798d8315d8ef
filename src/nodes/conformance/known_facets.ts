import type { Facet } from '../node.ts';
import type { DriverName } from './world.ts';

/** What each daemon is known to do: a driver that declares less has lost something. */
export const KNOWN_FACETS: Readonly<Record<DriverName, readonly Facet[]>> = {
  memory: ['routes', 'open', 'close'],
  ldk: ['routes', 'open', 'close'],
  lnd: [
    'routes',
    'open',
    'close',
    'holdInvoices',
    'keysend',
    'policies',
    'aliases',
    'zeroConf',
    'messages',
    'interception',
    'graph',
    'backups',
    'signing',
    'watchtower',
  ],
  cln: ['routes', 'open', 'close', 'policies', 'messages', 'interception', 'backups'],
  eclair: ['open', 'close'],
};
