-- What drivers of daemons remember: the events of a node, numbered, and facts that they must find again.

create table node_journal (
  node text primary key,               -- no reference: a node is looked at before it joins the fleet
  version bigint not null,             -- steps written so far; a step counts only after those it knows of
  newest bigint not null,              -- the number of the newest event
  writer text not null
);
create table node_event (
  node text not null,
  place bigint not null,
  body json not null,
  primary key (node, place)
);
create table node_fact (
  node text not null,
  key text not null,
  value json not null,
  primary key (node, key)
);
