import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDb } from '../../src/kit/db.ts';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { ENCOUNTERS } from './agreement/encounters.ts';
import type { Operation } from './agreement/operation.ts';
import { OPERATIONS } from './agreement/operations.ts';
import { play, type Seen, type Step } from './agreement/play.ts';

/** Other stories than those of every run: ARGOSY_AGREE_SEED and ARGOSY_AGREE_RUNS. */
const SEED = Number(process.env.ARGOSY_AGREE_SEED ?? 1);
const RUNS = Number(process.env.ARGOSY_AGREE_RUNS ?? 10);

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
  // For the connections that follow, where this role may; else every deadlock takes a second.
  const once = openDb(db.target, { max: 1 });
  const soon = `alter database ${db.name} set deadlock_timeout = '10ms'`;
  await once.tx((tx) => tx.query(soon)).catch(() => undefined);
  await once.close();
});
afterAll(() => db.close());

const stepsOf = (operations: readonly fc.Arbitrary<Operation>[]): fc.Arbitrary<Step[]> => {
  const what = fc.oneof(
    { weight: 8, arbitrary: fc.oneof(...operations) },
    { weight: 2, arbitrary: fc.constant('commit' as const) },
    { weight: 1, arbitrary: fc.constant('rollback' as const) },
  );
  const step = fc.record({ who: fc.constantFrom<0 | 1>(0, 1), what });
  return fc.array(step, { minLength: 5, maxLength: 60, size: 'max' });
};

test.each(Object.entries(ENCOUNTERS))('%s, in PostgreSQL and in the model', async (_what, [waits, steps]) => {
  const seen: Seen = { waits: 0, deadlocks: 0, refusals: 0 };
  await play(db, steps, seen);
  expect(seen.waits > 0).toBe(waits);
});

describe('the model of the store does what PostgreSQL does:', () => {
  const seen: Seen = { waits: 0, deadlocks: 0, refusals: 0 };
  const everything = Object.values(OPERATIONS).flat();

  test.each([...Object.entries(OPERATIONS), ['everything', everything] as const])(
    'stories of %s',
    async (_name, operations) => {
      const property = fc.asyncProperty(stepsOf(operations), (steps) => play(db, steps, seen));
      await fc.assert(property, { seed: SEED, numRuns: RUNS });
    },
    600_000,
  );

  test('and in these stories transactions have waited and been refused', () => {
    expect(Math.min(seen.waits, seen.refusals)).toBeGreaterThan(0);
  });
});
