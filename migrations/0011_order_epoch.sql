-- An order of an earlier epoch (see `past`) may have been begun meanwhile, whatever its effect says.
alter table chain_order add column epoch bigint not null default 0;
