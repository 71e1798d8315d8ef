-- What the channels of each node were seen at: a node that shows less was put back to an earlier state.
create table channel_witness (
  node_id text not null references node,
  channel text not null,
  updates bigint not null,
  at timestamptz not null default now(),
  primary key (node_id, channel)
);
alter table node_drain drop constraint node_drain_cause_check;
alter table node_drain add constraint node_drain_cause_check check (cause in ('hand', 'rule', 'past'));
