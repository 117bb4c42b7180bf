-- The tables of secure_vault.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Every version that was applied; the newest is current.
create table if not exists document_sets (
    tenant_id text not null,
    version bigint not null check (version > 0),
    hash bytea not null check (length(hash) = 32),
    document bytea not null,
    applied_at timestamptz not null,
    primary key (tenant_id, version)
);
create or replace trigger document_sets_append_only
before update or delete on document_sets
for each row execute function refuse_change();
alter table document_sets enable always trigger document_sets_append_only;

-- What the owners asked for and what the co-signers recorded; never a share.
create table if not exists keys (
    tenant_id text not null,
    key_id text not null,
    status text not null check (status in ('PENDING', 'READY', 'FAILED')),
    reason text not null default '',
    key_request bytea not null,
    key_request_hash bytea not null check (length(key_request_hash) = 32),
    document_set_version bigint not null,
    rounds bigint not null default 0,
    key_records bytea[],
    public_key bytea check (length(public_key) = 33),
    chain_code bytea check (length(chain_code) = 32),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant_id, key_id),
    check ((status = 'READY') = (key_records is not null)),
    check ((status = 'READY') = (public_key is not null)),
    check ((status = 'READY') = (chain_code is not null))
);
create or replace trigger keys_set_once
before update on keys
for each row execute function set_once('key_records', 'public_key', 'chain_code');
alter table keys enable always trigger keys_set_once;

-- One row for each refresh that the owners asked for; the key shows the records of the newest that is done.
create table if not exists key_refreshes (
    tenant_id text not null,
    key_id text not null,
    key_request_hash bytea not null check (length(key_request_hash) = 32),
    epoch bigint not null check (epoch > 1),
    status text not null check (status in ('PENDING', 'READY', 'FAILED')),
    reason text not null default '',
    key_request bytea not null,
    document_set_version bigint not null,
    key_records bytea[],
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant_id, key_id, key_request_hash),
    foreign key (tenant_id, key_id) references keys (tenant_id, key_id),
    check ((status = 'READY') = (key_records is not null))
);
create unique index if not exists key_refreshes_one_pending on key_refreshes (tenant_id, key_id)
where status = 'PENDING';
create unique index if not exists key_refreshes_one_ready on key_refreshes (tenant_id, key_id, epoch)
where status = 'READY';
create or replace trigger key_refreshes_set_once
before update on key_refreshes
for each row execute function set_once(
    'tenant_id', 'key_id', 'key_request_hash', 'epoch', 'key_request', 'document_set_version', 'key_records', 'created_at'
);
alter table key_refreshes enable always trigger key_refreshes_set_once;

create table if not exists vault_accounts (
    tenant_id text not null,
    number bigint not null check (number >= 0),
    name text not null,
    customer_ref_id text not null,
    created_at timestamptz not null,
    primary key (tenant_id, number)
);

create table if not exists wallets (
    tenant_id text not null,
    number bigint not null,
    asset_id text not null,
    chain_id bigint not null,
    decimals bigint not null,
    created_at timestamptz not null,
    primary key (tenant_id, number, asset_id),
    foreign key (tenant_id, number) references vault_accounts (tenant_id, number)
);

create table if not exists addresses (
    tenant_id text not null,
    number bigint not null,
    asset_id text not null,
    address_index bigint not null,
    address text not null,
    path text not null,
    key_id text not null,
    created_at timestamptz not null,
    primary key (tenant_id, number, asset_id, address_index),
    -- not to wallets: both rows are written by one statement, whose parts do not see each other's rows
    foreign key (tenant_id, number) references vault_accounts (tenant_id, number)
);

create index if not exists addresses_address on addresses (address, asset_id);

create table if not exists idempotency_keys (
    tenant_id text not null,
    operation text not null,
    idempotency_key text not null,
    body_hash bytea not null,
    number bigint not null,
    created_at timestamptz not null,
    constraint idempotency_keys_pkey primary key (tenant_id, operation, idempotency_key)
);

-- Step 8: what was admitted, as it was signed. payload is the manager's answer.
create table if not exists admissions (
    tenant_id text not null,
    transaction_id uuid not null,
    attempt bigint not null,
    request_token text not null,
    request_uri text not null,
    request_body bytea not null,
    intent bytea not null,
    decision bytea not null,
    verdict bytea not null,
    approvals bytea[] not null,
    document_set_version bigint not null,
    payload bytea,
    signing_request_id uuid,
    created_at timestamptz not null,
    primary key (transaction_id, attempt)
);
-- An admission is updated at every step from 8 on: the columns are compared one by one only where one has changed.
create or replace trigger admissions_set_once
before update on admissions
for each row when ((
    old.tenant_id, old.transaction_id, old.attempt, old.request_token, old.request_uri, old.request_body,
    old.intent, old.decision, old.verdict, old.approvals, old.document_set_version, old.payload,
    old.signing_request_id, old.created_at
) is distinct from (
    new.tenant_id, new.transaction_id, new.attempt, new.request_token, new.request_uri, new.request_body,
    new.intent, new.decision, new.verdict, new.approvals, new.document_set_version, new.payload,
    new.signing_request_id, new.created_at
)) execute function set_once(
    'tenant_id', 'transaction_id', 'attempt', 'request_token', 'request_uri', 'request_body', 'intent', 'decision',
    'verdict', 'approvals', 'document_set_version', 'payload', 'signing_request_id', 'created_at'
);
alter table admissions enable always trigger admissions_set_once;

-- Step 12: the signed transaction; goes to nodes and nowhere else.
create table if not exists assemblies (
    tenant_id text not null,
    transaction_id uuid not null,
    attempt bigint not null,
    signature bytea not null check (length(signature) = 65),
    digest bytea not null check (length(digest) = 32),
    raw_transaction bytea not null,
    raw_payload_cbor bytea not null,
    tx_hash text not null,
    created_at timestamptz not null,
    primary key (transaction_id, attempt)
);
create or replace trigger assemblies_append_only
before update or delete on assemblies
for each row execute function refuse_change();
alter table assemblies enable always trigger assemblies_append_only;
