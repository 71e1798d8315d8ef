/** Test only: drivers that are wrong on purpose, each in one way. The conformance suite must catch every one. */
import { balances, facets } from './broken/books.ts';
import { invoices, lookups, sends, standings } from './broken/calls.ts';
import type { BrokenDriver } from './broken/driver.ts';
import { events, streams } from './broken/streams.ts';

export { wrapped } from './broken/driver.ts';

export const BROKEN_DRIVERS: readonly BrokenDriver[] = [
  ...sends,
  ...lookups,
  ...invoices,
  ...events,
  ...streams,
  ...balances,
  ...facets,
  ...standings,
];
