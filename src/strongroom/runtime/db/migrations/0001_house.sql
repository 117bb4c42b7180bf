-- The tables and functions that every service has.

create table if not exists schema_migrations (
    origin text not null check (origin in ('runtime', 'service')),
    version bigint not null check (version > 0),
    name text not null,
    checksum bytea not null check (length(checksum) = 32),
    applied_at timestamptz not null default clock_timestamp(),
    primary key (origin, version)
);

-- Called by Database.commit for a guarded statement: no row touched means that another worker has done it.
create or replace function require_row(touched bigint) returns bigint
language plpgsql as $$
begin
    if touched = 0 then
        raise exception 'a guarded statement touched no row' using errcode = 'SR001';
    end if;
    return touched;
end
$$;

-- For tables whose history is sacred: create trigger ... execute function refuse_change().
create or replace function refuse_change() returns trigger
language plpgsql as $$
begin
    raise exception '% on % is refused: its rows are append-only', tg_op, tg_table_name using errcode = 'SR002';
end
$$;

-- create trigger ... before update ... for each row execute function set_once('column', ...).
create or replace function set_once() returns trigger
language plpgsql as $$
declare
    changed boolean;
    position integer;
begin
    for position in 0 .. tg_nargs - 1 loop
        execute format('select ($1).%1$I is not null and ($1).%1$I is distinct from ($2).%1$I', tg_argv[position])
            into changed using old, new;
        if changed then
            raise exception '%.% is set once and cannot change', tg_table_name, tg_argv[position] using errcode = 'SR003';
        end if;
    end loop;
    return new;
end
$$;

create table if not exists service_handoff_events (
    id bigint generated always as identity primary key,
    handoff_id text not null constraint service_handoff_events_handoff_id_key unique,
    transaction_id uuid,
    from_service text not null,
    to_service text not null,
    method text not null,
    cert_chain_hash bytea not null check (length(cert_chain_hash) = 32),
    cert_chain text, -- of the first row with this hash at least: without it nobody could check the tokens later
    payload_hash bytea not null check (length(payload_hash) = 32),
    parents text[] not null,
    token text not null,
    direction text not null check (direction in ('received', 'receipt')),
    occurred_at timestamptz not null
);
create index if not exists service_handoff_events_transaction on service_handoff_events (transaction_id, id);
create index if not exists service_handoff_events_chain on service_handoff_events (cert_chain_hash)
where cert_chain is not null;

create or replace trigger service_handoff_events_append_only
before update or delete on service_handoff_events
for each row execute function refuse_change();
create or replace trigger service_handoff_events_no_truncate
before truncate on service_handoff_events
for each statement execute function refuse_change();
-- always: not even a session that plays a replica may skip them
alter table service_handoff_events enable always trigger service_handoff_events_append_only;
alter table service_handoff_events enable always trigger service_handoff_events_no_truncate;

create table if not exists work (
    key text not null,
    operation text not null,
    attempt bigint not null check (attempt >= 0),
    payload bytea not null,
    version bigint not null default 0,
    lease_owner text,
    lease_until timestamptz,
    due_at timestamptz not null,
    tries bigint not null default 0,
    last_error text,
    created_at timestamptz not null,
    finished_at timestamptz,
    primary key (key, operation, attempt),
    check ((lease_owner is null) = (lease_until is null))
);
create index if not exists work_due on work (due_at) where finished_at is null;
