-- A restored past: which database this is, whose history has been imported into it, and what other hands have paid.

-- Counts how often this database was found to have been put back, or to be a copy.
create table past (
  only_row boolean primary key default true check (only_row),
  epoch bigint not null,
  identity text,                             -- of the database in which the epoch began; null: it is new
  since timestamptz not null default now()
);
insert into past (epoch) values (0);

-- Differs between a database and each of its copies: a dump that is restored has other oids, a new cluster another
-- identifier, one that was put back or has failed over another timeline.
create function database_identity() returns text language sql stable as $$
  select concat_ws(' ', (select system_identifier from pg_control_system()),
                   left(pg_walfile_name(pg_current_wal_lsn()), 8),
                   (select oid from pg_database where datname = current_database()), 'past'::regclass::oid)
$$;

-- What a node did while the books did not look has been imported since this epoch began; or somebody goes on without it.
alter table node_session add column imported_epoch bigint not null default 0;
alter table node_session add column waived_epoch bigint not null default 0;

-- Of an earlier epoch: nobody knows what became of it meanwhile, so that it starts nothing new.
alter table payment add column epoch bigint not null default 0;

-- Parts at a node that are of no payment here: other software sent them, or an Argosy whose database was lost.
create table foreign_part (
  token text primary key,                    -- the driver's name for it
  node_id text not null references node,
  network text not null,
  payment_hash text not null,
  amount_msat bigint not null check (amount_msat > 0),
  fee_msat bigint not null check (fee_msat >= 0),
  state text not null check (state in ('in_flight', 'settled', 'failed')),
  preimage text,
  found_at timestamptz not null default now(),
  ended_at timestamptz,
  check ((state = 'in_flight') = (ended_at is null))
);
create index foreign_part_hash on foreign_part (network, payment_hash);
create index foreign_part_open on foreign_part (node_id) where state = 'in_flight';
-- What waits for a person to explain it is found without reading all transfers.
create index transfer_suspense on transfer (id) where debit like 'node:%:suspense' or credit like 'node:%:suspense';
-- Null: a foreign part has the hash.
alter table hash_claim alter column payment_id drop not null;
