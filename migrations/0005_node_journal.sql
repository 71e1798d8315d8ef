-- What a driver remembers beside its daemon: numbered events, and facts. See src/nodes/journal.ts.
create table node_journal (
  node_id text primary key,
  version bigint not null default 0,         -- steps written so far
  newest bigint not null default 0,          -- place of the newest event
  writer text                                -- who wrote the last step
);
create table node_journal_event (
  node_id text not null,
  place bigint not null,
  happening text not null,                   -- JSON; amounts as {"msat": "1"}
  primary key (node_id, place)
);
create table node_journal_fact (
  node_id text not null,
  key text not null,
  value json not null,
  primary key (node_id, key)
);
