create table if not exists screening_lists (
    name text primary key check (name <> ''),
    content_hash bytea not null check (length(content_hash) = 32),
    addresses bigint not null check (addresses > 0),
    imported_at timestamptz not null
);

create table if not exists screening_entries (
    list_name text not null references screening_lists (name),
    address text not null,
    primary key (address, list_name)
);
create index if not exists screening_entries_list on screening_entries (list_name);

create table if not exists aml_screening_results (
    id bigint generated always as identity primary key,
    tenant_id text not null,
    transaction_id uuid not null,
    attempt bigint not null check (attempt >= 0),
    intent_hash bytea not null check (length(intent_hash) = 32),
    address text not null,
    provider text not null,
    aml text not null check (aml in ('PASS', 'REJECT')),
    matched_list text,
    detail text not null,
    evidence_hash bytea not null check (length(evidence_hash) = 32),
    screened_at timestamptz not null,
    constraint aml_screening_results_once unique (transaction_id, attempt),
    check ((aml = 'REJECT') = (matched_list is not null))
);
create or replace trigger aml_screening_results_append_only
before update or delete on aml_screening_results
for each row execute function refuse_change();
create or replace trigger aml_screening_results_no_truncate
before truncate on aml_screening_results
for each statement execute function refuse_change();
alter table aml_screening_results enable always trigger aml_screening_results_append_only;
alter table aml_screening_results enable always trigger aml_screening_results_no_truncate;

create table if not exists travel_rule_records (
    id bigint generated always as identity primary key,
    tenant_id text not null,
    transaction_id uuid not null,
    attempt bigint not null check (attempt >= 0),
    intent_hash bytea not null check (length(intent_hash) = 32),
    required boolean not null,
    reason text not null,
    outcome text not null check (outcome in ('NOT_REQUIRED', 'EXCHANGED', 'REFUSED')),
    counterparty text not null,
    simulated boolean not null,
    verdict bytea not null,
    recorded_at timestamptz not null,
    constraint travel_rule_records_once unique (transaction_id, attempt),
    check (required = (outcome <> 'NOT_REQUIRED'))
);
create or replace trigger travel_rule_records_append_only
before update or delete on travel_rule_records
for each row execute function refuse_change();
create or replace trigger travel_rule_records_no_truncate
before truncate on travel_rule_records
for each statement execute function refuse_change();
alter table travel_rule_records enable always trigger travel_rule_records_append_only;
alter table travel_rule_records enable always trigger travel_rule_records_no_truncate;
