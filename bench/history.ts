/** Years of payments in a minute: copies of one finished payment in every table that a payment touches. */
import type { Db, Tx } from '../src/kit/db.ts';

const BATCH = 20_000;
/** Of so many of the newest there is also what is not kept for ever: their answers, events and plans. */
const RETAINED = 100_000;
/** Above so many, indexes over what comes in no order are made anew at the end. */
const BULK = 500_000;

const UNORDERED = [
  ['hash_claim', 'hash_claim_pkey', 'primary key (network, payment_hash)'],
  ['part', 'part_token_key', 'unique (token)'],
] as const;

/**
 * Brings settled payments up to `count`, of which `there` are there, with obligation, hash claim, part and transfers;
 * the newest of them with idempotency key, events and plan; then vacuums as autovacuum would have by then. Balances are
 * not touched: the copies moved no money. Whoever uses the database meanwhile has no constraints to rely on.
 */
export async function addHistory(db: Db, count: number, there = 0): Promise<void> {
  const bulk = count - there > BULK;
  const alter = async (how: (entry: (typeof UNORDERED)[number]) => string): Promise<void> => {
    if (bulk) for (const entry of UNORDERED) await change(db, how(entry));
  };
  await alter(([table, name]) => `alter table ${table} drop constraint ${name}`);
  for (let first = there + 1; first <= count; first += BATCH) {
    const last = Math.min(count, first + BATCH - 1);
    await db.tx((tx) => addBatch(tx, first, last, last > count - RETAINED), HOURS);
    if (last % BULK === 0) console.error(`${last} payments of history`);
  }
  await alter(([table, name, what]) => `alter table ${table} add constraint ${name} ${what}`);
  if (count > there) await db.read.query('vacuum analyze');
}

/** How many there are: they are numbered, and older than any real one. */
export async function readHistory(db: Db): Promise<number> {
  const newest = await db.read.maybe<{ id: string }>(
    `select id from payment where id < 'pay_01' order by id desc limit 1`,
  );
  return newest === null ? 0 : Number(newest.id.slice('pay_'.length));
}

const HOURS = { queryTimeoutMs: 3 * 3_600_000 };

const change = (db: Db, sql: string): Promise<unknown> =>
  db.tx(async (tx) => {
    await tx.query(`set local maintenance_work_mem = '512MB'`);
    await tx.query(sql);
  }, HOURS);

async function addBatch(tx: Tx, first: number, last: number, retained: boolean): Promise<void> {
  // Foreign keys hold by the way it is made; a lost batch is the bench's loss only.
  await tx.query(
    `set local session_replication_role = replica; set local synchronous_commit = off;
     create temp table old on commit drop as
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
       created_at - (20000000 - n) * interval '1 s', ended_at from old, one`,
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
  if (retained) await addRetained(tx, first);
}

async function addRetained(tx: Tx, first: number): Promise<void> {
  await tx.query(
    `insert into attempt (payment_id, attempt, plan, rounds, planned_at)
     select 'pay_' || tail, attempt.attempt, plan, rounds, planned_at from old, attempt
     where attempt.payment_id = (select id from one)`,
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
