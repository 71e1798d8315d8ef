/** Checked by the compiler: each module of the model has all that the store has whose place it takes, as it has it. */

type Model<Store, Module extends Store> = [Store, Module];

export type Complete = [
  Model<typeof import('../../src/access/store.ts'), typeof import('./access/store.ts')>,
  Model<typeof import('../../src/fleet/past-store.ts'), typeof import('./fleet/past-store.ts')>,
  Model<typeof import('../../src/fleet/process-store.ts'), typeof import('./fleet/process-store.ts')>,
  Model<typeof import('../../src/fleet/store.ts'), typeof import('./fleet/store.ts')>,
  Model<typeof import('../../src/fleet/switch-store.ts'), typeof import('./fleet/switch-store.ts')>,
  Model<typeof import('../../src/kit/effect-store.ts'), typeof import('./kit/effect-store.ts')>,
  Model<typeof import('../../src/kit/idempotency-store.ts'), typeof import('./kit/idempotency-store.ts')>,
  Model<typeof import('../../src/kit/outbox-store.ts'), typeof import('./kit/outbox-store.ts')>,
  Model<typeof import('../../src/ledger/store.ts'), typeof import('./ledger/store.ts')>,
  Model<typeof import('../../src/payments/attempt-store.ts'), typeof import('./payments/attempt-store.ts')>,
  Model<typeof import('../../src/payments/claim-store.ts'), typeof import('./payments/claim-store.ts')>,
  Model<typeof import('../../src/payments/foreign-store.ts'), typeof import('./payments/foreign-store.ts')>,
  Model<typeof import('../../src/payments/invoice-store.ts'), typeof import('./payments/invoice-store.ts')>,
  Model<typeof import('../../src/payments/store.ts'), typeof import('./payments/store.ts')>,
];
