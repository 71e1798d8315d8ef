-- Who may not be used, and whether anything is sent at all: read by every process on the database.

-- A drained node starts nothing new. By hand and by rule are apart: each is ended by whoever began it.
create table node_drain (
  node_id text not null references node,
  cause text not null check (cause in ('hand', 'rule')),
  reason text not null,
  principal text,                            -- by hand: whose key
  since timestamptz not null default now(),
  primary key (node_id, cause)
);

-- The panic switch: while it is on, no part is sent.
create table panic (
  only_row boolean primary key default true check (only_row),
  is_on boolean not null,
  epoch bigint not null,                     -- counts the switchings
  reason text,
  principal text,
  at timestamptz not null default now()
);
insert into panic (is_on, epoch) values (false, 0);

-- The newest switching that the session's owner has obeyed: no send that it began before is under way any more.
alter table node_session add column panic_seen bigint not null default 0;
