-- The vault: what opens the own nodes, sealed by AES-256-GCM with a key that is not in the database, about the node's
-- name and the version, so that no row can take the place of another. A node may be here that has not joined yet.
create table node_credentials (
  node_id text primary key,
  region text not null,
  driver text not null,
  exposure_msat_max bigint check (exposure_msat_max > 0),  -- null: no limit
  version integer not null check (version > 0),            -- one more with each change
  key_id text not null,                                    -- which key has sealed it; tells nothing of the key
  sealed bytea not null,
  changed_at timestamptz not null default now()
);
