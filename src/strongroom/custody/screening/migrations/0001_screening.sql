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
    verification_uuid uuid,
    verdict bytea not null,
    recorded_at timestamptz not null,
    constraint travel_rule_records_once unique (transaction_id, attempt),
    check (required = (outcome <> 'NOT_REQUIRED')),
    check (verification_uuid is null or required and not simulated)
);
create or replace trigger travel_rule_records_append_only
before update or delete on travel_rule_records
for each row execute function refuse_change();
create or replace trigger travel_rule_records_no_truncate
before truncate on travel_rule_records
for each statement execute function refuse_change();
alter table travel_rule_records enable always trigger travel_rule_records_append_only;
alter table travel_rule_records enable always trigger travel_rule_records_no_truncate;

-- Who sends and who receives. Names and whatever else identifies a person are in the column persons, sealed.
create table if not exists travel_rule_originators (
    tenant_id text not null,
    vault_account text not null,
    jurisdiction text not null check (length(jurisdiction) = 2),
    kyc text not null check (kyc in ('VERIFIED', 'UNVERIFIED', 'BLACKLISTED')),
    persons bytea not null,
    imported_at timestamptz not null,
    primary key (tenant_id, vault_account)
);

create table if not exists travel_rule_destinations (
    tenant_id text not null,
    asset_id text not null,
    address text not null,
    jurisdiction text not null check (length(jurisdiction) = 2),
    vasp_id text,
    persons bytea not null,
    imported_at timestamptz not null,
    primary key (tenant_id, asset_id, address)
);

-- Written before another institution is asked, so that its answer is found again after a crash.
create table if not exists travel_rule_exchanges (
    transaction_id uuid primary key,
    tenant_id text not null,
    verification_uuid uuid not null unique,
    vasp_id text not null,
    asked_at timestamptz not null,
    tx_hash text check (tx_hash <> ''),
    sent_reported_at timestamptz,
    failure text check (failure <> ''),
    failed_reported_at timestamptz,
    check ((tx_hash is null) = (sent_reported_at is null)),
    check ((failure is null) = (failed_reported_at is null))
);
create or replace trigger travel_rule_exchanges_set_once
before update on travel_rule_exchanges
for each row execute function set_once(
    'transaction_id', 'tenant_id', 'verification_uuid', 'vasp_id', 'asked_at', 'tx_hash', 'sent_reported_at',
    'failure', 'failed_reported_at'
);
alter table travel_rule_exchanges enable always trigger travel_rule_exchanges_set_once;

-- What other institutions asked about addresses here. Empty texts: whose address it is, is not known.
create table if not exists travel_rule_inbound (
    verification_uuid uuid primary key,
    tenant_id text not null,
    vault_account text not null,
    originating_vasp_id text not null,
    asset_id text not null,
    address text not null,
    amount text not null,
    result text not null check (result in ('VERIFIED', 'DENIED', 'UNKNOWN')),
    reason text,
    answered_at timestamptz not null,
    tx_hash text check (tx_hash <> ''),
    sent_at timestamptz,
    failure text check (failure <> ''),
    failed_at timestamptz,
    check ((result = 'DENIED') = (reason is not null)),
    check ((tx_hash is null) = (sent_at is null)),
    check ((failure is null) = (failed_at is null))
);
create or replace trigger travel_rule_inbound_set_once
before update on travel_rule_inbound
for each row execute function set_once(
    'verification_uuid', 'tenant_id', 'vault_account', 'originating_vasp_id', 'asset_id', 'address', 'amount', 'result',
    'reason', 'answered_at', 'tx_hash', 'sent_at', 'failure', 'failed_at'
);
alter table travel_rule_inbound enable always trigger travel_rule_inbound_set_once;
