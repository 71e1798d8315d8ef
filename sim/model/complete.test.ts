import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { MODELS } from '../substitute.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Stores that no simulated process comes to: it would be told that the model runs no SQL. */
const NOT_SIMULATED = [
  'src/fleet/order-store.ts',
  'src/fleet/witness-store.ts',
  'src/kit/retention-store.ts',
  'src/liquidity/store.ts',
  'src/payments/retention-store.ts',
  'src/payments/suspense-store.ts',
  // The writing half of `payments/store.ts`, whose model does both.
  'src/payments/saving-store.ts',
];

test('every store has its model, or is named as one that is not simulated', () => {
  const stores = globSync(['src/*/store.ts', 'src/*/*-store.ts'], { cwd: ROOT });
  expect([...Object.keys(MODELS), ...NOT_SIMULATED].sort()).toEqual(stores.sort());
});
