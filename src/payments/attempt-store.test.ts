import { afterEach, beforeEach, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../test/support/database.ts';
import { migrate, readMigrations } from '../kit/migrate.ts';
import { nodeId } from '../lightning/ids.ts';
import { msat } from '../money/msat.ts';
import { planToKeep, readAttempts } from './attempt-store.ts';
import type { PayerCandidate } from './plan.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await freshDatabase({ empty: true });
});
afterEach(() => db.close());

const candidate = (name: string): PayerCandidate => ({
  node: nodeId(name),
  region: name,
  health: 'up',
  spendableMsat: msat(1n),
  feeMsat: null,
  cltvDelta: null,
  routes: [],
  obstacle: 'no_route',
  answerMs: 1,
});

it('keeps the best 32 of any number of candidates', () => {
  const candidates = Array.from({ length: 100 }, (_, index) => candidate(`node-${index}`));
  const kept = planToKeep({ chosen: null, why: null, candidates }).candidates;
  expect(kept).toHaveLength(32);
  expect(kept[0]?.node).toBe('node-0');
});

it('a payment from before attempts were kept has the plan that it had', async () => {
  const migrations = readMigrations();
  await migrate(db, migrations.slice(0, 1));
  const plan = { chosen: 'eu', candidates: [{ node: 'eu', obstacle: null }] };
  await db.tx(async (tx) => {
    await tx.query(
      `insert into account (id, kind, floored) values ('own:business', 'equity', true);
       insert into obligation (id, source, account_id, amount_msat) values ('obl_1', 'x:1', 'own:business', 1)`,
    );
    await tx.query(
      `insert into payment (id, obligation_id, account_id, network, payment_hash, bolt11, payment_secret, amount_msat,
         fee_limit_msat, state, attempt, plan, deadline_at)
       values ('pay_1', 'obl_1', 'own:business', 'regtest', 'aa', 'lnbcrt', 'bb', 1, 0, 'pending', 2, $1, now())`,
      [JSON.stringify(plan)],
    );
  });
  await migrate(db, migrations);
  expect(await readAttempts(db.read, 'pay_1')).toMatchObject([
    {
      attempt: 2,
      rounds: 1,
      plan: { chosen: 'eu', why: null, candidates: [{ node: 'eu', obstacle: null, answer_ms: null }] },
    },
  ]);
});
