-- The ground: who may ask, what nodes there are, the ledger, obligations and payments, invoices, effects, events.
-- All amounts are msat in bigint. Ledger rows are transfers, so they cannot fail to balance.

create table principal (
  id text primary key,
  name text not null,
  created_at timestamptz not null default now()
);

create table api_key (
  id text primary key,
  principal_id text not null references principal,
  secret_hash text not null unique,          -- sha256, hex; the secret itself is never stored
  permissions text[] not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

create table node (
  id text primary key,                       -- 'us'
  region text not null,
  driver text not null,
  pubkey text not null unique,
  network text not null,
  created_at timestamptz not null default now()
);

-- A fenced lease: one process owns a node's streams and calls. The cursor moves in the transaction that books the events.
create table node_session (
  node_id text primary key references node,
  owner text not null,
  token bigint not null,
  expires_at timestamptz not null,
  cursor text
);

-- Ledger ---------------------------------------------------------------------------------------------------------

create table account (
  id text primary key,                       -- 'node:us:channels', 'own:business', 'customer:acme'
  kind text not null check (kind in ('asset', 'liability', 'equity', 'income', 'expense')),
  floored boolean not null,                  -- may not fall below zero
  balance_msat bigint not null default 0,    -- in the account's normal direction
  created_at timestamptz not null default now(),
  constraint account_floor check (not floored or balance_msat >= 0)
);

create table transfer (
  id bigint generated always as identity primary key,
  debit text not null references account,
  credit text not null references account,
  amount_msat bigint not null check (amount_msat > 0),
  unit text not null default 'msat' check (unit = 'msat'),
  source text not null,                      -- what it is about: 'prt_...', 'inv_...', 'node:us'
  reason text not null,                      -- 'hold', 'sent', 'fee', ...
  at timestamptz not null default now(),
  constraint transfer_two_accounts check (debit <> credit),
  constraint transfer_once unique (source, reason)
);

-- Paying ---------------------------------------------------------------------------------------------------------

-- What is owed, once. The source names the debt: an idempotency key, later a payout line or a mint quote.
create table obligation (
  id text primary key,
  source text not null unique,
  account_id text not null references account,
  amount_msat bigint not null check (amount_msat > 0),
  created_at timestamptz not null default now()
);

create table payment (
  id text primary key,
  obligation_id text not null references obligation,
  account_id text not null references account,
  network text not null,
  payment_hash text not null,
  bolt11 text not null,
  payment_secret text not null,              -- of the invoice, kept so that it is decoded once
  payment_metadata text,
  amount_msat bigint not null check (amount_msat > 0),
  fee_limit_msat bigint not null check (fee_limit_msat >= 0),
  state text not null check (state in ('pending', 'in_flight', 'unknown', 'settled', 'failed')),
  failure text,
  preimage text,
  paid_fee_msat bigint not null default 0,   -- of the parts settled so far
  fee_msat bigint check (fee_msat >= 0),     -- of the whole, once settled
  attempt integer not null,
  plan jsonb not null,                       -- the candidates of the newest attempt, as they were explained
  internal_invoice_id text,                  -- an invoice of our own, settled in the ledger
  deadline_at timestamptz not null,          -- no new attempt after it
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  check ((state = 'failed') = (failure is not null)),
  check ((state = 'settled') = (fee_msat is not null)),
  check ((state in ('settled', 'failed')) = (ended_at is not null))
);
-- A new payment (a new hash) for an obligation only after the one before is proven to have failed.
create unique index payment_live on payment (obligation_id) where state <> 'failed';
create index payment_newest on payment (created_at desc, id desc);

-- One live payment per hash in the whole fleet; deleted only when the payment is proven to have failed.
create table hash_claim (
  network text not null,
  payment_hash text not null,
  payment_id text not null references payment,
  primary key (network, payment_hash)
);

create table part (
  id text primary key,
  payment_id text not null references payment,
  attempt integer not null,
  node_id text not null references node,
  token text not null unique,
  amount_msat bigint not null check (amount_msat > 0),
  fee_msat bigint not null check (fee_msat >= 0),
  route jsonb not null,
  state text not null check (state in ('planned', 'in_flight', 'unknown', 'settled', 'failed')),
  failure text,
  created_at timestamptz not null default now(),
  sent_at timestamptz,                       -- when its send ended, with an answer or without
  ended_at timestamptz,
  checked_at timestamptz not null default now(),
  check ((state = 'failed') = (failure is not null)),
  check ((state in ('settled', 'failed')) = (ended_at is not null)),
  unique (payment_id, node_id, attempt, amount_msat)
);
create index part_open on part (node_id, checked_at) where state in ('planned', 'in_flight', 'unknown');

-- Receiving ------------------------------------------------------------------------------------------------------

create table invoice (
  id text primary key,
  node_id text not null references node,
  account_id text not null references account,
  network text not null,
  payment_hash text not null,
  bolt11 text not null,
  amount_msat bigint check (amount_msat > 0),
  description text not null,
  state text not null check (state in ('new', 'settled', 'expired', 'cancelled')),
  received_msat bigint check (received_msat > 0),
  paid text check (paid in ('on_time', 'late')),
  internal boolean not null default false,   -- paid by an account of ours, inside the ledger
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  checked_at timestamptz not null default now(),  -- 'infinity': never to be looked at again
  unique (network, payment_hash),
  check ((state = 'settled') = (received_msat is not null and settled_at is not null and paid is not null))
);
create index invoice_newest on invoice (created_at desc, id desc);
create index invoice_open on invoice (node_id, checked_at) where state in ('new', 'expired');

-- Kit ------------------------------------------------------------------------------------------------------------

create table idempotency (
  principal_id text not null references principal,
  key text not null,
  request_hash text not null,
  status integer not null,
  body jsonb not null,
  created_at timestamptz not null default now(),
  primary key (principal_id, key)
);

-- What is still to be done to the world. Claiming moves run_after into the future; done means deleted.
create table effect (
  id bigint generated always as identity primary key,
  kind text not null,
  key text not null,
  node_id text references node,              -- only the owner of that node's session may claim it
  payload jsonb not null,
  priority smallint not null default 100,
  deadline_height integer,
  run_after timestamptz not null default now(),
  attempts integer not null default 0,
  claim bigint not null default 0,
  unique (kind, key)
);
create index effect_due on effect (run_after);

-- Written in the transactions of money, numbered afterwards in one row's lock: readers never miss a late commit.
create table outbox (
  id bigint generated always as identity primary key,
  type text not null,
  subject text not null,
  data jsonb not null,
  at timestamptz not null default now()
);
create table event (
  id bigint primary key,
  type text not null,
  subject text not null,
  data jsonb not null,
  at timestamptz not null
);
create table event_head (only_row boolean primary key default true check (only_row), last_id bigint not null);
insert into event_head (last_id) values (0);
