-- What each attempt of a payment was planned on is kept with it, and how long the send of a part took.

create table attempt (
  payment_id text not null references payment,
  attempt integer not null check (attempt > 0),
  plan json not null,                        -- who was asked, best first, as it was explained then
  rounds integer not null check (rounds > 0),-- how often everybody was asked
  planned_at timestamptz not null,           -- when the last of them had answered
  primary key (payment_id, attempt)
);
insert into attempt (payment_id, attempt, plan, rounds, planned_at)
  select id, greatest(attempt, 1),
    ('{"why": null}' || jsonb_set(plan, '{candidates}', (
      select coalesce(jsonb_agg('{"answer_ms": null}' || candidate), '[]')
      from jsonb_array_elements(plan -> 'candidates') as candidate)))::json,
    1, created_at
  from payment where internal_invoice_id is null;
alter table payment drop column plan;

alter table payment add column preferred_region text;
alter table part add column send_ms integer; -- how long its node took to take it, until sent_at; null: not known
