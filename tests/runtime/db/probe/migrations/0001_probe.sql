-- What the tests of runtime/db change: a free table, an append-only one and one with columns that are set once.
create table things (
    id bigint generated always as identity primary key,
    name text not null constraint things_name_key unique,
    units bigint not null default 0
);
create table notes (
    id bigint generated always as identity primary key,
    note text not null
);
create trigger notes_append_only before update or delete on notes for each row execute function refuse_change();
create trigger notes_no_truncate before truncate on notes for each statement execute function refuse_change();
create table records (
    id text primary key,
    status text not null,
    tx_hash text,
    raw_payload bytea
);
create trigger records_set_once before update on records
for each row execute function set_once('tx_hash', 'raw_payload');
