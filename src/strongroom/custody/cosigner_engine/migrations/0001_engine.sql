-- The tables of cosigner_engine.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Step 9: what the co-signers are asked, as it came from the vault. Only the status changes.
create table if not exists signing_requests (
    id uuid primary key,
    tenant_id text not null,
    transaction_id uuid not null,
    attempt bigint not null,
    policy_rule_ref text not null,
    request_token text not null,
    request_uri text not null,
    request_body bytea not null,
    intent bytea not null,
    payload bytea not null,
    decision bytea not null,
    verdict bytea not null,
    approvals bytea[] not null,
    digest bytea not null check (length(digest) = 32),
    status text not null check (status in ('OPEN', 'SIGNED', 'ASSEMBLED', 'CLOSED', 'SUPERSEDED')),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint signing_requests_attempt_key unique (transaction_id, attempt)
);
create or replace trigger signing_requests_set_once
before update on signing_requests
for each row execute function set_once(
    'id', 'tenant_id', 'transaction_id', 'attempt', 'policy_rule_ref', 'request_token', 'request_uri', 'request_body',
    'intent', 'payload', 'decision', 'verdict', 'approvals', 'digest', 'created_at'
);
alter table signing_requests enable always trigger signing_requests_set_once;

-- Step 10: one row for each word of a co-signer in each ceremony. signature is r, s and recovery id.
create table if not exists signing_events (
    id bigint generated always as identity primary key,
    tenant_id text not null,
    signing_request_id uuid not null references signing_requests (id),
    transaction_id uuid not null,
    ceremony_id bytea not null check (length(ceremony_id) = 32),
    cosigner bigint not null check (cosigner between 1 and 3),
    kind text not null check (kind in ('CONSENT', 'PARTIAL', 'ADOPTED', 'REFUSAL', 'TOMBSTONE', 'FAULT')),
    document bytea not null,
    signature bytea check (length(signature) = 65),
    occurred_at timestamptz not null,
    constraint signing_events_once_key unique (ceremony_id, cosigner, kind),
    check ((signature is not null) = (kind in ('PARTIAL', 'ADOPTED')))
);
create index if not exists signing_events_transaction on signing_events (transaction_id, id);
create or replace trigger signing_events_append_only
before update or delete on signing_events
for each row execute function refuse_change();
alter table signing_events enable always trigger signing_events_append_only;

-- Transactions that have ended before they were signed, whatever step they were in. Only the status changes.
create table if not exists close_requests (
    tenant_id text not null,
    transaction_id uuid primary key,
    request_hash bytea not null check (length(request_hash) = 32),
    reason text not null,
    status text not null check (status in ('OPEN', 'REPORTED', 'RESUMED')),
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create or replace trigger close_requests_set_once
before update on close_requests
for each row execute function set_once('tenant_id', 'transaction_id', 'request_hash', 'reason', 'created_at');
alter table close_requests enable always trigger close_requests_set_once;

-- What the co-signers said to it: the signed tombstone, the signed refusal after a release, or the request hash that
-- they honoured a peer's tombstone on.
create table if not exists close_answers (
    id bigint generated always as identity primary key,
    tenant_id text not null,
    transaction_id uuid not null references close_requests (transaction_id),
    cosigner bigint not null check (cosigner between 1 and 3),
    kind text not null check (kind in ('TOMBSTONE', 'RELEASED', 'HONOURED')),
    document bytea not null,
    occurred_at timestamptz not null,
    constraint close_answers_once_key unique (transaction_id, cosigner, kind)
);
create or replace trigger close_answers_append_only
before update or delete on close_answers
for each row execute function refuse_change();
alter table close_answers enable always trigger close_answers_append_only;

-- The tenants' document sets as published, for the co-signers that lack them.
create table if not exists document_sets (
    tenant_id text not null,
    version bigint not null check (version > 0),
    hash bytea not null check (length(hash) = 32),
    document bytea not null,
    created_at timestamptz not null,
    constraint document_sets_pkey primary key (tenant_id, version)
);
create or replace trigger document_sets_append_only
before update or delete on document_sets
for each row execute function refuse_change();
alter table document_sets enable always trigger document_sets_append_only;

-- Step 10a: what a co-signer's callback handler was asked and answered, from the co-signer's signed report.
create table if not exists callback_invocations (
    id bigint generated always as identity primary key,
    tenant_id text not null,
    transaction_id uuid not null,
    ceremony_id bytea not null check (length(ceremony_id) = 32),
    cosigner bigint not null check (cosigner between 1 and 3),
    request_id text not null,
    answer text not null,
    document bytea not null,
    occurred_at timestamptz not null,
    constraint callback_invocations_request_key unique (cosigner, request_id)
);
create or replace trigger callback_invocations_append_only
before update or delete on callback_invocations
for each row execute function refuse_change();
alter table callback_invocations enable always trigger callback_invocations_append_only;

-- One row for each key request of the owners; key_records as all three co-signers reported them, set once.
create table if not exists key_ceremonies (
    tenant_id text not null,
    key_id text not null,
    key_request_hash bytea not null check (length(key_request_hash) = 32),
    key_request bytea not null,
    status text not null check (status in ('RUNNING', 'RECORDED', 'FAILED')),
    reason text not null default '',
    ceremony_id bytea check (length(ceremony_id) = 32),
    key_records bytea[],
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint key_ceremonies_pkey primary key (tenant_id, key_id, key_request_hash),
    check ((status = 'RECORDED') = (key_records is not null))
);
create or replace trigger key_ceremonies_set_once
before update on key_ceremonies
for each row execute function set_once(
    'tenant_id', 'key_id', 'key_request_hash', 'key_request', 'ceremony_id', 'key_records', 'created_at'
);
alter table key_ceremonies enable always trigger key_ceremonies_set_once;
