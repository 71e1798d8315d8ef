/** Years of payments in a minute: copies of one finished payment in every table that a payment touches. */
import type { Db, Tx } from '../src/kit/db.ts';

const BATCH = 5_000;

/**
 * Brings settled payments up to `count`, `there` of which are there, with obligation, hash claim, part, transfers, idempotency key and events, then
 * vacuums as autovacuum would have by then. Balances are not touched: the copies moved no money.
 */
export async function addHistory(db: Db, count: number, there = 0): Promise<void> {
  for (let first = there + 1; first <= count; first += BATCH) {
    const last = Math.min(count, first + BATCH - 1);
    await db.tx((tx) => addBatch(tx, first, last), { queryTimeoutMs: 600_000 });
  }
  if (count > there) await db.read.query('vacuum analyze');
}

async function addBatch(tx: Tx, first: number, last: number): Promise<void> {
  await tx.query(
    `create temp table old on commit drop as
     select n, md5(n::text) || md5(n::text || 'x') as hash, '0' || lpad(n::text, 10, '0') as tail
     from generate_series(${first}, ${last}) n;
     create temp table one on commit drop as select * from payment where state = 'settled' order by id desc limit 1;
     create temp table told on commit drop as
     select row_number() over (order by event.id) as k, type, data, event.at
     from event where subject = (select id from one);
     create temp table moved on commit drop as
     select debit, credit, amount_msat, left(source, 4) as about, reason from transfer
     where source = (select id from one) or source in (select id from part where payment_id = (select id from one));
     analyze old; analyze one; analyze told; analyze moved`,
  );
  await tx.query(
    `insert into obligation (id, source, account_id, amount_msat)
     select 'obl_' || tail, 'history:' || n, account_id, one.amount_msat from old, one`,
  );
  await tx.query(
    `insert into payment (id, obligation_id, account_id, network, payment_hash, bolt11, payment_secret, amount_msat,
       fee_limit_msat, state, preimage, paid_fee_msat, fee_msat, attempt, deadline_at, created_at, ended_at)
     select 'pay_' || tail, 'obl_' || tail, account_id, network, hash, bolt11, payment_secret, amount_msat,
       fee_limit_msat, state, preimage, paid_fee_msat, fee_msat, attempt, deadline_at,
       created_at - (1000000 - n) * interval '1 s', ended_at from old, one`,
  );
  await tx.query(
    `insert into attempt (payment_id, attempt, plan, rounds, planned_at)
     select 'pay_' || tail, attempt.attempt, plan, rounds, planned_at from old, attempt
     where attempt.payment_id = (select id from one)`,
  );
  await tx.query(`insert into hash_claim select network, hash, 'pay_' || tail from old, one`);
  await tx.query(
    `insert into part (id, payment_id, attempt, node_id, token, amount_msat, fee_msat, route, state, ended_at)
     select 'prt_' || tail, 'pay_' || tail, part.attempt, node_id, hash, part.amount_msat, part.fee_msat, route,
       part.state, part.ended_at from old, part where part.payment_id = (select id from one)`,
  );
  await tx.query(
    `insert into transfer (debit, credit, amount_msat, source, reason)
     select debit, credit, amount_msat, about || tail, reason from old, moved`,
  );
  await tx.query(
    `insert into idempotency (principal_id, key, request_hash, status, body)
     select principal_id, 'history-' || n, request_hash, status, body from old,
       (select * from idempotency limit 1) answered`,
  );
  await tx.query(
    `with head as (select last_id from event_head for update),
     added as (
       insert into event (id, type, subject, data, at)
       select last_id + (n - ${first}) * (select count(*) from told) + k, type, 'pay_' || tail, data, at
       from head, old, told returning id)
     update event_head set last_id = last_id + (select count(*) from added)`,
  );
}
