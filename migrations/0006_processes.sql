-- Several processes on one database: which are alive, who has which node, and what the owner of a node is asked.
-- compatible: 0005

create table process (
  id text primary key,                       -- of a worker: owner in node_session
  role text not null check (role in ('up', 'serve', 'work')),
  region text,                               -- prefers nodes of it; null: none in particular
  seen_at timestamptz not null default now() -- says so every second; alive for ten
);

-- A lease comes first, adoption under it: a session may be of a node that is not in the books yet.
alter table node_session drop constraint node_session_node_id_fkey;
-- Why the owner cannot use the node now, for everybody else; null: it can.
alter table node_session add column trouble text;

-- What only the owner of a node can say, asked by an effect, answered here; whoever asked takes it away.
create table owner_answer (
  key text primary key,
  body text not null,
  at timestamptz not null default now()
);
