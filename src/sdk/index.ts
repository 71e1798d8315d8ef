/** `argosy/sdk`: a typed client for programs that pay and are paid through Argosy. */
export { msat, sat } from './amount.ts';
export { type Argosy, type ArgosyOptions, createArgosy } from './argosy.ts';
export type { ChainVerbs } from './chain.ts';
export { ArgosyProblem, type Code, OutcomeUnknown, Unreachable } from './errors.ts';
export type { EventOptions } from './events.ts';
export type { FleetVerbs } from './fleet.ts';
export type { InvoiceVerbs } from './invoices.ts';
export type { PageOptions, Pages } from './pages.ts';
export type { CallOptions, PaymentVerbs, PayOptions } from './payments.ts';
export type { PracticeVerbs } from './practice.ts';
export type * from './shapes.ts';
export type { WaitOptions } from './wait.ts';
