create table if not exists vasps (
    vasp_id text primary key check (vasp_id ~ '^[1-9][0-9]{0,19}$'),
    serial bigint not null check (serial > 0),
    record bytea not null,
    enrolled_at timestamptz not null,
    updated_at timestamptz not null
);
comment on column vasps.vasp_id is 'decimal text of an unsigned 64-bit number';
comment on column vasps.record is 'as the network authority signed it; every enclave checks that signature itself';

create table if not exists vasp_health (
    vasp_id text primary key references vasps (vasp_id),
    health text not null check (health in ('UP', 'DOWN')),
    since timestamptz not null,
    checked_at timestamptz not null
);

create table if not exists relayed_messages (
    id bigint generated always as identity primary key,
    message_id uuid not null,
    kind text not null,
    from_vasp text not null,
    to_vasp text not null,
    question_bytes bigint not null check (question_bytes >= 0),
    answer_bytes bigint not null check (answer_bytes >= 0),
    outcome text not null check (outcome in ('ANSWERED', 'COUNTERPARTY_UNAVAILABLE', 'COUNTERPARTY_REFUSED')),
    took_ms bigint not null check (took_ms >= 0),
    received_at timestamptz not null
);
comment on table relayed_messages is 'that a message passed: never a byte of what it held';
create index if not exists relayed_messages_received_at on relayed_messages (received_at);
create or replace trigger relayed_messages_append_only
before update or delete on relayed_messages
for each row execute function refuse_change();
create or replace trigger relayed_messages_no_truncate
before truncate on relayed_messages
for each statement execute function refuse_change();
alter table relayed_messages enable always trigger relayed_messages_append_only;
alter table relayed_messages enable always trigger relayed_messages_no_truncate;
