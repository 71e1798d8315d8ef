-- What is done on the chain by order: channels opened and closed at own nodes, coins sent. Written before it is done.
-- compatible: 0006

create table chain_order (
  id text primary key,
  node_id text not null references node,
  kind text not null check (kind in ('open', 'close', 'send')),
  token text not null unique,                -- names it to the node: the same token is never done twice
  amount_msat bigint check (amount_msat > 0),-- the capacity, or what is sent; whole sat
  peer text,                                 -- to open: its public key, and where it is reached
  host text,
  private boolean not null default false,
  channel text,                              -- the one to close; of one to open, once it is known
  force boolean not null default false,
  address text,
  fee_rate_sat_per_vb integer check (fee_rate_sat_per_vb > 0), -- null: what the node thinks right
  state text not null check (state in ('pending', 'unknown', 'published', 'confirmed', 'failed')),
  txid text,
  fee_msat bigint check (fee_msat >= 0),
  failure text,
  detail text,                               -- of the failure, or of the newest try without an answer
  principal text not null,                   -- whose key
  deadline_at timestamptz not null,          -- what was not begun by then is not done
  created_at timestamptz not null default now(),
  published_at timestamptz,
  ended_at timestamptz,
  check ((kind = 'close') = (amount_msat is null)),
  check ((kind = 'open') = (peer is not null)),
  check ((kind = 'send') = (address is not null)),
  check (kind <> 'close' or channel is not null),
  check ((state = 'failed') = (failure is not null)),
  check ((state in ('confirmed', 'failed')) = (ended_at is not null))
);
create index chain_order_newest on chain_order (created_at desc, id desc);
create index chain_order_open on chain_order (node_id) where state in ('pending', 'unknown', 'published');
create index chain_order_channel on chain_order (node_id, channel) where channel is not null;
