/** The stores of the product, and their models. */
import * as access from '../../../src/access/store.ts';
import * as past from '../../../src/fleet/past-store.ts';
import * as processes from '../../../src/fleet/process-store.ts';
import * as fleet from '../../../src/fleet/store.ts';
import * as switches from '../../../src/fleet/switch-store.ts';
import * as effects from '../../../src/kit/effect-store.ts';
import * as answered from '../../../src/kit/idempotency-store.ts';
import * as outbox from '../../../src/kit/outbox-store.ts';
import * as ledger from '../../../src/ledger/store.ts';
import * as attempts from '../../../src/payments/attempt-store.ts';
import * as claims from '../../../src/payments/claim-store.ts';
import * as foreign from '../../../src/payments/foreign-store.ts';
import * as invoices from '../../../src/payments/invoice-store.ts';
import * as payments from '../../../src/payments/store.ts';
import * as accessModel from '../access/store.ts';
import * as pastModel from '../fleet/past-store.ts';
import * as processesModel from '../fleet/process-store.ts';
import * as fleetModel from '../fleet/store.ts';
import * as switchesModel from '../fleet/switch-store.ts';
import * as effectsModel from '../kit/effect-store.ts';
import * as answeredModel from '../kit/idempotency-store.ts';
import * as outboxModel from '../kit/outbox-store.ts';
import * as ledgerModel from '../ledger/store.ts';
import * as attemptsModel from '../payments/attempt-store.ts';
import * as claimsModel from '../payments/claim-store.ts';
import * as foreignModel from '../payments/foreign-store.ts';
import * as invoicesModel from '../payments/invoice-store.ts';
import * as paymentsModel from '../payments/store.ts';

export const SQL = {
  access,
  processes,
  past,
  fleet,
  switches,
  effects,
  answered,
  outbox,
  ledger,
  attempts,
  claims,
  foreign,
  invoices,
  payments,
};
export type Stores = typeof SQL;

export const MODEL: Stores = {
  access: accessModel,
  processes: processesModel,
  past: pastModel,
  fleet: fleetModel,
  switches: switchesModel,
  effects: effectsModel,
  answered: answeredModel,
  outbox: outboxModel,
  ledger: ledgerModel,
  attempts: attemptsModel,
  claims: claimsModel,
  foreign: foreignModel,
  invoices: invoicesModel,
  payments: paymentsModel,
};
